import { fieldSchema, fullSchema, toolSchema } from "../../../cmd/schema.ts";
import { tools } from "../../../programs/registry.gen.ts";
import { assert, assertEquals, assertThrows } from "../../assert.ts";
import { Validator } from "../../json_schema.ts";
import { jsonRecords } from "../../records.ts";

const all = new Validator(fullSchema());

const HEADER =
  '{"type":"header","tool":"hello_perf_output","version":"1","plan":"p","kernel":"6","boot_to_wall_ns":17}\n';

Deno.test("a field's schema has the range of its C type", () => {
  assertEquals(fieldSchema("u64"), { type: "integer", minimum: 0, maximum: 2n ** 64n - 1n });
  assertEquals(fieldSchema("s8"), { type: "integer", minimum: -128n, maximum: 127n });
  assertEquals(fieldSchema("bool"), { type: "boolean" });
  assertEquals(fieldSchema("char[16]"), { type: "string" });
  assertEquals(fieldSchema({ nullable: "string" }), { type: ["string", "null"] });
  assertEquals(fieldSchema({ items: "bool", length: 3 }), {
    type: "array",
    items: { type: "boolean" },
    minItems: 3,
    maxItems: 3,
  });
  assertEquals(fieldSchema({ fields: { a: "bool" } }), {
    type: "object",
    properties: { a: { type: "boolean" } },
    required: ["a"],
  });
});

Deno.test("every tool has a schema, and says in it what its events and reports hold", () => {
  for (const tool of tools) {
    const { $defs } = toolSchema(tool) as { $defs: Record<string, unknown> };
    const given = ["event", "map", "hist"].filter((name) => name in $defs);
    assertEquals("event" in $defs, tool.stream !== undefined, tool.name);
    assert(given.length > 0, tool.name);
  }
});

const RIGHT = [
  { type: "attached", probes: ["kprobe:a"] },
  { type: "event", pid: 1, tgid: 1, ts: 2n ** 64n - 1n, comm: "sh" },
  { type: "map", name: "counts", entries: [{ key: { c: "x" }, value: 2n ** 60n }] },
  {
    type: "hist",
    name: "dist",
    scale: "log2",
    unit: "kbytes",
    buckets: [{ low: 0, high: null, count: 1 }],
  },
  { type: "lost", reason: "map_full", count: 1 },
  { type: "test", name: "a", outcome: "pass", detail: "", seconds: 0.25 },
] as const;

for (const record of RIGHT) {
  Deno.test(`a record of type ${record.type} is right as it is, and wrong when anything is changed`, () => {
    assertEquals(all.problems(record), []);
    for (const name of Object.keys(record)) {
      const { [name]: _, ...without } = record as Record<string, unknown>;
      assert(all.problems(without).length > 0, `without ${name}`);
      assert(all.problems({ ...record, [name]: { a: 1 } }).length > 0, `another ${name}`);
    }
    assert(all.problems({ ...record, new_field: 1 }).length > 0);
  });
}

const WRONG = [
  { type: "event", pid: -1, tgid: 1, ts: 1, comm: "sh" },
  { type: "event", pid: 2 ** 32, tgid: 1, ts: 1, comm: "sh" },
  { type: "event", pid: 1.5, tgid: 1, ts: 1, comm: "sh" },
  { type: "lost", reason: "no_such_reason", count: 1 },
  { type: "error", code: "E_NO_SUCH_CODE", message: "", hint: null },
  { type: "no_such_type" },
];

for (const record of WRONG) {
  Deno.test(`a record that no tool can print: ${JSON.stringify(record)}`, () => {
    assert(all.problems(record).length > 0);
  });
}

Deno.test("records are held against the schema of the tool that their header names", () => {
  const event = '{"type":"event","pid":1,"tgid":1,"ts":9007199254740993,"comm":"sh"}\n';
  assertEquals(jsonRecords(HEADER + event)[1]!.ts, 9007199254740993n);
  const histogram = '{"type":"hist","name":"dist","scale":"log2","unit":"kbytes","buckets":[]}\n';
  assertEquals(jsonRecords(histogram).length, 1);
  assertThrows(() => jsonRecords(HEADER + histogram), TypeError, "record");
});

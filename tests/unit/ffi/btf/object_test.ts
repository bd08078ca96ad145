import { describeObject } from "../../../../ffi/btf/object.ts";
import { skeletonSource } from "../../../../ffi/btf/skeleton.ts";
import { FormatError } from "../../../../ffi/errors.ts";
import { assertEquals, assertThrows } from "../../../assert.ts";
import { buildElf } from "../elf/build_elf.ts";
import { assertSurvivesMutations } from "../mutations.ts";
import { BtfBuilder } from "./build_btf.ts";

const bytes = Deno.readFileSync(
  new URL("../../../fixtures/btf/fixture.o", import.meta.url),
);
const fixture = describeObject(bytes);

Deno.test("programs are the global functions with a section of their own", () => {
  assertEquals(fixture.programs, [
    { name: "on_open", section: "tracepoint/syscalls/sys_enter_openat" },
    { name: "on_read", section: "kprobe/vfs_read" },
    { name: "on_readline", section: "uprobe//usr/bin/bash:readline" },
  ]);
});

Deno.test("maps have type, number of entries, and the layout or size of key and value", () => {
  const name = (id: number | undefined) => id === undefined ? "" : fixture.btf.type(id).name;
  assertEquals(
    fixture.maps.map((
      it,
    ) => [it.name, it.type, it.maxEntries, name(it.key), name(it.value), it.keySize, it.valueSize]),
    [
      ["counts", "array", 1, "u32", "u64", 4, 8],
      ["dist", "hash", 10240, "key_t", "hist_t", 12, 32],
      ["events", "ringbuf", 262144, "", "", 0, 0],
      ["stacks", "stack_trace", 1024, "", "", 4, 1016],
    ],
  );
});

Deno.test("global variables have the offsets of the object's symbols, as readelf shows them", () => {
  assertEquals(fixture.globals.map(({ name, section, offset }) => `${section}+${offset} ${name}`), [
    ".bss+0 armed",
    ".bss+48 last_key",
    ".data+0 level",
    ".rodata+32 min_ns",
    ".bss+8 seen",
    ".rodata+4 target_comm",
    ".rodata+20 target_op",
    ".rodata+0 target_pid",
    ".bss+16 totals",
    ".rodata+40 unused_text",
    ".rodata+24 verbose",
  ]);
});

Deno.test("an event belongs to the map that its macro names", () => {
  const events = fixture.events.map(({ map, type }) => [map, fixture.btf.type(type).name]);
  assertEquals(events, [["events", "data_t"]]);
});

/** A BPF object with nothing but types. */
function objectWith(btf: BtfBuilder): Uint8Array {
  return buildElf({ type: 1, machine: 247, sections: [{ name: ".BTF", data: btf.bytes() }] });
}

function section(b: BtfBuilder, name: string, variable: number): void {
  b.add({ kind: 15, name, vlen: 1 }, variable, 0, 8);
}

Deno.test("maps that begin with __ are libbpf's own", () => {
  const b = new BtfBuilder();
  const definition = b.struct("", { size: 0 });
  section(b, ".maps", b.add({ kind: 14, name: "__bpf_usdt_specs", size: definition }, 1));
  assertEquals(describeObject(objectWith(b)).maps, []);
});

Deno.test("an event of a map that does not exist is refused", () => {
  const b = new BtfBuilder();
  const pointer = b.add({ kind: 2, size: b.struct("data_t", { size: 0 }) });
  section(b, ".gimlet.events", b.add({ kind: 14, name: "gone_event", size: pointer }, 1));
  assertThrows(
    () => describeObject(objectWith(b)),
    FormatError,
    "Cannot read BPF object: GIMLET_EVENT(gone, …) names a map that does not exist",
  );
});

Deno.test("a map of an unknown type is refused", () => {
  const b = new BtfBuilder();
  const type = b.add({ kind: 2, size: b.array(b.int("int", 4), 99) });
  const definition = b.struct("", { size: 8 }, ["type", type, 0]);
  section(b, ".maps", b.add({ kind: 14, name: "strange", size: definition }, 1));
  assertThrows(
    () => describeObject(objectWith(b)),
    FormatError,
    "Cannot read BPF object: map strange has the unknown type 99",
  );
});

Deno.test("what is no BPF object with BTF is refused with the reason", () => {
  const refuse = (bytes: Uint8Array, reason: string) =>
    assertThrows(() => describeObject(bytes), FormatError, reason);
  refuse(buildElf({}), "Cannot read BPF object: machine is 62, should be 247");
  refuse(buildElf({ type: 1, machine: 247 }), "it has no section .BTF (compile with -g)");
});

Deno.test("a broken object gives a value or a FormatError", () => {
  assertSurvivesMutations(bytes, (broken) => skeletonSource("fixture", describeObject(broken)));
});

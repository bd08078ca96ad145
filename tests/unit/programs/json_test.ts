import { json, jsonLine } from "../../../programs/lib/json.ts";
import { assertEquals } from "../../assert.ts";

Deno.test("json() writes integers exactly, however large", () => {
  assertEquals(
    json({ a: 18446744073709551615n, b: [1, -2n], c: null, d: true }),
    '{"a":18446744073709551615,"b":[1,-2],"c":null,"d":true}',
  );
});

Deno.test("json() escapes strings and keeps empty things", () => {
  assertEquals(json({ s: 'a"\n\u0001', e: {}, l: [] }), '{"s":"a\\"\\n\\u0001","e":{},"l":[]}');
});

Deno.test("an event's record has its type first, then its fields", () => {
  const line = jsonLine({
    type: "event",
    fields: { pid: 1, ts: 9007199254740993n, comm: "sh" },
    line: () => "text",
  });
  assertEquals(line, '{"type":"event","pid":1,"ts":9007199254740993,"comm":"sh"}');
});

Deno.test("a histogram's and a map's records have no text for people", () => {
  const hist = jsonLine({
    type: "hist",
    name: "dist",
    scale: "linear",
    unit: "kbytes",
    title: "linear histogram",
    buckets: [{ low: 64n, high: null, count: 3n }],
  });
  assertEquals(
    hist,
    '{"type":"hist","name":"dist","scale":"linear","unit":"kbytes","buckets":[{"low":64,"high":null,"count":3}]}',
  );
  const map = jsonLine({
    type: "map",
    name: "counts",
    entries: [{ key: { c: "x" }, value: 2n }],
    header: "COUNT",
    line: () => "",
  });
  assertEquals(map, '{"type":"map","name":"counts","entries":[{"key":{"c":"x"},"value":2}]}');
});

Deno.test("remarks for people are no part of the JSON", () => {
  assertEquals(jsonLine({ type: "status", kind: "output", text: "Tracing..." }), undefined);
});

/** `skboutput()`: what it takes, what becomes of it, and the bytes of a file. */

import { MAP_TYPE } from "../../../../ffi/asm/object_file.ts";
import { pcapHead, pcapPacket } from "../../../../programs/script/pcap.ts";
import { DEFAULT_SETTINGS } from "../../../../programs/script/settings.ts";
import { INT64, type RecordLayout, type Type, UINT64 } from "../../../../programs/script/types.ts";
import { assertEquals } from "../../../assert.ts";
import { compileText } from "./run_script.ts";

function record(name: string, fields: Readonly<Record<string, Type>>): RecordLayout {
  const names = Object.keys(fields);
  return {
    name,
    size: names.length * 8,
    field: (field) => {
      const type = fields[field];
      return type === undefined
        ? undefined
        : { name: field, type, offset: names.indexOf(field) * 8 };
    },
    fieldNames: () => names,
  };
}

function pointer(name: string, fields: Readonly<Record<string, Type>>): Type {
  return {
    kind: "pointer",
    space: "kernel",
    to: { kind: "record", record: record(name, fields), space: "kernel" },
  };
}

const SKB = pointer("struct sk_buff", { len: { kind: "integer", size: 4, signed: false } });
const QUEUE = pointer("struct queue", { first: SKB });
const SEND = {
  parameters: [{ name: "skb", type: SKB }, { name: "q", type: QUEUE }, { name: "n", type: UINT64 }],
  returns: INT64,
};

/** A kernel that knows packets. */
const kernel = {
  kernelFunction: () => SEND,
  rawTracepoint: () => SEND,
  modulesOf: () => ["vmlinux"],
  type: (name: string) => name === "struct sk_buff" && SKB.kind === "pointer" ? SKB.to : undefined,
};

const TAKEN: readonly (readonly [script: string, ...sections: string[]])[] = [
  [`fentry:send { $r = skboutput("a", args.skb, args.skb->len, 0); }`, "fentry/send"],
  [`kretfunc:send { skboutput("a", args->q->first, 60, 0); }`, "fexit/send"],
  [`fentry:send { $skb = args.skb; skboutput("a", $skb, $skb->len, 0); }`, "fentry/send"],
  [
    `fentry:send { let $q = args.q; let $s = $q->first; skboutput("a", $s, 9, 2 + 3); }`,
    "fentry/send",
  ],
  [`rawtracepoint:queue { skboutput("a", (struct sk_buff *)arg0, 60, 0); }`, "tp_btf/queue"],
  [`rawtracepoint:queue { if (skboutput("a", args.skb, 60, 0) == 0) { @n++; } }`, "tp_btf/queue"],
  [
    `rawtracepoint:queue { @n++; } rawtracepoint:queue { skboutput("a", args.skb, 60, 0); }`,
    ...["raw_tp", "tp_btf/queue"],
  ],
  [
    `fn keep($p : struct sk_buff *) { skboutput("a", $p, $p->len, 0); } fentry:send { keep(args.skb); keep(args.q->first); }`,
    "fentry/send",
  ],
  [`macro keep(x) { skboutput("a", x, 60, 0) } rt:queue { keep(args.skb); }`, "tp_btf/queue"],
];

for (const [script, ...sections] of TAKEN) {
  Deno.test(`skboutput: ${script}`, () => {
    const { plan, lines } = compileText(script, { kernel });
    assertEquals(lines, []);
    assertEquals(plan?.programs.map(({ section }) => section), sections);
    const buffer = plan?.objectMaps.find(({ name }) => name === "gimlet_packets");
    assertEquals([buffer?.type, buffer?.maxEntries], [MAP_TYPE.perf_event_array, 2]);
  });
}

Deno.test("skboutput: each call has its file and its offset; the buffers are as large as was set", () => {
  const { plan } = compileText(
    `config = { perf_rb_pages = 16 }
     fentry:send { skboutput("a", args.skb, 60, 14); skboutput(str($1), args.skb, 60, sizeof(uint64)); }`,
    { kernel, settings: { parameters: ["b c"] } },
  );
  assertEquals(plan?.packets, [{ file: "a", offset: 14 }, { file: "b c", offset: 8 }]);
  assertEquals(plan?.packetBytes, 1 << 16);
});

Deno.test("skboutput: a script without packets has no room for them", () => {
  const { plan } = compileText("BEGIN { @n++; }", { settings: DEFAULT_SETTINGS });
  assertEquals(plan?.objectMaps.some(({ name }) => name === "gimlet_packets"), false);
});

const HINT =
  "HINT: args.skb, a variable that is given it once, or in a raw tracepoint (struct sk_buff *)arg0";

const MISTAKES: readonly (readonly [script: string, ...lines: string[]])[] = [
  [
    `kprobe:send { $r = skboutput("a", arg0, 60, 0); }`,
    "stdin:1:20-47: ERROR: skboutput() can not be used with 'kprobe' probes",
    "HINT: Use fentry, fexit, rawtracepoint: there the kernel knows what a packet is",
  ],
  [
    `fentry:send { skboutput("a", args.skb, 60); }`,
    "stdin:1:15-43: ERROR: skboutput() requires 4 arguments (3 provided)",
  ],
  [
    `fentry:send { skboutput(args.skb, args.skb, 60, 0); }`,
    "stdin:1:25-33: ERROR: skboutput() expects the name of a file as its first argument",
  ],
  [
    `fentry:send { skboutput("a", args.q, 60, 0); }`,
    "stdin:1:30-36: ERROR: skboutput() only supports a struct sk_buff * of args (struct queue * provided)",
    HINT,
  ],
  [
    `fentry:send { $skb = args.skb; $skb = args.q->first; skboutput("a", $skb, 60, 0); }`,
    "stdin:1:69-73: ERROR: skboutput() only supports a struct sk_buff * of args (struct sk_buff * provided)",
    HINT,
  ],
  [
    `fentry:send { $skb = args.skb; $skb++; skboutput("a", $skb, 60, 0); }`,
    "stdin:1:55-59: ERROR: skboutput() only supports a struct sk_buff * of args (struct sk_buff * provided)",
    HINT,
  ],
  [
    `fexit:send { skboutput("a", (struct sk_buff *)retval, 60, 0); }`,
    "stdin:1:29-53: ERROR: skboutput() only supports a struct sk_buff * of args (struct sk_buff * provided)",
    HINT,
  ],
  [
    `rt:queue { skboutput("a", (struct sk_buff *)arg1, 60, 0); }`,
    "stdin:1:27-49: ERROR: skboutput() only supports a struct sk_buff * of args (struct sk_buff * provided)",
    HINT,
  ],
  [
    `struct sk_buff { int x; }; fentry:send { skboutput("a", (struct sk_buff *)args.n, 60, 0); }`,
    "stdin:1:57-81: ERROR: skboutput() only supports a struct sk_buff * of args (struct sk_buff * provided)",
    HINT,
  ],
  [
    `fentry:send { $a = (struct sk_buff *)$a; skboutput("a", $a, 60, 0); }`,
    "stdin:1:38-40: ERROR: Undefined or undeclared variable: $a",
    "stdin:1:57-59: ERROR: skboutput() only supports a struct sk_buff * of args (struct sk_buff * provided)",
    HINT,
  ],
  [
    `fentry:send { skboutput("a", args.skb, "long", args.n); }`,
    "stdin:1:40-46: ERROR: skboutput() only supports integer arguments (string[5] provided)",
    "stdin:1:48-54: ERROR: skboutput() needs an offset that is known beforehand",
  ],
];

for (const [script, ...expected] of MISTAKES) {
  Deno.test(`skboutput: a mistake: ${script}`, () => {
    const { lines } = compileText(script, { kernel });
    assertEquals(lines.filter((line) => /ERROR|HINT/.test(line)), expected);
  });
}

/** Bytes as text. */
function hex(bytes: Uint8Array): string {
  return bytes.toHex().replace(/(.{8})(?=.)/g, "$1 ");
}

Deno.test("a file of packets begins as libpcap's do: microseconds, version 2.4, raw IP", () => {
  assertEquals(hex(pcapHead()), "d4c3b2a1 02000400 00000000 00000000 ffff0000 65000000");
});

Deno.test("a packet stands behind its time, its bytes and its length", () => {
  const bytes = Uint8Array.of(0x45, 0, 0xff);
  const time = 1_700_000_000_123_456_789n;
  assertEquals(
    hex(pcapPacket({ time, bytes, length: 1500 })),
    "00f15365 40e20100 03000000 dc050000 4500ff",
  );
});

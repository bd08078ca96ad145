/**
 * What a start costs: from exec until every probe is armed, until the end, in CPU time and in memory, beside the same in the words of
 * bpftrace and of BCC; and what our own part of it goes to.
 */

import { compileProgram } from "../../build.ts";
import { BINARY } from "../gimlet.ts";
import { type Check, ratio, type Result, type Row } from "./measure.ts";
import { bcc, bpftraces, isThere, type Peer } from "./peers/peers.ts";
import { columns, Spender, type Spent, spentInTurns } from "./spent.ts";

const ROUNDS = 9;
const BCC_PROGRAM = new URL("./peers/start.py", import.meta.url).pathname;
const EMPTY = new URL("../../dist/bench/empty", import.meta.url).pathname;

/** The same in several words. `%` stands for the command that says that all is armed. */
interface Case {
  readonly title: string;
  readonly gimlet: readonly string[];
  readonly bpftrace: readonly string[];
  readonly bcc?: readonly string[];
}

const CLONES = ["clone", "vfork", "fork", "clone3"]
  .map((name) => `tracepoint:syscalls:sys_enter_${name}`).join(",");
const HELLO = 'BEGIN { printf("hello\\n"); exit(); }';

const CASES: readonly Case[] = [
  {
    title: "hello_perf_output",
    gimlet: ["hello_perf_output", "--", "%"],
    bpftrace: [
      "-e",
      'BEGIN { printf("%-18s %-16s %-6s %s\\n", "TIME(s)", "COMM", "PID", "MESSAGE"); } ' +
      `${CLONES} { printf("%-18d %-16s %-6d Hello, perf_output!\\n", nsecs, comm, pid); }`,
      "-c",
      "%",
    ],
    bcc: [BCC_PROGRAM, "%"],
  },
  {
    title: "bitehist",
    gimlet: ["bitehist", "--", "%"],
    bpftrace: [
      "-e",
      'BEGIN { printf("Tracing... Hit Ctrl-C to end.\\n"); } tracepoint:block:block_rq_issue ' +
      "{ $kb = args->bytes / 1024; @dist = hist($kb); @linear = lhist($kb, 0, 64, 1); }",
      "-c",
      "%",
    ],
  },
  { title: "a script that says hello", gimlet: ["-e", HELLO], bpftrace: ["-e", HELLO] },
];

/** At most so many times what the peer takes. */
interface Limit {
  readonly peer: RegExp;
  readonly time: number;
  readonly memory?: number;
}

const LIMITS: readonly Limit[] = [
  { peer: /^bpftrace 0\.17/, time: 0.3, memory: 0.7 },
  { peer: /^bpftrace 0\.27/, time: 0.2, memory: 0.45 },
  { peer: /^BCC /, time: 0.08 },
];

/** Measures it. */
export async function start(): Promise<Result[]> {
  await using spender = await Spender.make();
  const peers = (await bpftraces()).filter(isThere);
  const bccHere = [await bcc()].filter(isThere);
  const results: Result[] = [];
  for (const each of CASES) results.push(...await beside(each, { peers, bccHere, spender }));
  return [...results, await parts(spender)];
}

interface Bench {
  readonly peers: readonly Peer[];
  readonly bccHere: readonly Peer[];
  readonly spender: Spender;
}

async function beside(
  { title, gimlet, bpftrace, bcc = [] }: Case,
  { peers, bccHere, spender }: Bench,
): Promise<Result[]> {
  // gimlet and BCC take the words one by one, bpftrace as one.
  const apart = (words: readonly string[]) =>
    words.flatMap((word) => word === "%" ? spender.said : [word]);
  const together = bpftrace.map((word) => word === "%" ? spender.said.join(" ") : word);
  const rows = await spentInTurns(ROUNDS, {
    gimlet: () => spender.spend([BINARY, ...apart(gimlet)]),
    ...Object.fromEntries([
      ...peers.map(({ name, words, env }) =>
        [name, () => spender.spend([...words, ...together], env)] as const
      ),
      ...(bcc.length === 0 ? [] : bccHere).map(({ name, words, env }) =>
        [name, () => spender.spend([...words, ...apart(bcc)], env)] as const
      ),
    ]),
  });
  const times: (keyof Spent)[] = Number.isNaN(rows[0]!.samples[0]!.armed)
    ? ["whole", "cpu"]
    : ["armed", "whole", "cpu"];
  return [
    ...times.map((key, i) =>
      table(`${title}: ${TITLES[key]}`, "ms", columns(rows, key), i === 0 ? "time" : undefined)
    ),
    table(`${title}: ${TITLES.memory}`, "MiB", columns(rows, "memory"), "memory"),
  ];
}

const TITLES: Readonly<Record<keyof Spent, string>> = {
  armed: "from exec until every probe is armed",
  whole: "from exec to the end",
  cpu: "CPU time in all",
  memory: "peak of memory",
};

function table(
  title: string,
  unit: string,
  rows: readonly Row[],
  limit: "time" | "memory" | undefined,
): Result {
  const checks = LIMITS.flatMap(({ peer, ...limits }): Check[] => {
    const row = rows.find(({ name }) => peer.test(name));
    const atMost = limit && limits[limit];
    if (row === undefined || atMost === undefined) return [];
    return [{ what: `gimlet / ${row.name}`, value: ratio(rows, "gimlet", row.name), atMost }];
  });
  return { title, unit, rows, base: rows[1]?.name ?? "gimlet", checks };
}

/** What a start goes to: each row does what the one above does, and something more. */
async function parts(spender: Spender): Promise<Result> {
  await Deno.mkdir(EMPTY.replace(/\/[^/]*$/, ""), { recursive: true });
  const entry = `${EMPTY}.ts`;
  await Deno.writeTextFile(entry, "");
  await compileProgram({ entry, embedded: [], output: EMPTY, isWhole: true });
  const rows = await spentInTurns(ROUNDS, {
    "Deno: an empty program": () => spender.spend([EMPTY]),
    "and the command line: gimlet --help": () => spender.spend([BINARY, "--help"]),
    "and a tool's code: gimlet hello_perf_output --help": () =>
      spender.spend([BINARY, "hello_perf_output", "--help"]),
    "and libbpf, load, attach, trace a command, detach": () =>
      spender.spend([BINARY, "hello_perf_output", "--", ...spender.said]),
    "a script's code: gimlet -e … --help": () => spender.spend([BINARY, "-e", HELLO, "--help"]),
    "and compile it: gimlet -e … --dump types": () =>
      spender.spend([BINARY, "-e", HELLO, "--dump", "types"]),
    "and libbpf, load, run it": () => spender.spend([BINARY, "-e", HELLO]),
  });
  return { title: "What a start goes to: CPU time", unit: "ms", rows: columns(rows, "cpu") };
}

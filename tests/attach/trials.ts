/**
 * A trial for each place that programs attach to: a known workload passes it a known number of times, and never more once
 * the link is gone. They run on this machine and in virtual ones.
 */

import {
  BpfError,
  enableStats,
  type Link,
  type LoadedObject,
  openKprobeCount,
  type OpenObject,
  openObject,
  openPinnedLink,
  PacketSocket,
  type Program,
  userFunctions,
} from "../../mod.ts";
import { copyKernelBtf } from "../../ffi/bpf/btf_info.ts";
import { exists } from "../../ffi/host/files.ts";
import { tracefsPath } from "../../ffi/host/tracefs.ts";
import { attach } from "../workload/attach/attach.gen.ts";
import { congestion } from "../workload/congestion/congestion.gen.ts";

type Object = LoadedObject<typeof attach>;
type Opened = OpenObject<typeof attach>;
type ProgramName = keyof typeof attach.programs;

/** The programs of tests/workload as compiled, and a cgroup2 file system. */
export interface Lab {
  readonly calls: string;
  readonly waiter: string;
  readonly cgroups: string;
  /** A mounted bpffs. */
  readonly pins: string;
}

/** One place, and what is to be found there. */
export interface Trial {
  readonly name: string;
  /** What kernels may lack, as the expectations of each name it. */
  readonly needs?: Need;
  readonly expected: unknown;
  readonly run: (lab: Lab) => Promise<unknown>;
}

/** What not every kernel has. */
export type Need =
  | "kprobes"
  | "kprobe.multi"
  | "patterns"
  | "uprobe.multi"
  | "trampolines"
  | "lsm"
  | "tcx"
  | "raw_tp cookies"
  | "hardware counters";

/** How a trial ended. */
export type Outcome =
  | { readonly name: string; readonly found: unknown }
  | { readonly name: string; readonly code: string; readonly message: string };

/** Runs a trial to its end; what the kernel or libbpf refused is an outcome too. */
export async function outcomeOf(trial: Trial, lab: Lab): Promise<Outcome> {
  const { name } = trial;
  try {
    return { name, found: await trial.run(lab) };
  } catch (error) {
    if (!(error instanceof BpfError)) throw error;
    return { name, code: error.code, message: `${error.message}\n${error.log}` };
  }
}

const COOKIE = 0x1234_5678_9abc_def0n;
const FUNCTION = "security_task_getpgid";
const SYSCALL_FUNCTION = "__x64_sys_getpgid";
const CALLS = 23;
const PORT = 40_961;
const FAULTS = { pages: 61n, memory: 0x6000_0000_0000n } as const;

/** A program that counts, and what makes it count. */
interface Counting {
  readonly program: ProgramName;
  readonly attach: (program: Program, lab: Lab, object: Object) => Link;
  readonly deed?: (lab: Lab) => Promise<void>;
  readonly prepare?: (object: Opened) => void;
  readonly comm?: string;
}

/** How often, by which cookie; both again after the link has gone. */
function counting(
  { program, attach: attachTo, deed = getpgid, prepare = () => {}, comm = "calls" }: Counting,
) {
  return async (lab: Lab) => {
    const open = opened(program).setGlobal("gimlet_comm", comm);
    prepare(open);
    using object = open.load();
    const link = attachTo(object.program(program), lab, object);
    try {
      await deed(lab);
    } finally {
      await link.detach();
    }
    const hits = object.global("hits");
    await deed(lab);
    return {
      hits: Number(hits),
      cookie: object.global("cookie"),
      hitsAfterDetaching: Number(object.global("hits") - hits),
    };
  };
}

function counted(hits: number, cookie = 0n) {
  return { hits, cookie, hitsAfterDetaching: 0 };
}

/** Two functions of the workload, which calls both as often. */
function atFunctions(options: { onReturn?: boolean; cookies?: readonly bigint[] }): Counting {
  return {
    program: "on_uprobe",
    deed: steps,
    prepare: (object) => object.setExpectedAttachType("on_uprobe", "trace_uprobe_multi"),
    attach(program, { calls: path }) {
      const offsets = ["step", "stride"].flatMap((name) => userFunctions(path, name)[0]!.offsets);
      return program.attachUprobeMulti({ path, offsets, ...options });
    },
  };
}

function opened(...programs: ProgramName[]): Opened {
  return openObject(attach).loadOnly(new Set(programs)).setGlobal("gimlet_armed", true);
}

function getpgid({ calls }: Lab): Promise<void> {
  return doing([calls, "getpgid", String(CALLS)]);
}

function packets({ calls }: Lab): Promise<void> {
  return doing([calls, "udp", String(CALLS), String(PORT)]);
}

function steps({ calls }: Lab): Promise<void> {
  return doing([calls, "step", String(CALLS)]);
}

function faults({ calls }: Lab): Promise<void> {
  return doing([calls, "fault", String(FAULTS.pages), `0x${FAULTS.memory.toString(16)}`]);
}

async function requests({ waiter }: Lab): Promise<void> {
  const pid = await doingFor([waiter, "start", "request", String(CALLS), "/"]);
  await doing([waiter, "wake", pid.trim()]);
}

async function doing(words: readonly string[]): Promise<void> {
  await doingFor(words);
}

async function doingFor([program, ...args]: readonly string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command(program!, { args, stderr: "inherit" })
    .output();
  if (!success) throw new Error(`Cannot do the workload: ${program} ${args.join(" ")} failed`);
  return new TextDecoder().decode(stdout);
}

/** Programs at functions of the kernel. */
const FUNCTIONS: readonly Trial[] = [
  {
    name: "kprobe",
    needs: "kprobes",
    expected: counted(CALLS, COOKIE),
    run: counting({
      program: "on_kprobe",
      attach: (program) => program.attachKprobe(FUNCTION, { cookie: COOKIE }),
    }),
  },
  {
    name: "kprobe by address",
    needs: "kprobes",
    expected: counted(CALLS, COOKIE),
    run: counting({
      program: "on_kprobe",
      attach: (program) =>
        program.attachKprobe({ address: addressOf(FUNCTION) }, { cookie: COOKIE }),
    }),
  },
  {
    name: "kprobe by section",
    needs: "kprobes",
    expected: counted(CALLS),
    run: counting({ program: "on_kprobe_section", attach: (program) => program.attach() }),
  },
  {
    name: "kprobes, counted",
    needs: "kprobes",
    expected: [2, 1, 0],
    run() {
      using object = opened("on_kprobe").load();
      const program = object.program("on_kprobe");
      const links = [
        program.attachKprobe(FUNCTION),
        program.attachKprobe(FUNCTION, { onReturn: true }),
      ];
      const counts = [openKprobeCount()];
      for (const link of links) {
        link[Symbol.dispose]();
        counts.push(openKprobeCount());
      }
      return Promise.resolve(counts);
    },
  },
  {
    name: "kretprobe",
    needs: "kprobes",
    expected: counted(CALLS, COOKIE),
    run: counting({
      program: "on_kprobe",
      attach: (program) => program.attachKprobe(FUNCTION, { onReturn: true, cookie: COOKIE }),
    }),
  },
  {
    name: "ksyscall",
    needs: "kprobes",
    expected: counted(CALLS, COOKIE),
    run: counting({
      program: "on_ksyscall",
      attach: (program) => program.attachKsyscall("getpgid", { cookie: COOKIE }),
    }),
  },
  {
    name: "kretsyscall",
    needs: "kprobes",
    expected: counted(CALLS, COOKIE),
    run: counting({
      program: "on_ksyscall",
      attach: (program) => program.attachKsyscall("getpgid", { onReturn: true, cookie: COOKIE }),
    }),
  },
  {
    name: "kprobe.multi by symbols",
    needs: "kprobe.multi",
    expected: counted(2 * CALLS, COOKIE),
    run: counting({
      program: "on_kprobe_multi",
      attach: (program) =>
        program.attachKprobeMulti({
          symbols: [FUNCTION, SYSCALL_FUNCTION],
          cookies: [COOKIE, COOKIE],
        }),
    }),
  },
  {
    name: "kprobe.multi by addresses, on return",
    needs: "kprobe.multi",
    expected: counted(2 * CALLS),
    run: counting({
      program: "on_kprobe_multi",
      attach: (program) =>
        program.attachKprobeMulti({
          addresses: [FUNCTION, SYSCALL_FUNCTION].map(addressOf),
        }, { onReturn: true }),
    }),
  },
  {
    name: "kprobe.multi by a pattern",
    needs: "patterns",
    expected: counted(CALLS),
    run: counting({
      program: "on_kprobe_multi",
      attach: (program) => program.attachKprobeMulti({ pattern: "security_task_getpgi?" }),
    }),
  },
  {
    name: "a name that several functions have, by name and by address",
    needs: "kprobes",
    expected: ["E_NO_PROBE", "Attach by address: attachKprobe({ address })", 2],
    run() {
      using object = opened("on_kprobe").load();
      const program = object.program("on_kprobe");
      for (const [name, addresses] of ambiguousFunctions()) {
        const links = addresses.flatMap((address) => kprobeIfPossible(program, address));
        // Of many, one at least cannot be probed: then the next name is as good.
        if (links.length < addresses.length) continue;
        try {
          using link = program.attachKprobe(name);
          return Promise.resolve(`${link.target} could be attached`);
        } catch (error) {
          if (!(error instanceof BpfError)) throw error;
          return Promise.resolve([error.code, error.hint, links.length]);
        }
      }
      throw new Error("Cannot find a name that two functions have which can be probed");
    },
  },
  {
    name: "fentry",
    needs: "trampolines",
    expected: counted(CALLS, COOKIE),
    run: counting({
      program: "on_fentry",
      attach: (program) => program.attachTrace(program.section, { cookie: COOKIE }),
    }),
  },
  {
    name: "fexit of a function chosen at run time",
    needs: "trampolines",
    expected: counted(CALLS, COOKIE),
    run: counting({
      program: "on_fexit",
      prepare: (object) => object.setAttachTarget("on_fexit", FUNCTION),
      attach: (program) => program.attachTrace(`fexit:${FUNCTION}`, { cookie: COOKIE }),
    }),
  },
  {
    name: "fexit made of fentry by its attach type",
    needs: "trampolines",
    expected: counted(CALLS),
    run: counting({
      program: "on_fentry",
      prepare: (object) => object.setExpectedAttachType("on_fentry", "trace_fexit"),
      attach: (program) => program.attach(),
    }),
  },
  {
    name: "fmod_ret",
    needs: "trampolines",
    expected: counted(CALLS),
    run: counting({ program: "on_fmod_ret", attach: (program) => program.attachTrace() }),
  },
  {
    name: "lsm",
    needs: "lsm",
    expected: counted(CALLS),
    run: counting({ program: "on_lsm", attach: (program) => program.attachLsm() }),
  },
];

/** Programs at static events of the kernel. */
const EVENTS: readonly Trial[] = [
  {
    name: "tracepoint",
    expected: counted(CALLS, COOKIE),
    run: counting({
      program: "on_tracepoint",
      attach: (program) =>
        program.attachTracepoint("syscalls", "sys_enter_getpgid", { cookie: COOKIE }),
    }),
  },
  {
    name: "tracepoint by section",
    expected: counted(CALLS),
    run: counting({ program: "on_tracepoint", attach: (program) => program.attach() }),
  },
  {
    name: "raw tracepoint",
    expected: counted(CALLS),
    run: counting({
      program: "on_raw_tracepoint",
      attach: (program) => program.attachRawTracepoint("sys_enter"),
    }),
  },
  {
    name: "raw tracepoint with a cookie",
    needs: "raw_tp cookies",
    expected: counted(CALLS, COOKIE),
    run: counting({
      program: "on_raw_tracepoint_cookie",
      attach: (program) => program.attachRawTracepoint("sys_enter", { cookie: COOKIE }),
    }),
  },
  {
    name: "tp_btf",
    expected: counted(CALLS),
    run: counting({ program: "on_tp_btf", attach: (program) => program.attachTrace() }),
  },
  {
    name: "tp_btf with a cookie",
    needs: "raw_tp cookies",
    expected: counted(CALLS, COOKIE),
    run: counting({
      program: "on_tp_btf_cookie",
      attach: (program) => program.attachTrace("tp_btf:sys_enter", { cookie: COOKIE }),
    }),
  },
];

/** Programs in user space. */
const USER: readonly Trial[] = [
  {
    name: "uprobe by symbol",
    expected: counted(CALLS, COOKIE),
    run: counting({
      program: "on_uprobe",
      deed: steps,
      attach: (program, { calls: path }) =>
        program.attachUprobe({ path, symbol: "step", cookie: COOKIE }),
    }),
  },
  {
    name: "uretprobe",
    expected: counted(CALLS, COOKIE),
    run: counting({
      program: "on_uprobe",
      deed: steps,
      attach: (program, { calls: path }) =>
        program.attachUprobe({ path, symbol: "step", onReturn: true, cookie: COOKIE }),
    }),
  },
  {
    name: "uprobe.multi: functions of a program",
    needs: "uprobe.multi",
    expected: counted(2 * CALLS, COOKIE),
    run: counting(atFunctions({ cookies: [COOKIE, COOKIE] })),
  },
  {
    name: "uprobe.multi: functions of a program, on return",
    needs: "uprobe.multi",
    expected: counted(2 * CALLS),
    run: counting(atFunctions({ onReturn: true })),
  },
  {
    name: "usdt",
    expected: counted(CALLS, COOKIE),
    run: counting({
      program: "on_usdt",
      deed: requests,
      comm: "waiter",
      attach: (program, { waiter: path }) =>
        program.attachUsdt({
          path,
          provider: "node",
          name: "http__server__request",
          cookie: COOKIE,
        }),
    }),
  },
];

/** Programs at perf events. */
const PERF: readonly Trial[] = [
  {
    name: "perf event, software, each one on every CPU",
    expected: counted(Number(FAULTS.pages), COOKIE),
    run: counting({
      program: "on_perf_event",
      deed: faults,
      prepare: (object) =>
        object.setGlobal("memory", FAULTS.memory).setGlobal("pages", FAULTS.pages),
      attach: (program) => program.attachPerfEvent({ event: "page-faults", cookie: COOKIE }),
    }),
  },
  {
    name: "perf event, tracepoint",
    expected: counted(CALLS, COOKIE),
    run: counting({
      program: "on_tracepoint",
      attach: (program) =>
        program.attachPerfEvent({
          event: { tracepoint: tracepointNumber("syscalls/sys_enter_getpgid") },
          cpu: 0,
          cookie: COOKIE,
        }),
    }),
  },
  {
    name: "perf event, hardware",
    needs: "hardware counters",
    expected: true,
    async run(lab) {
      using object = opened("on_perf_event").setGlobal("gimlet_comm", "calls")
        .setGlobal("pages", 1n << 50n).load();
      using _link = object.program("on_perf_event").attachPerfEvent({
        event: "instructions",
        period: 10_000n,
      });
      await getpgid(lab);
      return object.global("hits") > 0n;
    },
  },
];

/** Programs that walk. */
const ITERATORS: readonly Trial[] = [
  {
    name: "iterator over tasks, all of them",
    expected: { self: 1, other: 1 },
    async run({ waiter }) {
      using object = opened("on_task").load();
      const other = (await doingFor([waiter, "start", "request", "1", "/"])).trim();
      const lines = (await textOf(object.program("on_task").iterate())).split("\n");
      await doing([waiter, "wake", other]);
      const times = (pid: string) => lines.filter((line) => line === pid).length;
      return { self: times(String(Deno.pid)), other: times(other) };
    },
  },
  {
    name: "iterator over the entries of a map",
    expected: "0: 0\n1: 10\n2: 20\n3: 30\n4: 40\n",
    async run() {
      using object = opened("on_map_entry").load();
      const map = object.map("numbers");
      for (let i = 0; i < 5; i++) map.set(i, BigInt(10 * i));
      return await textOf(object.program("on_map_entry").iterate({ map }));
    },
  },
  {
    name: "iterator over one task, and over those of one process",
    expected: [true, true],
    async run({ waiter }) {
      using object = opened("on_task").load();
      const program = object.program("on_task");
      const number = (await doingFor([waiter, "start", "request", "1", "/"])).trim();
      const pid = Number(number);
      const texts = [
        await textOf(program.iterate({ tid: pid })),
        await textOf(program.iterate({ pid })),
      ];
      await doing([waiter, "wake", number]);
      return texts.map((text) => text === `${number}\n`);
    },
  },
  {
    name: "iterator over a cgroup, and over those above it",
    expected: [true, true],
    async run({ cgroups }) {
      using object = opened("on_cgroup_entry").load();
      const program = object.program("on_cgroup_entry");
      const folder = `${cgroups}/gimlet-test-${Deno.pid}`;
      Deno.mkdirSync(folder);
      try {
        const [cgroup, above] = [folder, cgroups].map((path) => BigInt(Deno.statSync(path).ino!));
        const one = await textOf(program.iterate({ cgroup: cgroup! }));
        const both = await textOf(program.iterate({ cgroup: cgroup!, order: "upwards" }));
        return [one === `${cgroup}\n`, both === `${cgroup}\n${above}\n`];
      } finally {
        Deno.removeSync(folder);
      }
    },
  },
];

/** Programs in the way of packets. */
const NETWORK: readonly Trial[] = [
  {
    name: "xdp",
    expected: counted(CALLS),
    run: countingPackets("on_xdp", (program) => program.attachXdp("lo")),
  },
  {
    name: "xdp, generic",
    expected: counted(CALLS),
    run: countingPackets("on_xdp", (program) => program.attachXdp("lo", { mode: "generic" })),
  },
  {
    name: "tcx, ingress",
    needs: "tcx",
    expected: counted(CALLS),
    run: countingPackets("on_tc", (program) => program.attachTcx("lo", "ingress")),
  },
  {
    name: "tcx, egress",
    needs: "tcx",
    expected: counted(CALLS),
    run: countingPackets("on_tc", (program) => program.attachTcx("lo", "egress")),
  },
  {
    name: "cgroup",
    expected: counted(CALLS),
    run: countingPackets("on_cgroup", (program, { cgroups }) => program.attachCgroup(cgroups)),
  },
  {
    name: "network namespace",
    expected: counted(CALLS),
    run: countingPackets("on_sk_lookup", (program) => program.attachNetns("/proc/self/ns/net")),
  },
  {
    name: "socket filter",
    expected: { hits: CALLS, received: CALLS },
    async run(lab) {
      using object = opened("on_socket").setGlobal("port", PORT).load();
      using socket = new PacketSocket("lo");
      while (socket.read()); // what came before the filter
      using _link = object.program("on_socket").attachSocket(socket.fd);
      while (socket.read());
      await packets(lab);
      let received = 0;
      for (let packet = socket.read(); packet; packet = socket.read()) {
        if (new TextDecoder().decode(packet.subarray(-6)) === "gimlet") received++;
      }
      return { hits: Number(object.global("hits")), received };
    },
  },
];

/** The older way to tc, which a kernel may lack: in a table of its own, as two of its directions share what they make. */
const TC: readonly Trial[] = (["ingress", "egress"] as const).map((direction) => ({
  name: `tc, ${direction}`,
  expected: counted(CALLS),
  run: countingPackets("on_tc", (program) => program.attachTc("lo", { direction })),
}));

function countingPackets(program: ProgramName, attachTo: Counting["attach"]) {
  return counting({
    program,
    attach: attachTo,
    deed: packets,
    prepare: (object) => object.setGlobal("port", PORT),
  });
}

/** What there is beside attaching. */
const BESIDE: readonly Trial[] = [
  {
    name: "freplace and test runs of packets",
    needs: "trampolines",
    expected: { before: 2, during: 1, after: 2 },
    async run() {
      using target = opened("on_xdp").load();
      const program = target.program("on_xdp");
      const verdict = () => program.testRun({ data: new Uint8Array(64) }).returnValue;
      const before = verdict();
      using extension = opened("in_place_of_verdict")
        .setAttachTarget("in_place_of_verdict", { program, function: "verdict" }).load();
      const link = extension.program("in_place_of_verdict").attachFreplace();
      const during = verdict();
      await link.detach();
      return { before, during, after: verdict() };
    },
  },
  {
    name: "struct_ops: a TCP congestion control",
    expected: { connections: CALLS, known: [true, false] },
    async run({ calls }) {
      using object = openObject(congestion).load();
      const link = object.attachStructOps("congestion");
      const known = [isCongestionControl("gimlet_test")];
      await doing([calls, "connect", String(CALLS), "gimlet_test"]);
      await link.detach();
      known.push(isCongestionControl("gimlet_test"));
      return { connections: Number(object.global("connections")), known };
    },
  },
  {
    name: "a test run with a context, and one with a packet",
    expected: { returnValue: 41, answer: 20n, packet: [2, 64], hits: 1000 },
    run() {
      using object = opened("on_test_run", "on_xdp").setGlobal("port", PORT).load();
      const context = new Uint8Array(BigUint64Array.of(19n, 0n).buffer);
      const run = object.program("on_test_run").testRun({ context });
      const xdp = object.program("on_xdp").testRun({ data: udpPacket(PORT), repeat: 1000 });
      return Promise.resolve({
        returnValue: run.returnValue,
        answer: new DataView(run.context.buffer).getBigUint64(8, true),
        packet: [xdp.returnValue, xdp.data.length],
        hits: Number(object.global("hits")),
      });
    },
  },
  {
    name: "what the kernel tells of a program, and how often it ran",
    expected: {
      name: "on_tracepoint",
      type: "tracepoint",
      tag: true,
      maps: true,
      link: ["perf_event", true],
      runs: [CALLS, true],
      runsUncounted: 0,
    },
    async run(lab) {
      using object = opened("on_tracepoint").load();
      const program = object.program("on_tracepoint");
      const { id, name, type, tag, mapIds } = program.info();
      using link = program.attach();
      const linkInfo = link.info();
      const before = program.stats();
      await getpgid(lab);
      const uncounted = program.stats();
      using _stats = enableStats();
      await getpgid(lab);
      const { runCount, runTimeNs } = program.stats();
      return {
        name,
        type,
        tag: /^[\da-f]{16}$/.test(tag),
        maps: mapIds.length > 0 && mapIds.every((mapId) => mapId > 0),
        link: [linkInfo.type, linkInfo.programId === id],
        runs: [Number(runCount), runTimeNs > 0n],
        runsUncounted: Number(uncounted.runCount - before.runCount),
      };
    },
  },
  {
    name: "a link pinned, left and opened again",
    expected: { hits: [CALLS, 2 * CALLS, 2 * CALLS], pinned: [true, false] },
    async run(lab) {
      using object = opened("on_cgroup").setGlobal("port", PORT).load();
      const path = `${lab.pins}/gimlet-test-${Deno.pid}`;
      const link = object.program("on_cgroup").attachCgroup(lab.cgroups).pin(path);
      link[Symbol.dispose]();
      await packets(lab);
      const first = Number(object.global("hits"));
      const again = openPinnedLink(path);
      const pinned = [exists(path)];
      Deno.removeSync(path);
      pinned.push(exists(path));
      await packets(lab);
      const second = Number(object.global("hits"));
      await again.detach();
      await packets(lab);
      return { hits: [first, second, Number(object.global("hits"))], pinned };
    },
  },
  {
    name: "one program at two places, told apart by cookies",
    expected: [1n, 2n],
    async run(lab) {
      using object = opened("on_uprobe").setGlobal("gimlet_comm", "calls").load();
      const program = object.program("on_uprobe");
      const cookies: bigint[] = [];
      for (const cookie of [1n, 2n]) {
        using _link = program.attachUprobe({ path: lab.calls, symbol: "step", cookie });
        await steps(lab);
        cookies.push(object.global("cookie"));
      }
      return cookies;
    },
  },
  {
    // Programs were loaded by now: from the first one on the kernel has a number for its types.
    name: "the kernel's types, by which fentry and tp_btf are found, copied at once",
    expected: { isLikeFile: true },
    async run() {
      const hash = async (bytes: Uint8Array<ArrayBuffer> | undefined) =>
        String(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes ?? new Uint8Array())));
      const file = await Deno.readFile("/sys/kernel/btf/vmlinux");
      return { isLikeFile: await hash(copyKernelBtf()) === await hash(file) };
    },
  },
];

/** All of them. */
export const TRIALS: readonly Trial[] = [
  ...FUNCTIONS,
  ...EVENTS,
  ...USER,
  ...PERF,
  ...ITERATORS,
  ...NETWORK,
  ...TC,
  ...BESIDE,
];

function textOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  return new Response(stream).text();
}

function isCongestionControl(name: string): boolean {
  const all = Deno.readTextFileSync("/proc/sys/net/ipv4/tcp_available_congestion_control");
  return all.trim().split(" ").includes(name);
}

function tracepointNumber(path: string): number {
  return Number(Deno.readTextFileSync(`${tracefsPath()}/events/${path}/id`));
}

function addressOf(symbol: string): bigint {
  const line = new RegExp(`^([\\da-f]+) [tT] ${symbol}$`, "m");
  const address = line.exec(Deno.readTextFileSync("/proc/kallsyms"))?.[1];
  if (address === undefined) throw new Error(`Cannot find ${symbol} in /proc/kallsyms`);
  return BigInt(`0x${address}`);
}

/** Names that two functions of the kernel have, and where these are. */
function ambiguousFunctions(): [name: string, addresses: bigint[]][] {
  const found = new Map<string, bigint[]>();
  const symbols = Deno.readTextFileSync("/proc/kallsyms");
  for (const [, address, name] of symbols.matchAll(/^([\da-f]+) t (\w+_show)$/gm)) {
    found.set(name!, [...found.get(name!) ?? [], BigInt(`0x${address}`)]);
  }
  return [...found].filter(([, addresses]) => addresses.length === 2);
}

function kprobeIfPossible(program: Program, address: bigint): Link[] {
  try {
    return [program.attachKprobe({ address })];
  } catch (error) {
    if (error instanceof BpfError && error.code === "E_NO_PROBE") return [];
    throw error;
  }
}

/** 64 bytes: Ethernet, IPv4 and UDP headers, as far as the program looks at them. */
function udpPacket(port: number): Uint8Array<ArrayBuffer> {
  const packet = new Uint8Array(64);
  const view = new DataView(packet.buffer);
  view.setUint16(12, 0x0800);
  view.setUint8(14, 0x45);
  view.setUint8(14 + 9, 17);
  view.setUint16(14 + 20 + 2, port);
  return packet;
}

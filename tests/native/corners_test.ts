/** Less common parts of the library: what programs read that user space put in, and what it tells of this machine. */

import {
  BpfError,
  clockNow,
  hasHelper,
  hasMapType,
  hasProgramType,
  kernelHasEnumerator,
  kernelHasField,
  type LoadedObject,
  maxOf,
  openKprobeCount,
  openObject,
  openTracepointCount,
  openUprobeCount,
  sumOf,
  usdtTargets,
  userFunctions,
} from "../../mod.ts";
import { findUserFunction } from "../../ffi/probes/user_function.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { run, workload } from "../gimlet.ts";
import { gcc, root, test } from "../support.ts";
import { attach } from "../workload/attach/attach.gen.ts";
import { corners } from "../workload/corners/corners.gen.ts";
import { hello_perf_output } from "../../programs/tools/hello_perf_output/hello_perf_output.gen.ts";

const needs = [root];
const EAGAIN = 11n;
const ENOENT = 2n;

function loaded(...programs: (keyof typeof corners.programs)[]) {
  return openObject(corners).loadOnly(new Set(programs)).setGlobal("tgid", Deno.pid);
}

/** What a program sees of this process. */
function seen(object: LoadedObject<typeof corners>) {
  void Deno.ppid;
  return { counter: object.global("counter"), under: object.global("under") };
}

/** A cgroup2 file system of its own. */
async function cgroups(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "gimlet-corners-" });
  assertEquals((await run(["mount", "-t", "cgroup2", "cgroup2", path])).stderr, "");
  return {
    path,
    async [Symbol.asyncDispose]() {
      assertEquals((await run(["umount", path])).stderr, "");
      await Deno.remove(path);
    },
  };
}

test("perfCounters(): programs read what is counted, as long as it is", { needs }, () => {
  using object = loaded("on_getppid").load();
  object.program("on_getppid").attach();
  {
    using _counters = object.perfCounters("counters", "cpu-clock");
    const { counter } = seen(object);
    assert(counter > 0n && counter < clockNow("monotonic"), String(counter));
  }
  assertEquals(BigInt.asIntN(64, seen(object).counter), -ENOENT);
  assertThrows(() => object.perfCounters("groups", "cpu-clock"), TypeError, "cgroupArray() opens");
});

test("cgroupArray(): whether a process is in a cgroup", { needs }, async () => {
  await using folder = await cgroups();
  const inside = `${folder.path}/gimlet-corners-${Deno.pid}`;
  await Deno.mkdir(inside);
  try {
    using object = loaded("on_getppid").load();
    object.program("on_getppid").attach();
    const groups = object.cgroupArray("groups");
    assertEquals(seen(object).under, -EAGAIN);
    assertEquals(groups.set(0, folder.path) && seen(object).under, 1n);
    assertEquals(groups.set(0, inside) && seen(object).under, 0n);
    assertEquals([groups.delete(0), seen(object).under], [true, -EAGAIN]);
    assertThrows(() => groups.set(0, "/proc"));
  } finally {
    await Deno.remove(inside);
  }
});

test("attachSockmap(): each message of a socket in the map", { needs }, async () => {
  await using folder = await cgroups();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  using object = loaded("on_socket", "on_message").setGlobal("port", port).load();
  const sockets = object.map("sockets");
  const link = object.program("on_message").attachSockmap(sockets, "sk_msg_verdict");
  using _sockets = object.program("on_socket").attachCgroup(folder.path);
  using client = await Deno.connect({ hostname: "127.0.0.1", port });
  using server = await listener.accept();
  const send = async (times: number) => {
    for (let i = 0; i < times; i++) {
      await client.write(new Uint8Array(5));
      await server.read(new Uint8Array(5));
    }
  };
  await send(7);
  assertEquals(object.global("messages"), 7);
  await link.detach();
  // The socket leaves what it was given only with the map.
  using later = await Deno.connect({ hostname: "127.0.0.1", port });
  await later.write(new Uint8Array(5));
  assertEquals(object.global("messages"), 7);
});

test(
  "links and counts of open probes follow what is attached",
  { needs: [root, gcc] },
  async () => {
    const path = await workload("calls");
    const programs = new Set(["on_uprobe", "on_tracepoint"]);
    using object = openObject(attach).loadOnly(programs).load();
    const counts = () => [
      ...[openKprobeCount(), openUprobeCount(), openTracepointCount()],
    ];
    assertEquals(counts(), [0, 0, 0]);
    const uprobe = object.program("on_uprobe").attachUprobe({ path, symbol: "step" });
    const one = object.program("on_tracepoint").attach();
    const other = object.program("on_tracepoint").attachTracepoint("sched", "sched_switch");
    assertEquals(counts(), [0, 1, 2]);
    assertEquals(object.links, [uprobe, one, other]);
    one[Symbol.dispose]();
    await uprobe.detach();
    assertEquals([counts(), object.links], [[0, 0, 1], [other]]);
  },
);

test("instructions() are those that the kernel runs", { needs }, () => {
  using object = loaded("on_message").load();
  const program = object.program("on_message");
  const { translatedSize } = program.info();
  const instructions = program.instructions();
  assertEquals(instructions.length, translatedSize);
  const EXIT = 0x95;
  assertEquals(instructions.at(-8), EXIT);
});

test("onLost tells of each record that found no room", { needs }, () => {
  using object = openObject(hello_perf_output).loadOnly(new Set(["on_clone_tracepoint"])).load();
  let lost = 0n;
  const onLost = (count: bigint) => lost += count;
  using buffer = object.perfBuffer("events", { bytesPerCpu: 4096, onLost });
  const program = object.program("on_clone_tracepoint");
  object.setGlobal("gimlet_armed", true);
  // This process is its own event: `gimlet_self` is not set.
  using _link = program.attachTracepoint("syscalls", "sys_enter_getppid");
  let calls = 0;
  let taken = 0;
  const call = () => {
    void Deno.ppid;
    calls++;
  };
  const read = () =>
    buffer.drain(Infinity, ({ tgid }) => (taken += tgid === Deno.pid ? 1 : 0) >= 0);
  while (calls < 1009) call();
  read();
  // What was lost is reported with the next record of that CPU that finds room.
  while (BigInt(taken) + lost < calls && calls < 10_000) {
    call();
    read();
  }
  assert(lost > 0n);
  assertEquals([lost, BigInt(taken) + lost], [buffer.lost, BigInt(calls)]);
});

test("hasProgramType(), hasMapType(), hasHelper(): what this kernel has", { needs }, () => {
  assertEquals(["tracepoint", "xdp", "socket_filter"].filter(hasProgramType).length, 3);
  assertEquals([hasMapType("ringbuf"), hasMapType("hash")], [true, true]);
  assertThrows(() => hasMapType("unspec"), BpfError, "maps of type unspec: EOPNOTSUPP");
  const [MAP_LOOKUP, NONE] = [1, 9999];
  assertEquals([hasHelper("tracepoint", MAP_LOOKUP), hasHelper("tracepoint", NONE)], [true, false]);
  // There, but not for tracepoints; a program of that type needs to say more of itself than that it calls it.
  const OVERRIDE_RETURN = 58;
  const BIND = 64;
  assertEquals(hasHelper("tracepoint", OVERRIDE_RETURN), false);
  assertEquals([hasHelper("cgroup_sock_addr", BIND), hasHelper("xdp", BIND)], [true, false]);
  assertThrows(() => hasProgramType("x"), RangeError, "libbpf knows unspec, socket_filter, ");
});

test("kernelHasField(), kernelHasEnumerator(): what its types have", {}, () => {
  assertEquals(kernelHasField("task_struct", "pid"), true);
  assertEquals(kernelHasField("task_struct", "pidgin"), false);
  assertEquals(kernelHasField("no_such_struct", "pid"), false);
  // Inside of a union without a name.
  assertEquals(kernelHasField("sk_buff", "sk"), true);
  assertEquals(kernelHasEnumerator("bpf_map_type", "BPF_MAP_TYPE_RINGBUF"), true);
  assertEquals(kernelHasEnumerator("bpf_map_type", "BPF_MAP_TYPE_NONE"), false);
  assertEquals(kernelHasEnumerator("no_such_enum", "X"), false);
});

test("userFunctions() and usdtTargets() are what attaching takes", { needs: [gcc] }, async () => {
  const path = await workload("calls");
  const functions = userFunctions(path, "*t*");
  assert(functions.length > 2);
  for (const each of functions) assertEquals(each, findUserFunction(path, each.symbol));
  assertEquals(userFunctions(path, "no_such_*"), []);
  const [strlen] = userFunctions("c", "strlen");
  assertEquals(strlen!.offsets, findUserFunction("c", "strlen").offsets);
  const waiter = await workload("waiter");
  const probe = { provider: "node", name: "http__server__request" };
  // Two places in the code, one probe.
  assertEquals(usdtTargets({ path: waiter }, "node:http*"), [{ path: waiter, ...probe }]);
  assertEquals(usdtTargets({ path: waiter }, "no_such:*"), []);
  const { stdout } = await run([waiter, "start", "request", "1", "/x"]);
  const pid = Number(stdout);
  const [target, ...more] = usdtTargets({ pid }, "node:*request");
  assertEquals([target!.pid, target!.name, more], [pid, probe.name, []]);
  assert(target!.path.endsWith(waiter), target!.path);
  assertEquals((await run([waiter, "wake", stdout.trim()])).status, 0);
});

test("sumOf() and maxOf() of all CPUs' values", {}, () => {
  assertEquals([sumOf([1n, 2n]), sumOf([3, 4]), sumOf(undefined), sumOf([])], [3n, 7n, 0n, 0n]);
  assertEquals([maxOf([1n, 3n, 2n]), maxOf([-4, -2]), maxOf([]), maxOf(undefined)], [
    ...[3n, -2, undefined, undefined],
  ]);
});

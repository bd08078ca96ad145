/** Probes in user space: static ones, and functions of one process, whatever its mount namespace. */

import { sumOf } from "../../ffi/bpf/map.ts";
import { type LoadedObject, type OpenObject, openObject } from "../../ffi/bpf/object.ts";
import { BpfError } from "../../ffi/errors.ts";
import { AttachedPlan, type Plan, tryPlan } from "../../ffi/probes/plan.ts";
import { listUsdtProbes } from "../../ffi/probes/usdt.ts";
import { findUserFunction } from "../../ffi/probes/user_function.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../assert.ts";
import { gimlet, gimletRecords, inOwnMounts, run, workload } from "../gimlet.ts";
import { ofType } from "../records.ts";
import { binary, capabilities, gcc, needsProgram, root, test } from "../support.ts";
import { user } from "../workload/user/user.gen.ts";

const needs = [capabilities, binary, gcc];
const PROBE = "node:http__server__request";

let compiled: Promise<string> | undefined;

/** The program of tests/workload/waiter.c. Made once: those that run an older one would not be in the file that is probed. */
function waiterPath(): Promise<string> {
  return compiled ??= workload("waiter");
}

/** Starts a process that waits to be woken. */
async function waiter(...words: string[]): Promise<{ path: string; pid: number; wake: string[] }> {
  const path = await waiterPath();
  const { status, stdout, stderr } = await run([path, "start", ...words]);
  assertEquals([status, stderr], [0, ""]);
  return { path, pid: Number(stdout), wake: [path, "wake", stdout.trim()] };
}

interface Hits {
  readonly text: string;
  readonly number: bigint;
  readonly tgid: number;
  readonly count: bigint;
}

/** Attaches the counting programs by a plan, does something, and gives what was counted. */
async function counted(
  plan: Plan,
  action: () => Promise<void>,
  { pid, configure = () => {} }: {
    pid?: number;
    configure?: (object: OpenObject<typeof user>) => void;
  } = {},
): Promise<Hits[]> {
  const open = () => {
    const object = openObject(user);
    configure(object);
    return object;
  };
  const tried = tryPlan("user", plan, open, { pid });
  if (!(tried instanceof AttachedPlan)) throw tried.error;
  using attached = tried;
  attached.object.setGlobal("gimlet_armed", true);
  await action();
  attached.object.setGlobal("gimlet_armed", false);
  return readHits(attached.object);
}

function readHits(object: LoadedObject<typeof user>): Hits[] {
  assertEquals(sumOf(object.map("gimlet_losses").get(1)), 0n);
  assertEquals(sumOf(object.map("gimlet_losses").get(2)), 0n);
  return Array.from(object.map("hits"), ([hit, counts]) => ({ ...hit, count: sumOf(counts) }));
}

async function succeeds(words: readonly string[]): Promise<void> {
  const { status, stderr } = await run(words);
  assertEquals([status, stderr], [0, ""]);
}

const PATHS = ["/index.html", "/images/welcome.png?size=1&x=%20", `/${"long".repeat(50)}`];

test("nodejs_http_server tells the path of every request, by USDT", { needs }, async () => {
  const { pid, wake } = await waiter("request", "97", ...PATHS);
  const { status, records } = await gimletRecords([
    ...["nodejs_http_server", "--json", String(pid), "--", ...wake],
  ]);
  assertEquals(status, 0);
  assertEquals(ofType(records, "header")[0]!.plan, "usdt");
  const events = ofType(records, "event").map(({ pid, tgid, comm, method, path }) => [
    pid,
    tgid,
    comm,
    method,
    path,
  ]);
  const expected = Array.from({ length: 97 }, (_, i) =>
    PATHS.map((path) => [
      ...[pid, pid, "waiter", i % 2 ? "GET" : "POST"],
      path.slice(0, 127),
    ])).flat();
  assertEquals(events, expected);
});

test("nodejs_http_server prints BCC's table", { needs }, async () => {
  const { pid, wake } = await waiter("request", "1", "/index.html");
  const { stdout } = await gimlet(["nodejs_http_server", String(pid), "--", ...wake]);
  const [header, line = "", ...rest] = stdout.trimEnd().split("\n");
  assertEquals(header, "TIME(s)            COMM             PID    ARGS");
  assertEquals(line.slice(18), ` waiter           ${String(pid).padEnd(6)} path:/index.html`);
  assertEquals(rest, []);
});

test("nodejs_http_server sees the process of its argument, and no other", { needs }, async () => {
  const [traced, other] = [
    await waiter("request", "3", "/traced"),
    await waiter("request", "5", "/other"),
  ];
  const { records } = await gimletRecords([
    ...["nodejs_http_server", "--json", String(traced.pid), "--"],
    ...["sh", "-e", "-c", `${other.wake.join(" ")}; ${traced.wake.join(" ")}`],
  ]);
  assertEquals(ofType(records, "event").map(({ path }) => path), Array(3).fill("/traced"));
});

test("without the process or the probe, the error says so", { needs }, async () => {
  const { pid, wake } = await waiter("strlen", "1", "x");
  await succeeds(wake);
  const gone = await gimlet(["nodejs_http_server", String(pid)]);
  assertStringIncludes(
    gone.stderr,
    `gimlet: Cannot trace process ${pid}: there is no process of that number\n`,
  );
  assertEquals([gone.status, gone.stdout], [4, ""]);
  const json = await gimletRecords(["nodejs_http_server", "--json", String(pid)]);
  assertEquals(json.records.map(({ code }) => code), ["E_NO_PROCESS"]);
  const own = String(Deno.pid);
  const refused = await gimlet(["nodejs_http_server", "--plan", "usdt", own]);
  assertStringIncludes(refused.stderr, `/proc/${own}/exe has no USDT probe ${PROBE}`);
  assertEquals(refused.status, 4);
  assertEquals((await gimlet(["nodejs_http_server"])).status, 2);
  assertEquals((await gimlet(["nodejs_http_server", "node"])).status, 2);
  const help = await gimlet(["nodejs_http_server", "--help"]);
  assertStringIncludes(help.stdout, "gimlet nodejs_http_server [OPTIONS] PID");
  assertEquals(help.status, 0);
});

test(
  "a static probe has all its arguments, wherever the compiler left them",
  { needs },
  async () => {
    const { path, pid, wake } = await waiter("request", "13", "/a");
    const probe = `usdt:${path}:${PROBE}`;
    const arguments_ = [[2, 3], [4, 6], [5, 255]] as const;
    const expected = [
      [["127.0.0.1", 0n], ["127.0.0.1", 2n], ["::1", 8080n]],
      [["GET", 19n], ["POST", -1n]],
      [["/a", 0n]],
    ];
    for (const [i, [text, number]] of arguments_.entries()) {
      const each = i === 0 ? { path, pid, wake } : await waiter("request", "13", "/a");
      const hits = await counted({ on_usdt: [probe] }, () => succeeds(each.wake), {
        pid: each.pid,
        configure: (object) =>
          object.setGlobal("text_argument", text).setGlobal("number_argument", number),
      });
      assertEquals(hits.reduce((sum, { count }) => sum + count, 0n), 13n);
      const seen = hits.map(({ text, number }) => [text, number] as const);
      for (const [text, number] of expected[i]!) {
        assert(seen.some((it) => it[0] === text && it[1] === number), `${text} ${number}`);
      }
    }
  },
);

test("a static probe of all processes is counted in each", { needs }, async () => {
  const [one, two] = [await waiter("request", "11", "/a"), await waiter("request", "7", "/a")];
  const plan = { on_usdt: [`usdt:${one.path}:${PROBE}`] };
  const hits = await counted(plan, async () => {
    await succeeds(one.wake);
    await succeeds(two.wake);
  });
  const ours = hits.filter(({ tgid }) => tgid === one.pid || tgid === two.pid);
  assertEquals(ours.map(({ count }) => count).sort(), [11n, 7n]);
});

const PYTHON = "/usr/bin/python3.11";
const python = {
  reason: `needs ${PYTHON} with USDT probes`,
  ok: () => {
    try {
      return listUsdtProbes(PYTHON).some(({ name }) => name === "gc__start");
    } catch {
      return false;
    }
  },
};

// Not function__entry: Python 3.11 has that probe, but hardly ever passes it.
test("python:audit is counted for each event, in a process that is started later", {
  needs: [...needs, python],
}, async () => {
  const source = "import sys\nfor i in range(499): sys.audit('gimlet.test', i)\n";
  const plan = { on_usdt: [`usdt:${PYTHON}:python:audit`] };
  const hits = await counted(plan, () => succeeds([PYTHON, "-I", "-S", "-c", source]), {
    configure: (object) => object.setGlobal("text_argument", 0),
  });
  const ours = hits.filter(({ text }) => text === "gimlet.test");
  assertEquals(ours.map(({ count }) => count), [499n]);
});

test("python:gc__start is counted for each collection, with its generation", {
  needs: [...needs, python],
}, async () => {
  const source = "import gc, os\n" +
    "gc.disable()\n" +
    "for i in range(101): gc.collect(1)\n" +
    "os.write(1, b'%d' % os.getpid())\n" +
    "os._exit(0)";
  let pid = 0;
  const plan = { on_usdt: [`usdt:${PYTHON}:python:gc__start`] };
  const hits = await counted(plan, async () => {
    const { status, stdout } = await run([PYTHON, "-I", "-S", "-c", source]);
    assertEquals(status, 0);
    pid = Number(stdout);
  }, { configure: (object) => object.setGlobal("number_argument", 0) });
  const ours = hits.filter(({ tgid, number }) => tgid === pid && number === 1n);
  assertEquals(ours.map(({ count }) => count), [101n]);
});

test("a uprobe can be on an instruction of a function, by the path of its file", {
  needs,
}, async () => {
  const step = Deno.build.arch === "x86_64" ? 1 : 4;
  for (const offset of ["", `+${step}`, `+0x${(2 * step).toString(16)}`]) {
    const { path, pid, wake } = await waiter("stairs", "89");
    const plan = { on_uprobe: [`uprobe:${path}:stairs${offset}`] };
    const hits = await counted(plan, () => succeeds(wake), { pid });
    assertEquals(hits.map(({ tgid, count }) => [tgid, count]), [[pid, 89n]]);
  }
});

test("where a function or an instruction of it is not, the error says so", { needs }, async () => {
  const path = await waiterPath();
  const size = Deno.build.arch === "x86_64" ? 4 : 16;
  const find = (symbol: string) => () => findUserFunction(path, symbol);
  assertThrows(find(`stairs+${size}`), BpfError, `the function has ${size} bytes`);
  assertThrows(find("nothing"), BpfError, "its symbol tables have no such function");
  assertThrows(() => findUserFunction("c", "strlen+4"), BpfError, "variants");
  assertThrows(() => findUserFunction("none-of-that-name", "f"), BpfError, "loader knows none");
  const other = { pid: Deno.pid };
  assertThrows(
    () => findUserFunction("none-of-that-name", "f", other),
    BpfError,
    "has not loaded it",
  );
  assertThrows(() => findUserFunction("c", "f", { pid: 0x3fff_ffff }), BpfError, "no process");
});

test("strlen_count of a process counts in the library that this process has loaded", {
  needs: [...needs, root, needsProgram("unshare"), needsProgram("chroot")],
}, async () => {
  const program = await waiterPath();
  const libc = findUserFunction("c", "strlen").path;
  const loader = Deno.build.arch === "x86_64"
    ? "/lib64/ld-linux-x86-64.so.2"
    : "/lib/ld-linux-aarch64.so.1";
  // A file system that no other process sees, with a libc of its own.
  const script = `mount -t tmpfs tmpfs "$1"
    for file in "$2" "$3"; do
      mkdir -p "$1$(dirname "$file")"
      cp "$file" "$1$file"
    done
    mkdir "$1/dev"
    touch "$1/dev/null"
    mount --bind /dev/null "$1/dev/null"
    cp "$4" "$1/waiter"
    chroot "$1" /waiter start strlen 103 'in a container'`;
  const folder = await Deno.makeTempDir();
  try {
    const started = await inOwnMounts(script, [folder, libc, loader, program]);
    assertEquals([started.status, started.stderr], [0, ""]);
    const pid = started.stdout.trim();
    const path = findUserFunction("c", "strlen", { pid: Number(pid) }).path;
    assertStringIncludes(path, `/proc/${pid}/`);
    const { status, records } = await gimletRecords([
      ...["strlen_count", "--json", "--tgid", pid, "--", program, "wake", pid],
    ]);
    assertEquals(status, 0);
    assertStringIncludes(String(ofType(records, "attached")[0]!.probes), `uprobe:${path}:strlen`);
    const [map] = ofType(records, "map");
    const entries = map!.entries as { key: { c: string }; value: number }[];
    const ours = entries.filter(({ key }) => key.c === "in a container");
    assertEquals(ours.map(({ value }) => value), [103]);
  } finally {
    await Deno.remove(folder);
  }
});

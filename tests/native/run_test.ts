/** `gimlet run`: an object that knows nothing of gimlet, and the C that it is made of. */

import type { Schema } from "../../cmd/schema.ts";
import { compile, CompileError, openObject } from "../../mod.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "../assert.ts";
import { gimlet, publicCopy, run, RUNNERS, workload } from "../gimlet.ts";
import { jsonRecords, ofType, recordsBy } from "../records.ts";
import { binary, clang, gcc, root, test } from "../support.ts";

const FOREIGN = new URL("../workload/foreign/foreign.bpf", import.meta.url).pathname;
const OBJECT = `${FOREIGN}.o`;
const needs = [root, binary, clang, gcc];

/** The workload under a name that nothing else on this machine has. */
const CALLS = await ownCalls();

async function ownCalls(): Promise<{ path: string; comm: string }> {
  const comm = `calls-${Deno.pid}`;
  const folder = new URL("../../dist/workload/", import.meta.url).pathname;
  const path = `${folder}${comm}`;
  const target = await workload("calls");
  await Deno.remove(path).catch(() => {});
  await Deno.symlink(target, path);
  return { path, comm };
}

const WANTED = ["--set", `wanted=${CALLS.comm}`] as const;

async function schemaOf(): Promise<Schema> {
  const { status, stdout } = await gimlet(["run", OBJECT, "--schema"]);
  assertEquals(status, 0);
  return JSON.parse(stdout) as Schema;
}

for (const [name, words] of Object.entries(RUNNERS)) {
  for (const kind of ["o", "c"] as const) {
    test(`${name}: .${kind}: every event, the maps and the variables are exact`, {
      needs,
    }, async () => {
      const { status, stdout, stderr } = await run([
        ...words,
        ...["run", `${FOREIGN}.${kind}`, ...WANTED, "--json", "--set", "choice.every=2"],
        ...["--set", "first_number=0xfffffffffffffff0"],
        ...[
          "--expect",
          'count(event where buffer == "events") == 8',
          "--expect",
          "counts[1] == 17",
        ],
        ...["--", CALLS.path, "getppid", "17"],
      ]);
      assertEquals(status, 0, stderr);
      const records = recordsBy(await schemaOf(), stdout);
      assertEquals(ofType(records, "header")[0]!.tool, "foreign");
      assertEquals(ofType(records, "attached")[0]!.probes, [
        "tracepoint/syscalls/sys_enter_getppid",
      ]);
      const events = ofType(records, "event");
      // Each second one, with the first number of all: from there on to where 64 bits end.
      const numbers = Array.from({ length: 8 }, (_, i) => 0xffff_ffff_ffff_fff1n + 2n * BigInt(i));
      assertEquals(events.map(({ number }) => number), numbers);
      for (const { tgid, comm, buffer, bytes, hex } of events) {
        assertEquals([buffer, comm, bytes, hex], ["events", CALLS.comm, [1, 2, 255], null]);
        assert(typeof tgid === "number" && tgid > 1);
      }
      const maps = Object.fromEntries(
        ofType(records, "map").map(({ name, entries }) => [name, entries]),
      );
      assertEquals(maps, {
        calls: [{ key: "calls", value: 17 }],
        by_parity: [
          { key: 0, value: { calls: 8, last: 7 } },
          { key: 1, value: { calls: 9, last: 7 } },
        ],
        counts: [{ key: 1, value: 17 }],
      });
      assertEquals(ofType(records, "summary")[0]!.events, 8);
    });
  }
}

test("people read fields, maps and variables; what cannot be known is bytes", {
  needs,
}, async () => {
  const { status, stdout, stderr } = await gimlet([
    ...["run", OBJECT, ...WANTED, "--only", "on_getpgid,on_getppid", "-v"],
    ...["--", CALLS.path, "getpgid", "3"],
  ]);
  assertEquals(status, 0, stderr);
  const lines = stdout.split("\n").filter((line) => line.startsWith("raw: "));
  assertEquals(lines, Array.from({ length: 3 }, () => 'raw: hex="deadbeef"'));
  assertStringIncludes(stderr, "on_getpgid is attached to tracepoint/syscalls/sys_enter_getpgid");
  assertStringIncludes(stderr, "by_hand is not asked for");
  assertStringIncludes(stderr, "the type of the records of events is known by value");
  assertStringIncludes(stderr, "the records of raw have no known type: say GIMLET_EVENT(raw,");
  const told = await gimlet(["run", OBJECT, ...WANTED, "--", CALLS.path, "getppid", "2"]);
  assertEquals([told.status, told.stderr], [0, ""]);
  const text = told.stdout.replaceAll(/tgid=\d+/g, "tgid=N");
  assertEquals(
    text,
    `events: number=1 tgid=N comm="${CALLS.comm}" bytes=[1, 2, 255]
events: number=2 tgid=N comm="${CALLS.comm}" bytes=[1, 2, 255]
calls = 2

by_parity:
  0: {calls: 1, last: 7}
  1: {calls: 1, last: 7}

counts:
  1: 2
`,
  );
});

test("a program attaches where --attach says", { needs }, async () => {
  const { status, stdout, stderr } = await gimlet([
    ...["run", OBJECT, "--only", "on_step", "--attach", `on_step=uprobe:${CALLS.path}:step`],
    ...["--expect", "counts[2] == 41", "--", CALLS.path, "step", "41"],
  ]);
  assertEquals([status, stderr], [0, ""], stdout);
  assertStringIncludes(stdout, "counts:\n  2: 41\n");
});

test("an iterator prints its text, once, and nothing waits", { needs }, async () => {
  const { status, stdout, stderr } = await gimlet(["run", OBJECT, "--only", "on_task"]);
  assertEquals([status, stdout, stderr], [0, "first\nsecond\n", ""]);
  const json = await gimlet(["run", OBJECT, "--only", "on_task", "--json"]);
  const records = recordsBy(await schemaOf(), json.stdout);
  assertEquals(ofType(records, "attached")[0]!.probes, ["iter/task"]);
  assertEquals(ofType(records, "map").filter(({ name }) => name === "on_task"), [{
    type: "map",
    name: "on_task",
    entries: [{ key: 0, value: "first" }, { key: 1, value: "second" }],
  }]);
});

test("what cannot be attached is told one by one; with --any the rest goes on", {
  needs,
}, async () => {
  const only = ["--only", "on_getppid,by_hand,nowhere"];
  const failed = await gimlet(["run", OBJECT, ...only]);
  assertEquals([failed.status, failed.stdout], [4, ""]);
  const reasons = [
    "by_hand (?syscall): the section does not say where",
    "nowhere (?tracepoint/syscalls/sys_enter_no_such_call): the kernel has no tracepoint",
    "Go on without: --skip by_hand,nowhere, or --any",
  ];
  for (const reason of reasons) assertStringIncludes(failed.stderr, reason);
  const { status, stdout, stderr } = await gimlet([
    ...["run", OBJECT, ...only, "--any", ...WANTED, "--", CALLS.path, "getppid", "5"],
  ]);
  assertEquals(status, 0, stderr);
  assertEquals(stdout.split("\n").filter((line) => line.startsWith("events: ")).length, 5);
  assertStringIncludes(stderr, "left out by_hand (?syscall): ");
  assertStringIncludes(stderr, "left out nowhere (?tracepoint/");
});

test("mistakes in the command line are told before anything is attached", { needs }, async () => {
  const mistakes: [string[], string][] = [
    [[], "The file is missing"],
    [[OBJECT, "ls"], 'Unexpected argument "ls"'],
    [[OBJECT, "--only", "no_such"], "Cannot find program no_such in foreign: it has"],
    [[OBJECT, "--set", "no_such=1"], "Cannot find variable no_such in object foreign: it has"],
    [[OBJECT, "--set", "wanted"], 'Cannot read --set "wanted"'],
    [[OBJECT, "--set", "choice=1"], "should be set by its members: choice.every,choice.silent"],
    [[OBJECT, "--set", "choice.never=1"], "there is no member never"],
    [[OBJECT, "--entries", "events=x"], 'Cannot read --entries "x"'],
    [[OBJECT, "--attach", "on_step=nowhere"], 'Cannot read place "nowhere"'],
    [[OBJECT, "--comm", "sh"], "Cannot filter by --comm"],
    [[OBJECT, "--define", "A=1"], "Option --define is for C"],
    [[OBJECT, "--expect", "sum(by_parity) == 1"], "by_parity"],
  ];
  for (const [args, message] of mistakes) {
    const { status, stderr } = await gimlet(["run", ...args]);
    assertEquals(status, 2, `${args}: ${stderr}`);
    assertStringIncludes(stderr, message);
  }
  const { status, stdout } = await gimlet(["run", "/no/such.bpf.o", "--json"]);
  assertEquals(status, 5);
  const [error] = jsonRecords(stdout);
  assertEquals([error!.code, error!.step], ["E_OBJECT", "open"]);
});

test("errors in C are told with file, line and caret; the rest of clang's words by -v", {
  needs,
}, async () => {
  const folder = await Deno.makeTempDir({ prefix: "gimlet-c-" });
  try {
    const file = `${folder}/wrong.bpf.c`;
    await Deno.writeTextFile(
      file,
      '#include "vmlinux.h"\nint f(void)\n{\n\treturn first_one + second_one;\n}\n',
    );
    const { status, stderr } = await gimlet(["run", file]);
    assertEquals(status, 5);
    assertMatch(
      stderr,
      /wrong\.bpf\.c:4:9: use of undeclared identifier 'first_one'\n.*return first_one/,
    );
    assertMatch(stderr, /^ +\^$/m);
    assertStringIncludes(stderr, "1 more error; run it again with -v");
    assertEquals(stderr.includes("'second_one'"), false);
    const verbose = await gimlet(["run", file, "-v"]);
    assertStringIncludes(verbose.stderr, "4:21: error: use of undeclared identifier 'second_one'");
    const json = await gimlet(["run", file, "--json"]);
    const [error] = jsonRecords(json.stdout);
    assertEquals([error!.code, error!.step], ["E_COMPILE", "compile"]);
    const env = { CLANG: "/no/clang" };
    const missing = await gimlet(["run", file], { env });
    assertEquals(missing.status, 7);
    assertStringIncludes(missing.stderr, "apt-get install clang libbpf-dev");
    // A shell in the place of an old clang.
    const old = `${folder}/clang`;
    await Deno.writeTextFile(old, "#!/bin/sh\necho clang version 11.0.1\n", { mode: 0o755 });
    const refused = await gimlet(["run", file], { env: { CLANG: old } });
    assertEquals(refused.status, 7);
    assertStringIncludes(refused.stderr, "is version 11, should be 12 or newer");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

test("a program that asks for an argument that its event has not is told so", {
  needs,
}, async () => {
  const file = Deno.makeTempFileSync({ suffix: ".bpf.c" });
  Deno.writeTextFileSync(
    file,
    `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
SEC("tp_btf/sys_enter") int greedy(u64 *ctx) { return ctx[5] != 0; }
char LICENSE[] SEC("license") = "GPL";
`,
  );
  const { status, stderr } = await gimlet(["run", file]);
  Deno.removeSync(file);
  assertEquals(status, 4);
  assertStringIncludes(stderr, "program greedy does not fit: its event has other arguments here");
});

test("the binary compiles with the headers inside, for anybody, and leaves nothing behind", {
  needs,
}, async () => {
  const left = () =>
    [...Deno.readDirSync("/dev/shm")].map(({ name }) => name)
      .filter((name) => name.startsWith("gimlet-include-"));
  const before = left();
  await using copy = await publicCopy();
  const file = copy.path.replace(/[^/]*$/, "own.bpf.c");
  await Deno.writeTextFile(file, '#include "gimlet.bpf.h"\nint x;\n');
  const { status, stdout } = await run([copy.path, "run", file, "--schema"], {
    uid: 65534,
    cwd: "/",
  });
  assertEquals(status, 0);
  assertStringIncludes(stdout, "Records of gimlet own");
  assertEquals(left().filter((name) => !before.includes(name)), []);
});

test("compile() gives an object that loads, and errors as data", { needs }, async () => {
  const text = `#include "gimlet.bpf.h"
    volatile int answer = ANSWER;
    SEC("raw_tp/sys_enter") int on_call(void *ctx) { return 0; }`;
  const bytes = await compile({ text, name: "own.bpf.c" }, { define: { ANSWER: 42 } });
  using object = openObject(bytes, { name: "own" }).load();
  assertEquals([object.global("answer"), object.programNames], [42, ["on_call"]]);
  const error = await assertRejects(
    () => compile({ text, name: "own.bpf.c" }),
    CompileError,
    "Cannot compile own.bpf.c: own.bpf.c:2:27: use of undeclared identifier 'ANSWER'",
  );
  assertEquals((error as CompileError).diagnostics.map(({ file, line }) => [file, line]), [
    ["own.bpf.c", 2],
  ]);
});

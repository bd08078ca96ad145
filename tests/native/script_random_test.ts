/** Random scripts: what the compiler lets pass, this kernel's verifier takes. */

import { assert, assertEquals } from "../assert.ts";
import { openObject } from "../../ffi/bpf/object.ts";
import { BpfError } from "../../ffi/errors.ts";
import { compile } from "../../programs/script/compile.ts";
import { RunningKernel } from "../../programs/script/run.ts";
import { skeletonOf } from "../../programs/script/run/maps.ts";
import { DEFAULT_SETTINGS } from "../../programs/script/settings.ts";
import { Source } from "../../programs/script/source.ts";
import { GROUPS } from "../differential/programs.ts";
import { tryScripts } from "../fuzz/script_trial.ts";
import { generator } from "../generator.ts";
import { capabilities, root, test } from "../support.ts";

const PLACES = [
  "BEGIN",
  "interval:s:100",
  "profile:hz:1",
  "tracepoint:syscalls:sys_enter_openat",
  "tracepoint:sched:sched_switch",
  "rawtracepoint:sched_switch",
  "uprobe:libc:malloc",
];

const EXTRA = [
  `printf("%s %d %s\\n", comm, pid, str(arg0));`,
  `@[comm, tid, cpu] = hist(nsecs);`,
  `@[ustack(3), kstack] = count();`,
  `$t = (struct task_struct *)curtask; @[$t->comm] = max($t->prio); printf("%d\\n", $t->real_parent->tgid);`,
  `join(args->argv);`,
  `printf("%s|%s|%s\\n", str(args->filename), str(args->filename), comm);`,
  `$s = str(args->filename); @[$s] = count(); if ($s == "/etc/passwd") { @hit[$s] = nsecs; }`,
  `printf("%r\\n", buf(args->filename, 64));`,
  `@x[args->prev_comm] = sum(args->prev_state); $n = @x["sh"]; printf("%d\\n", $n);`,
  `@a[tid] = nsecs; if (@a[tid]) { @us = lhist((nsecs - @a[tid]) / 1000, 0, 1000, 10); } delete(@a[tid]);`,
  `$x = (comm, pid, (cpu, "x")); @t[$x.0] = $x; print($x);`,
  `$i = 0; while ($i < 20) { @l[$i] = count(); if ($i == 13) { break; } $i++; }`,
  `printf("%s %s\\n", ntop(2, pid), username);`,
  `@u[usym(arg0), ksym(arg1)] = count();`,
];

/** The bodies of all programs of the table, and more. */
const BODIES = [
  ...Object.values(GROUPS).flat().flatMap(({ program, parameters }) =>
    parameters === undefined ? /^BEGIN \{(.*?)(?: exit\(\);)? \}$/s.exec(program)?.[1] ?? [] : []
  ),
  ...EXTRA,
];

test("3000 random scripts load", { needs: [root, capabilities] }, () => {
  const random = generator(3);
  const facts = new RunningKernel();
  let loaded = 0;
  for (let i = 0; i < 3000; i++) {
    const text = randomScript(random);
    const source = new Source("random", text);
    const { plan } = compile(source, { facts, settings: DEFAULT_SETTINGS, suggest: () => "" });
    if (plan === undefined) continue; // the arguments are those of other probes
    try {
      openObject(skeletonOf(plan, "random"), { source: plan.object, name: "script" }).load()
        [Symbol.dispose]();
      loaded++;
    } catch (error) {
      if (!(error instanceof BpfError)) throw error;
      throw new Error(`${error.message}\n${text}\n${error.log.slice(-3000)}`);
    }
  }
  assert(loaded > 1500, `${loaded} loaded`);
});

test("400 scripts of the grammar: none is refused without a line, none crashes the compiler", {
  needs: [root, capabilities],
}, () => {
  const { loaded, failures } = tryScripts(400, { seed: 11 });
  assertEquals(failures, []);
  assert(loaded > 300, `${loaded} loaded`);
});

function randomScript(random: (below: number) => number): string {
  return Array.from({ length: 1 + random(3) }, (_, probe) => {
    const bodies = Array.from({ length: 1 + random(6) }, (_, i) => {
      const name = `_${probe}_${i}`;
      // Each has maps and variables of its own.
      return BODIES[random(BODIES.length)]!.replaceAll(
        /([@$])([A-Za-z]\w*|(?![\w#]))/g,
        (_, sign, rest) => sign === "$" && rest === "" ? sign : `${sign}v${rest}${name}`,
      );
    });
    const place = PLACES[random(PLACES.length)]!;
    const statements = bodies.join("\n").replaceAll(/\bexit\(\);/g, "");
    return `${place} { ${random(2) === 0 ? statements : `if (pid > 1) { ${statements} }`} }`;
  }).join("\n");
}

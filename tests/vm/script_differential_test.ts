/**
 * The programs of tests/differential on Debian's kernels, by gimlet and by the bpftrace of the same Debian, in one machine. Each
 * suite takes a share of the programs that need no kernel function, since emulated machines are slow: `GIMLET_DIFFERENTIAL=all`
 * takes all.
 */

import { assert, assertEquals } from "../assert.ts";
import { type Batch, bodies, chunks, isBody, probes, takenApart } from "../differential/batch.ts";
import { comparable } from "../differential/compare.ts";
import {
  hasLists,
  KERNEL_GROUPS,
  MODULES,
  newSpelling,
  PREPARE,
  WORKLOAD,
} from "../differential/kernel_programs.ts";
import { type Case, type Difference, GROUPS } from "../differential/programs.ts";
import type { Finished } from "../gimlet.ts";
import { binary, needsProgram, qemu, test } from "../support.ts";
import { type GuestRun, runInGuest } from "./script_peer.ts";

const needs = [qemu, binary, needsProgram("bpftrace"), needsProgram("bash")];
const ALL = Deno.env.get("GIMLET_DIFFERENTIAL") === "all";
/** Of the bodies, and of the programs that run alone, every so many is in the share. */
const SHARE = { bodies: 6, alone: 8 };
/** So many programs can sit at one tracepoint: the kernel takes 64. */
const BODIES = 48;
const PROBES = 32;

/** What belongs to a kernel. */
interface Dialect {
  readonly series: "6.1" | "6.12";
  /** What its bpftrace is known to do otherwise. */
  readonly difference: (each: Case) => Difference | undefined;
  readonly spelling: (program: string) => string;
  /** Makes its output that of 0.17. */
  readonly plain: (output: string) => string;
}

const DIALECTS: readonly Dialect[] = [{
  series: "6.1",
  difference: ({ difference }) => difference,
  spelling: (program) => program,
  plain: (output) => output,
}, {
  series: "6.12",
  difference: ({ later }) => later,
  spelling: newSpelling,
  // 0.17 has a blank behind the colon of a histogram, and less of them before the frames of a stack in a key.
  plain: (output) => output.replaceAll(/: $/gm, ":").replaceAll(/^ {4,8}(?=\S+\+\d+$)/gm, "    "),
}];

/** Programs that run together, and what becomes of the output of each. */
interface Group {
  readonly cases: readonly Case[];
  readonly batch: (cases: readonly Case[]) => Batch;
  readonly options?: readonly string[];
}

function groups({ spelling }: Dialect): Group[] {
  const pure = Object.values(GROUPS).flat().filter(isBody);
  const share = pure.filter((_, i) => ALL || i % SHARE.bodies === 0);
  const kernel = Object.values(KERNEL_GROUPS).flat().filter((each) => !hasLists(each))
    .map((each) => ({ ...each, program: spelling(each.program) }));
  return [
    ...chunks(share.filter(({ options }) => options === undefined), BODIES)
      .map((cases) => ({ cases, batch: bodies })),
    ...chunks(share.filter(({ options }) => options !== undefined), BODIES)
      .map((cases) => ({ cases, batch: bodies, options: ["-f", "json"] })),
    ...chunks(kernel, PROBES)
      .map((cases) => ({ cases, batch: (some: readonly Case[]) => probes(some, WORKLOAD) })),
  ];
}

/** What has to run alone: it is of a whole run, or bpftrace cannot be given it with others. */
function alone({ series, difference, spelling }: Dialect): { theirs: Case[]; both: Case[] } {
  const all = Object.values(GROUPS).flat();
  const lists = Object.values(KERNEL_GROUPS).flat().filter(hasLists)
    .map((each) => ({ ...each, program: spelling(each.program) }));
  const single = [...all.filter((each) => !isBody(each)), ...lists]
    .filter((each) => difference(each) === undefined);
  const share = (cases: readonly Case[]) => cases.filter((_, i) => ALL || i % SHARE.alone === 0);
  const differing = (cases: readonly Case[]) =>
    cases.filter((each) => difference(each) !== undefined)
      .map((each) => ({ ...each, program: spelling(each.program) }));
  return {
    theirs: [
      ...differing(Object.values(KERNEL_GROUPS).flat()),
      // Those of 0.17 that need no kernel function are held by tests/native.
      ...(series === "6.1" ? [] : share(differing(all))),
    ],
    both: share(single),
  };
}

for (const dialect of DIALECTS) {
  const { series, difference, plain } = dialect;
  test(`${series}: scripts give what the distribution's bpftrace gives`, { needs }, async () => {
    const together = groups(dialect);
    const { theirs, both } = alone(dialect);
    const runs: GuestRun[] = [
      ...together.flatMap(({ cases, batch, options = [] }) => [
        { who: "ours", ...batch(cases), options } as const,
        { who: "theirs", ...orNothing(batch(known(cases, dialect))), options } as const,
      ]),
      ...both.flatMap((each) => [
        { who: "ours", ...single(each) } as const,
        { who: "theirs", ...single(each) } as const,
      ]),
      ...theirs.map((each) => ({ who: "theirs", ...single(each) } as const)),
    ];
    const results = await runInGuest(series, runs, { modules: MODULES, prepare: PREPARE });
    const wrong: string[] = [];
    let compared = 0;
    const compare = (each: Case, ours: string, expected: string) => {
      compared++;
      const [a, b] = [ours, expected].map((text) => plain(comparable(text, each)));
      if (a !== b) wrong.push(`${each.program}\n--- gimlet\n${a}\n--- bpftrace\n${b}`);
    };
    const checkEnd = (runs: readonly Finished[], cases: readonly Case[]) => {
      for (const { status, stderr } of runs) {
        if (status !== 0) wrong.push(`${cases[0]!.program} …: status ${status}\n${stderr}`);
      }
    };
    let at = 0;
    const next = (): Finished => results[at++]!;
    for (const { cases } of together) {
      const [ours, foreign] = [next(), next()];
      checkEnd([ours, foreign], cases);
      const printed = takenApart(ours.stdout, cases.length);
      const there = known(cases, dialect);
      const expected = takenApart(foreign.stdout, there.length);
      cases.forEach((each, i) => {
        const listed = difference(each)?.output.trim();
        compare(each, printed[i]!, listed ?? expected[there.indexOf(each)]!);
      });
    }
    for (const each of both) {
      const [ours, foreign] = [next(), next()];
      checkEnd([ours, foreign], [each]);
      compare(each, ours.stdout, foreign.stdout);
    }
    // A difference that is none any more is not to be listed.
    for (const each of theirs) {
      const { status, stdout } = next();
      const same = status === 0 &&
        plain(comparable(stdout, each)).trim() === plain(difference(each)!.output).trim();
      if (same) wrong.push(`${each.program}\n--- no difference`);
    }
    assertEquals(wrong.join("\n\n"), "");
    const least = ALL ? 400 : 150;
    assert(compared >= least, `${compared} programs, should be ${least} or more`);
  });
}

/** A batch that is empty is no script. */
function orNothing(batch: Batch): Batch {
  return batch.script.trim() === "" ? { ...batch, script: "BEGIN { exit(); }" } : batch;
}

/** Those that bpftrace runs as gimlet does. */
function known(cases: readonly Case[], { difference }: Dialect): Case[] {
  return cases.filter((each) => difference(each) === undefined);
}

function single({ program, parameters = [], options = [] }: Case) {
  const script = { script: program, parameters, options };
  return /cpid/.test(program) ? { ...script, workload: WORKLOAD } : script;
}

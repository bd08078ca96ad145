/**
 * Several programs as one: starting a tracer costs more than running a program, in an emulated machine above all. What the whole
 * prints is taken apart again: each line of a program is known by its number.
 */

import type { Case } from "./programs.ts";

/** The process numbers that the workload gives to `kill -0`, one a program: greater than any that there is. */
const FIRST_PID = 5_000_000;

/** Programs that run as one, and what makes their probes fire. */
export interface Batch {
  readonly script: string;
  /** Shell commands. */
  readonly workload: string;
}

/** Macros, and a BEGIN. */
const ONE_BEGIN = /^(macro [^]*\n)?BEGIN \{([^]*)\}$/;
/** What is of the whole run, or of BEGIN: such programs run alone. */
const OF_THE_RUN =
  /\$\d|\$#|^#|BEGIN|END|interval:|struct \w+ \{|enum \{|errorf|config|exit\(|return/m;

/** Whether a program is nothing but a BEGIN that ends with `exit()`: its body can run elsewhere. */
export function isBody({ program, parameters }: Case): boolean {
  const [, , body] = ONE_BEGIN.exec(program) ?? [];
  return body !== undefined && / exit\(\); $/.test(body) && parameters === undefined &&
    !OF_THE_RUN.test(body.replace(/ exit\(\); $/, ""));
}

/** Bodies of BEGIN behind one another; `probe` gives what each stands in. */
function together(cases: readonly Case[], probe: (i: number) => string): string {
  const parts = cases.map(({ program }) => ONE_BEGIN.exec(program)!);
  const macros = new Set(parts.map(([, before = ""]) => before));
  const probes = parts.map(([, , body], i) => {
    const own = ownMaps(body!.replace(/ exit\(\); $/, ""), i);
    return `${probe(i)} { printf("\\n=${i}=\\n"); ${own} }\n`;
  });
  return [...macros, ...probes].join("");
}

/** Bodies of BEGIN, each in a BEGIN of its own: gimlet takes several, and newer versions of bpftrace do. */
export function begins(cases: readonly Case[]): string {
  return `${together(cases, () => "BEGIN")}interval:ms:1 { exit(); }\n`;
}

/** Bodies of BEGIN, each as a probe of kill(2) that fires once. */
export function bodies(cases: readonly Case[]): Batch {
  const script = together(
    cases,
    (i) => `tracepoint:syscalls:sys_enter_kill /pid == cpid && args->pid == ${FIRST_PID + i}/`,
  );
  const workload = cases.map((_, i) => `kill -0 ${FIRST_PID + i} 2>/dev/null`).join("\n");
  return { script, workload: `${workload}\ntrue\n` };
}

/** Programs whose probes fire by what a workload does: each line that they print begins with their number. */
export function probes(cases: readonly Case[], workload: string): Batch {
  const script = cases.map(({ program }, i) =>
    ownMaps(program.replaceAll('printf("', `printf("=${i}=`), i)
  ).join("\n");
  return { script: `${script}\n`, workload };
}

function ownMaps(program: string, i: number): string {
  return program.replaceAll(/@(\w*)/g, `@m${i}_$1`);
}

/** A number that was printed by itself, as text or as JSON. */
const MARKER_ALONE = /^(?:\{"type": "printf", "data": "(?:\\n){2}"\})?$/;

/** What each of so many programs of a batch printed. */
export function takenApart(stdout: string, count: number): string[] {
  const parts: string[][] = Array.from({ length: count }, () => []);
  let at: number | undefined;
  for (const line of stdout.split("\n")) {
    const [, text, map] = /^(?:\{"type": "\w+", "data": (?:\{?"))?(?:(?:\\n)?=(\d+)=|@m(\d+)_)/
      .exec(line) ?? [];
    const number = text ?? map;
    if (number !== undefined) at = Number(number);
    if (at === undefined) continue; // Before the first: what the tracer says by itself.
    const own = line.replaceAll(/=\d+=/g, "").replaceAll(/@m\d+_/g, "@");
    if (number === undefined || !MARKER_ALONE.test(own)) parts[at]?.push(own);
  }
  return parts.map((lines) => lines.join("\n").replace(/^\n+/, "").trimEnd());
}

/** Takes items by so many. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from(
    { length: Math.ceil(items.length / size) },
    (_, i) => items.slice(i * size, (i + 1) * size),
  );
}

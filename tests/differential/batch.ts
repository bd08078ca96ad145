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

const ONE_BEGIN = /^BEGIN \{([^]*)\}$/;
/** What is of the whole run, or of BEGIN: such programs run alone. */
const OF_THE_RUN =
  /\$\d|\$#|^#|BEGIN|END|interval:|struct \w+ \{|enum \{|errorf|config|exit\(|return/m;

/** Whether a program is nothing but a BEGIN that ends with `exit()`: its body can run elsewhere. */
export function isBody({ program, parameters }: Case): boolean {
  const [, body] = ONE_BEGIN.exec(program) ?? [];
  return body !== undefined && / exit\(\); $/.test(body) && parameters === undefined &&
    !OF_THE_RUN.test(body.replace(/ exit\(\); $/, ""));
}

/** Bodies of BEGIN, each as a probe of kill(2) that fires once. */
export function bodies(cases: readonly Case[]): Batch {
  const script = cases.map(({ program }, i) => {
    const body = ONE_BEGIN.exec(program)![1]!.replace(/ exit\(\); $/, "");
    const predicate = `/pid == cpid && args->pid == ${FIRST_PID + i}/`;
    return `tracepoint:syscalls:sys_enter_kill ${predicate} { printf("\\n=${i}=\\n"); ${
      ownMaps(body, i)
    } }`;
  }).join("\n");
  const workload = cases.map((_, i) => `kill -0 ${FIRST_PID + i} 2>/dev/null`).join("\n");
  return { script: `${script}\n`, workload: `${workload}\ntrue\n` };
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
    parts[at]?.push(own);
  }
  return parts.map((lines) => lines.join("\n").trim());
}

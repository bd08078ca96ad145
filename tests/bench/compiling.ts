/** What it takes to compile the scripts that ship: those of the lessons, and bpftrace's own, where they are installed. */

import { filesUnder } from "../../build.ts";
import { BINARY, run } from "../gimlet.ts";
import { inTurns, median, type Result } from "./measure.ts";

const FOLDERS = ["/usr/sbin", "/usr/share/bpftrace/tools"];
const LESSONS = new URL("../../docs/script_lessons/", import.meta.url).pathname;
const ROUNDS = 9;
const MOST_MS = 20;

/**
 * Measures the CPU time from the text to the object, of all threads, as gimlet itself sees it, in a process that compiles nothing else:
 * most of it goes to code that runs for the first time. On a busy machine it says more than the time that went by.
 */
export async function compiling(): Promise<Result[]> {
  const scripts = new Map([...lessons(), ...peers()]);
  // For this kernel: what its tracepoints and types do not have is an error of the script.
  const usable: [string, readonly string[]][] = [];
  for (const [name, words] of scripts) {
    await compileTime(words).then(() => usable.push([name, words]), () => {});
  }
  const things = usable.map(([name, words]) => [name, () => compileTime(words)] as const);
  const rows = await inTurns(ROUNDS, Object.fromEntries(things));
  const left = scripts.size - usable.length;
  return [{
    title: "Compile a script, in a process of its own: CPU time",
    unit: "ms",
    rows,
    notes: left > 0 ? [`${left} are not for this kernel`] : [],
    checks: [{
      what: "the slowest, its median",
      value: Math.max(...rows.map(({ samples }) => median(samples))),
      atMost: MOST_MS,
    }],
  }];
}

/** The words that say which script, by its name. */
type Named = readonly [name: string, words: readonly string[]];

/** The scripts of the lessons' commands. */
function lessons(): Named[] {
  return filesUnder(LESSONS, ".md").sort().flatMap((path) => {
    const programs = [...Deno.readTextFileSync(path).matchAll(/^gimlet [^']*-e '([^']*)'/gm)];
    const lesson = `lesson s${path.replace(/.*\//, "")[0]}`;
    return programs.map(([, program = ""], i) => [`${lesson}: ${i + 1}`, ["-e", program]] as const);
  });
}

function peers(): Named[] {
  const paths = FOLDERS.flatMap((folder) => filesUnder(folder, ".bt")).sort();
  return paths.map((path) => [path.replace(/.*\//, ""), [path]]);
}

/** The CPU time that a script takes, in ms. */
async function compileTime(words: readonly string[]): Promise<number> {
  const { status, stderr } = await run([BINARY, "check", "-v", ...words]);
  const [, taken] = /with ([\d.]+) ms of CPU/.exec(stderr) ?? [];
  if (status === 0 && taken !== undefined) return Number(taken);
  throw new Error(`Cannot compile ${words.join(" ")}: ${status}: ${stderr}`);
}

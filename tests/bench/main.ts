/**
 * `deno task bench [NAME…] [--check] [--report]`: what gimlet costs, side by side with its peers on the same machine, in the same
 * minutes. Ratios count; the times themselves say more about the machine. With --check what has to hold is held, with --report
 * docs/benchmarks.md is written: of the benches that are named
 * anew, of the others as it was.
 */

import { readText } from "../../ffi/host/files.ts";
import { aggregation } from "./aggregation.ts";
import { attaching } from "./attaching.ts";
import { compiling } from "./compiling.ts";
import { cost } from "./cost.ts";
import { doctor } from "./doctor.ts";
import { filesOf, FOLDER, type Measurements, parseMeasurements, SOURCE } from "./document.ts";
import { draining } from "./draining.ts";
import { ending } from "./ending.ts";
import { growth } from "./growth.ts";
import { listing } from "./listing.ts";
import { machine } from "./machine.ts";
import { machines } from "./machines.ts";
import { maps } from "./maps.ts";
import { figure, holds, type Result, textOf } from "./measure.ts";
import { printing } from "./printing.ts";
import { start } from "./start.ts";

const BENCHES: Readonly<Record<string, () => Promise<Result[]>>> = {
  start,
  compiling,
  cost,
  draining,
  printing,
  aggregation,
  maps,
  growth,
  ending,
  doctor,
  listing,
  machines,
  attaching,
};

const ROOT = new URL("../..", import.meta.url).pathname;
const FLAGS = ["--check", "--report"];

const names = Deno.args.filter((word) => !FLAGS.includes(word));
const unknown = names.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(", ")}: there are ${Object.keys(BENCHES).join(", ")}`);
  Deno.exit(2);
}
const asked = names.length > 0 ? names : Object.keys(BENCHES);
const failed: string[] = [];
const measured: Record<string, Result[]> = {};
for (const name of asked) {
  const start = performance.now();
  try {
    measured[name] = await BENCHES[name]!();
    for (const result of measured[name]) console.log(textOf(result).join("\n") + "\n");
  } catch (error) {
    // The others are worth their time all the same.
    failed.push(name);
    console.error(`error: Cannot measure ${name}: ${error instanceof Error ? error.stack : error}`);
  }
  console.error(`${name}: ${figure((performance.now() - start) / 1000)} s\n`);
}
if (Deno.args.includes("--report")) await report();
const checks = Object.values(measured).flat().flatMap(({ checks = [] }) => checks);
const broken = checks.filter((it) => !holds(it));
for (const { what, value, atMost } of broken) {
  console.error(`does not hold: ${what}: ${figure(value)}, at most ${figure(atMost)}`);
}
if (failed.length > 0) console.error(`could not be measured: ${failed.join(", ")}`);
console.error(`${checks.length - broken.length} of ${checks.length} hold`);
if (failed.length > 0 || (Deno.args.includes("--check") && broken.length > 0)) Deno.exit(1);

async function report(): Promise<void> {
  const old = readText(`${ROOT}${FOLDER}/${SOURCE}`);
  const before: Measurements["benches"] = old === undefined ? {} : parseMeasurements(old).benches;
  const all = Object.keys(BENCHES).flatMap((name) => {
    const results = measured[name] ?? before[name];
    return results === undefined || failed.includes(name) ? [] : [[name, results] as const];
  });
  const files = filesOf({ machine: await machine(), benches: Object.fromEntries(all) });
  await Deno.mkdir(`${ROOT}${FOLDER}`, { recursive: true });
  const paths = [...files.keys()].map((path) => `${ROOT}${path}`);
  for (const [path, text] of files) await Deno.writeTextFile(`${ROOT}${path}`, text);
  const args = ["fmt", "-q", ...paths];
  const { success } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).output();
  if (!success) throw new Error(`Cannot format ${paths.join(" ")}`);
}

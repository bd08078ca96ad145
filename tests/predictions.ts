/** What `gimlet doctor` says of the tools, held against what they do: shared by tests on this and on other kernels. */

import { tools } from "../programs/registry.gen.ts";
import { assertEquals } from "./assert.ts";
import { type JsonRecord, jsonRecords, ofType } from "./records.ts";

const BREAK = "---- ";
/** A process for tools that look into one. */
const WITH_PROCESS = tools.filter(({ selftest }) => selftest.args !== undefined);

/** A shell script that lets the doctor speak, then every tool try all its plans. `$1` is gimlet. */
export const PREDICT_AND_TRY = [
  '"$1" doctor --json',
  ...tools.map(({ name }) => {
    const process = WITH_PROCESS.some((tool) => tool.name === name) ? " $$" : "";
    return `echo "${BREAK}${name}"; "$1" ${name}${process} --plan list --json 2> /dev/null || true`;
  }),
].join("\n");

/** A plan of a tool, and whether it works. */
type Plans = readonly (readonly [plan: string, usable: boolean])[];

/**
 * Holds the script's output: each tool's plans up to the first that works are as predicted, and the tool is said to work exactly where
 * there is one. Gives the doctor's records.
 */
export function assertPredicted(output: string): JsonRecord[] {
  const [said = "", ...tried] = output.split(BREAK);
  const doctor = jsonRecords(said);
  const verdicts = ofType(doctor, "verdict");
  assertEquals(verdicts.map(({ tool }) => tool), tools.map(({ name }) => name));
  assertEquals(tried.length, tools.length);
  for (const text of tried) {
    const [name = "", ...lines] = text.split("\n");
    const verdict = verdicts.find(({ tool }) => tool === name)!;
    const predicted = (verdict.plans as { plan: string; usable: boolean }[])
      .map(({ plan, usable }) => [plan, usable] as const);
    const real = upToChosen(ofType(jsonRecords(lines.join("\n")), "plan"));
    assertEquals([name, predicted], [name, real], JSON.stringify(verdict));
    const chosen = real.find(([, usable]) => usable)?.[0] ?? null;
    assertEquals([name, verdict.plan], [name, chosen]);
  }
  return doctor;
}

function upToChosen(plans: readonly JsonRecord[]): Plans {
  const all = plans.map(({ plan, probes }) => [String(plan), probes !== undefined] as const);
  const chosen = all.findIndex(([, usable]) => usable);
  return chosen < 0 ? all : all.slice(0, chosen + 1);
}

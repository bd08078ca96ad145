/**
 * Compiles and loads random scripts: `deno task fuzz:script [COUNT] [SEED]`; 10,000 where nothing is said. Needs root.
 *
 * No script may crash the compiler, and none may be refused by the verifier without naming a line.
 */

import { tryScripts } from "./script_trial.ts";

const [count = "10000", seed = "1", show] = Deno.args;
const started = performance.now();
const { scripts, refused, loaded, refusedByVerifier, failures } = tryScripts(Number(count), {
  seed: Number(seed),
  progress: (done) => console.error(`${done} of ${count}`),
  refusal: (script, said) => {
    if (show === "--show-refusals") console.log(`--- refused by the verifier: ${said}\n${script}`);
  },
});
for (const failure of failures) console.log(`--- failure\n${failure}`);
const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(
  `${scripts} scripts in ${seconds} s: ${loaded} loaded, ${refused} refused by the compiler, ` +
    `${refusedByVerifier} refused by the verifier with the line named, ${failures.length} failures`,
);
if (failures.length > 0) Deno.exit(1);

/** What becomes of random scripts: compiled for this machine's kernel, and loaded. */

import { openObject } from "../../ffi/bpf/object.ts";
import { verifierRefusal } from "../../ffi/bpf/verifier_log.ts";
import { BpfError } from "../../ffi/errors.ts";
import { compile } from "../../programs/script/compile.ts";
import { RunningKernel } from "../../programs/script/run.ts";
import { skeletonOf } from "../../programs/script/run/maps.ts";
import { DEFAULT_SETTINGS } from "../../programs/script/settings.ts";
import { Source } from "../../programs/script/source.ts";
import { generator } from "../generator.ts";
import { grammarScript } from "./script_grammar.ts";

/** How scripts went. */
export interface Trial {
  readonly scripts: number;
  /** The compiler found a mistake, and said where. */
  readonly refused: number;
  readonly loaded: number;
  /** The verifier refused them, and a line of the script is named. */
  readonly refusedByVerifier: number;
  /** The scripts that crashed the compiler, or were refused without a word about the line; with what was said. */
  readonly failures: readonly string[];
}

const facts = new RunningKernel();

/** Tries `count` scripts of the grammar; the same `seed` gives the same ones. */
export function tryScripts(
  count: number,
  { seed, progress = () => {}, refusal = () => {} }: {
    readonly seed: number;
    readonly progress?: (done: number) => void;
    readonly refusal?: (script: string, said: string) => void;
  },
): Trial {
  const random = generator(seed);
  const sums = { refused: 0, loaded: 0, refusedByVerifier: 0 };
  const failures: string[] = [];
  for (let i = 0; i < count; i++) {
    const text = grammarScript(random);
    try {
      const said = tryScript(text);
      sums[said.outcome]++;
      if (said.outcome === "refusedByVerifier") refusal(text, said.what);
    } catch (error) {
      const { message, stack = "" } = error as Error;
      failures.push(`${message}\n${stack.split("\n").slice(1, 6).join("\n")}\n${text}`);
    }
    if (i % 500 === 499) progress(i + 1);
  }
  return { scripts: count, ...sums, failures };
}

interface Said {
  readonly outcome: "refused" | "loaded" | "refusedByVerifier";
  readonly what: string;
}

function tryScript(text: string): Said {
  const source = new Source("random", text);
  const { plan, diagnostics } = compile(source, {
    facts,
    settings: { ...DEFAULT_SETTINGS, parameters: ["5"] },
    suggest: () => "",
  });
  if (plan === undefined) {
    const [first] = diagnostics.all.filter(({ severity }) => severity === "error");
    if (first === undefined) throw new Error("neither a plan nor a mistake");
    return { outcome: "refused", what: first.message };
  }
  try {
    using _object = openObject(skeletonOf(plan, "random"), { source: plan.object, name: "script" })
      .load();
    return { outcome: "loaded", what: "" };
  } catch (error) {
    if (!(error instanceof BpfError)) throw error;
    const refusal = verifierRefusal(error.log);
    if (refusal?.source === undefined) {
      throw new Error(`refused without a line: ${error.message}\n${error.log.slice(-2000)}`);
    }
    return { outcome: "refusedByVerifier", what: `${refusal.reason}\n${refusal.source}` };
  }
}

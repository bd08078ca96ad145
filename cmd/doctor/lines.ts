/** The findings of `gimlet doctor` for people. */

import type { BpfError } from "../../ffi/errors.ts";
import type { Diagnosis, ProbeTypeVerdict, ToolVerdict } from "../../programs/doctor/diagnosis.ts";
import type { Fact } from "../../programs/doctor/environment.ts";
import { type Feature, FEATURE_KINDS } from "../../programs/doctor/features.ts";
import { VERSION } from "../../programs/lib/version.ts";
import { bold, dim, red } from "../std.ts";
import { featureFix, fixOf, probeTypeFix } from "./fix.ts";
import { summaryOf } from "./records.ts";

const WIDTH = 32;
/** Tools that look into a process are judged for one that is there. */
const FOR_ITSELF = " (were it to trace gimlet itself)";

/** The text; `verbose` names each feature. What helps is said once, where it is first needed. */
export function doctorLines(
  { facts, features, probeTypes, tools }: Diagnosis,
  { verbose = false } = {},
): string[] {
  const fixes = new Fixes();
  const working = tools.filter((tool) => summaryOf(tool).usable).length;
  return [
    `gimlet ${VERSION}: ${working} of ${tools.length} tools work here`,
    "",
    bold("Tools, as predicted by what is below"),
    ...tools.flatMap((tool) => toolLines(tool, fixes)),
    "",
    bold("Probe types, each tried and detached again"),
    ...probeTypes.flatMap((type) => probeTypeLines(type, fixes)),
    "",
    bold("Machine and process"),
    ...facts.flatMap((fact) => factLines(fact, fixes)),
    "",
    bold("BPF"),
    ...FEATURE_KINDS.flatMap((kind) =>
      featureLines(kind, features.filter((each) => each.kind === kind), { verbose, fixes })
    ),
  ];
}

/** Says what helps, each once. */
class Fixes {
  readonly #said = new Set<string>();

  lines(fix: string | undefined): string[] {
    if (fix === undefined || this.#said.has(fix)) return [];
    this.#said.add(fix);
    return fix.split("\n").map((line) => `      ${bold("→")} ${line}`);
  }
}

function line(name: string, text: string): string {
  return `  ${name.padEnd(WIDTH)} ${text}`;
}

function no(error: BpfError): string {
  return `${red("no")}: ${error.cause}`;
}

function toolLines(verdict: ToolVerdict, fixes: Fixes): string[] {
  const { usable, plan, error } = summaryOf(verdict);
  if (usable) {
    const because = error === undefined ? "" : `, because ${error.cause}`;
    const forWhom = Object.keys(verdict.args).length === 0 ? "" : dim(FOR_ITSELF);
    return [line(verdict.tool, `yes, by ${plan}${because}${forWhom}`)];
  }
  if (error === undefined) return [];
  return [line(verdict.tool, no(error)), ...fixes.lines(fixOf(error))];
}

function probeTypeLines(
  { type, triedAs, wasTried, error }: ProbeTypeVerdict,
  fixes: Fixes,
): string[] {
  const how = triedAs === type ? "" : dim(` (as ${triedAs})`);
  if (error === undefined) return [line(type, `yes${how}`)];
  const text = wasTried ? `${no(error)}${how}` : `not tried: ${error.cause}`;
  return [line(type, text), ...fixes.lines(probeTypeFix(type, error))];
}

function factLines({ name, value, knownBy, source, problem, fix }: Fact, fixes: Fixes): string[] {
  const shown = value ?? "unknown";
  const by = knownBy === "nothing" ? `looked for in ${source}` : source;
  return [
    line(name, `${shown}${problem === undefined ? "" : `: ${problem}`} ${dim(`(${by})`)}`),
    ...fixes.lines(fix),
  ];
}

const KIND_TEXT = {
  program_type: "program types",
  map_type: "map types",
  attach_type: "attach types",
  helper: "helpers for kprobes",
  libbpf_function: "newer functions of libbpf",
} as const;

function featureLines(
  kind: Feature["kind"],
  features: readonly Feature[],
  { verbose, fixes }: { readonly verbose: boolean; readonly fixes: Fixes },
): string[] {
  const title = KIND_TEXT[kind];
  const yes = namesOf(features, true);
  const not = namesOf(features, false);
  const unknown = namesOf(features, undefined);
  if (features.length === 0) return [line(title, "unknown: neither BTF nor libbpf names them")];
  const known = new Set(features.map(({ knownBy }) => knownBy).filter((by) => by !== "nothing"));
  const by = known.size === 0 ? "" : dim(` (${[...known].join(", ")})`);
  // Programs of each type may call few of the helpers only: the others are no news.
  const missing = kind === "helper" && !verbose ? [] : not;
  return [
    line(
      title,
      `${yes.length} of ${features.length}${
        unknown.length === 0 ? "" : `, ${unknown.length} unknown`
      }${by}`,
    ),
    ...listed("yes", verbose ? yes : []),
    ...listed("no", missing),
    ...listed("unknown", verbose || unknown.length < features.length ? unknown : []),
    ...missing.length === 0 || kind === "helper"
      ? []
      : features.filter(({ available }) => available === false).slice(0, 1)
        .flatMap((feature) => fixes.lines(featureFix(feature))),
  ];
}

function namesOf(features: readonly Feature[], available: boolean | undefined): string[] {
  return features.filter((each) => each.available === available).map(({ name }) => name);
}

/** `no: ext, lsm`, in lines that are not too long. */
function listed(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const lines: string[] = [];
  let current = `      ${what}:`;
  for (const [i, name] of names.entries()) {
    const word = ` ${name}${i + 1 < names.length ? "," : ""}`;
    if (current.length + word.length > 100) {
      lines.push(current);
      current = "       ";
    }
    current += word;
  }
  return [...lines, current];
}

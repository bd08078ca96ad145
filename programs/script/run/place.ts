/** Loads a script, and sets its programs in their places. */

import type { Link } from "../../../ffi/bpf/link.ts";
import { type LoadedObject, openObject } from "../../../ffi/bpf/object.ts";
import type { Program } from "../../../ffi/bpf/program.ts";
import type { Skeleton } from "../../../ffi/bpf/skeleton.ts";
import { BpfError } from "../../../ffi/errors.ts";
import {
  moduleFunctionAddresses,
  moduleFunctions,
  modulesWithSymbols,
} from "../../../ffi/probes/module_function.ts";
import { explained } from "../../../ffi/probes/permission.ts";
import { AttachedPlan } from "../../../ffi/probes/plan.ts";
import { findUserFile, findUserFunctions } from "../../../ffi/probes/user_function.ts";
import type { Plan, ProgramPlan } from "../plan.ts";
import { type Attachment, attachmentName, type KernelPlace } from "../probes.ts";
import type { Settings } from "../settings.ts";
import type { Span } from "../source.ts";
import { didYouMean } from "../../lib/nearest.ts";
import { attachScriptProgram, inPath } from "./attach.ts";
import { userFunctions } from "./facts.ts";
import { skeletonOf } from "./maps.ts";

/** How a script is set in its places. */
export interface PlaceOptions {
  /** The script's name, for messages. */
  readonly name: string;
  /** The one process that probes in user space are set in. */
  readonly pid?: number | undefined;
  /** What becomes of a probe that is not there. */
  readonly missingProbes?: Settings["missingProbes"];
  /** Told which probe cannot be set, before that is thrown; with what was perhaps meant, else an empty string. */
  readonly onRefused?: ((span: Span, suggestion: string) => void) | undefined;
}

/** A script in the kernel, with its programs in their places. */
export interface PlacedScript {
  readonly attached: AttachedPlan<Skeleton>;
  /** The names of the probes that are there. */
  readonly probes: readonly string[];
  /** What is not there, a line each: as far as somebody wants to know. */
  readonly notes: readonly string[];
}

/** How a program goes to many functions at once, by the kinds of probes that can. */
const MULTI_TYPES: Partial<Record<Attachment["kind"], string>> = {
  kprobe: "trace_kprobe_multi",
  kretprobe: "trace_kprobe_multi",
  uprobe: "trace_uprobe_multi",
  uretprobe: "trace_uprobe_multi",
};

/** Programs that go to many functions at once, by their names, and how. */
type Wide = ReadonlyMap<string, string>;

/**
 * Loads and attaches: many functions at once where that works here, else one after another.
 *
 * @throws {BpfError} where a probe that is wanted is not there, or none is
 */
export function placeScript(plan: Plan, options: PlaceOptions): PlacedScript {
  for (const wide of waysToGoWide(plan, options)) {
    try {
      return new Placing(plan, { ...options, onRefused: undefined }, wide).placed();
    } catch (error) {
      if (!(error instanceof BpfError)) throw error;
    }
  }
  return explained(() => new Placing(plan, options, new Map()).placed());
}

/** All programs that could, then those of one kind: the kernel may know but that, or a function of the others be missing. */
function waysToGoWide({ programs }: Plan, { pid }: PlaceOptions): Wide[] {
  const wide = programs.flatMap(({ name, attachments }): [string, string][] => {
    const [first, ...more] = attachments;
    const type = first && MULTI_TYPES[first.kind];
    // Before Linux 6.10 the kernel took a process for one of its threads.
    const isOfOne = type === "trace_uprobe_multi" && pid !== undefined;
    const isInside = attachments.some((each) => "offset" in each && each.offset !== 0);
    const alone = more.length === 0 || isOfOne || isInside;
    return type === undefined || alone ? [] : [[name, type]];
  });
  const kinds = [...new Set(wide.map(([, type]) => type))];
  const ways = [kinds, ...(kinds.length > 1 ? kinds.map((kind) => [kind]) : [])];
  return wide.length === 0
    ? []
    : ways.map((types) => new Map(wide.filter(([, type]) => types.includes(type))));
}

/** A probe at one of its places. */
interface Attempt {
  readonly span: Span;
  readonly attachment: Attachment;
}

class Placing {
  readonly #plan: Plan;
  readonly #options: PlaceOptions;
  readonly #multi: Wide;
  readonly #object: LoadedObject<Skeleton>;
  readonly #links: Link[] = [];
  readonly #probes: string[] = [];
  readonly #missing: BpfError[] = [];
  /** What is attached at the moment. */
  #current: Attempt | undefined;
  #firstMissing: Attempt | undefined;

  constructor(plan: Plan, options: PlaceOptions, multi: Wide) {
    this.#plan = plan;
    this.#options = options;
    this.#multi = multi;
    const source = { source: plan.object, name: "script" };
    const opened = openObject(skeletonOf(plan, options.name), source);
    for (const [program, type] of multi) opened.setExpectedAttachType(program, type);
    this.#object = opened.load();
  }

  placed(): PlacedScript {
    const attached = new AttachedPlan("script", this.#object, this.#links);
    try {
      for (const program of this.#plan.programs) this.#attach(program);
      this.#current = this.#firstMissing;
      return { attached, probes: this.#probes, notes: this.#notes() };
    } catch (error) {
      this.#tellRefused();
      attached[Symbol.dispose]();
      throw error;
    }
  }

  /** A function that is not there is passed over, as long as something else is there. */
  #attach(plan: ProgramPlan): void {
    if (this.#multi.has(plan.name)) return this.#attachMulti(plan);
    const { pid, missingProbes = "warn" } = this.#options;
    const program = this.#object.program(plan.name);
    const [first] = plan.attachments;
    if (first?.kind === "tracepoint" && first.syscall !== undefined) {
      return this.#attachSyscalls(plan, program);
    }
    for (const each of plan.attachments) {
      this.#current = { span: plan.span, attachment: each };
      try {
        this.#links.push(...attachScriptProgram(program, each, { pid }));
        this.#probes.push(plan.attachments.length === 1 ? plan.probe : attachmentName(each));
      } catch (error) {
        const isMissing = error instanceof BpfError && error.code === "E_NO_PROBE";
        if (!isMissing || missingProbes === "error") throw error;
        this.#firstMissing ??= this.#current;
        this.#missing.push(error);
      }
    }
  }

  #attachMulti({ name, attachments }: ProgramPlan): void {
    const program = this.#object.program(name);
    const [first] = attachments;
    const link = first !== undefined && "path" in first
      ? program.attachUprobeMulti(userFunctionsAt(first.path, attachments))
      : program.attachKprobeMulti(functionsAt(attachments), {
        onReturn: first?.kind === "kretprobe",
      });
    this.#links.push(link);
    this.#probes.push(...attachments.map(attachmentName));
  }

  /** One link shows all of its system calls. */
  #attachSyscalls(plan: ProgramPlan, program: Program): void {
    const { attachments: [first, ...more], span, probe } = plan;
    this.#current = { span, attachment: first! };
    this.#links.push(...attachScriptProgram(program, first!, { pid: this.#options.pid }));
    this.#probes.push(...more.length === 0 ? [probe] : plan.attachments.map(attachmentName));
  }

  #tellRefused(): void {
    if (this.#current === undefined) return;
    const { span, attachment } = this.#current;
    this.#options.onRefused?.(span, suggestionFor(attachment));
  }

  #notes(): string[] {
    const [first] = this.#missing;
    const { missingProbes } = this.#options;
    // A script that says what it wants is content with BEGIN and END.
    const rest = missingProbes === undefined ? this.#links : this.#probes;
    if (first !== undefined && rest.length === 0) throw first;
    return missingProbes === "ignore" ? [] : this.#missing.map(({ message }) => message);
  }
}

/** What was perhaps meant by a probe that is not there; empty where nobody knows. */
function suggestionFor(attachment: Attachment): string {
  switch (attachment.kind) {
    case "uprobe":
    case "uretprobe":
      return attachment.symbol === ""
        ? ""
        : didYouMean(attachment.symbol, functionsOf(attachment.path));
    case "kprobe":
    case "kretprobe":
    case "fentry":
    case "fexit":
      return functionInstead(attachment) ||
        `Say why: gimlet list --why ${attachment.kind}:${attachment.symbol}`;
    default:
      return "";
  }
}

/** Functions by name, or by address where a module was named: another may have a function of the same name. */
function functionsAt(attachments: readonly Attachment[]) {
  const functions = attachments.flatMap((each) => "module" in each ? [each] : []);
  if (functions.every(({ module }) => module === "")) {
    return { symbols: functions.map(({ symbol }) => symbol) };
  }
  return { addresses: functions.flatMap((each) => moduleFunctionAddresses(each)) };
}

/** Functions of a file, by their places in it. */
function userFunctionsAt(path: string, attachments: readonly Attachment[]) {
  const symbols = attachments.flatMap((each) => "symbol" in each ? [each.symbol] : []);
  const functions = findUserFunctions(inPath(path), symbols);
  return {
    path: findUserFile(inPath(path)),
    offsets: functions.flatMap(({ offsets }) => offsets),
    onReturn: attachments[0]?.kind === "uretprobe",
  };
}

/** What is there in place of a function of a module. */
function functionInstead({ module, symbol }: KernelPlace): string {
  if (module === "") return "";
  const functions = moduleFunctions(module);
  return functions.length === 0
    ? didYouMean(module, modulesWithSymbols())
    : functions.includes(symbol)
    ? ""
    : didYouMean(symbol, functions);
}

function functionsOf(path: string): readonly string[] {
  try {
    return userFunctions(path, "*");
  } catch {
    return []; // the file itself is what is wrong
  }
}

/** Which programs a script needs: one for each probe at each of its places. Wildcards stand for all that match. */

import {
  type AttachPoint,
  type Expression,
  type ProbeNode,
  type Script,
  visitProbe,
} from "./ast.ts";
import { watcher } from "./builtins/control.ts";
import type { ProgramSource } from "./compile.ts";
import type { KernelFacts } from "./facts.ts";
import { signalNumber } from "./signals.ts";
import {
  type Attachment,
  attachmentName,
  inModule,
  type KernelPlace,
  readAttachPoint,
  splitAttachPoint,
  type WatchedArgument,
} from "./probes.ts";
import type { Settings } from "./settings.ts";
import type { Diagnostics } from "./source.ts";
import { joinSyscalls } from "./syscalls.ts";

interface Context {
  readonly facts: KernelFacts;
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  readonly suggest: (name: string, known: readonly string[]) => string;
}

/** The kinds of probes that see the same everywhere. */
const SHARED: readonly Attachment["kind"][] = ["kprobe", "kretprobe", "uprobe", "uretprobe"];

/** Gives the programs in the order of the script. What is not there is noted. */
export function expandWildcards(script: Script, context: Context): ProgramSource[] {
  const programs: ProgramSource[] = [];
  for (const probe of script.probes) {
    for (const attachPoint of probe.attachPoints) {
      programs.push(...expandPoint(probe, attachPoint, context));
    }
  }
  const { diagnostics, settings } = context;
  const [first] = script.probes;
  const count = programs.reduce((sum, { attachments }) => sum + attachments.length, 0);
  if (count > settings.maxProbes && first !== undefined) {
    diagnostics.error(
      first.span,
      `Can't attach to ${count} probes because it exceeds the current limit of ${settings.maxProbes} probes`,
      "Raise it with BPFTRACE_MAX_PROBES, or name fewer",
    );
    return [];
  }
  return joinSyscalls(programs, context.facts);
}

function expandPoint(
  probe: ProbeNode,
  attachPoint: AttachPoint,
  context: Context,
): ProgramSource[] {
  const { text, span } = attachPoint;
  const read = readAttachPoint(withParameters(text, context.settings), span, context);
  if (read === undefined) return [];
  const needsBtf = read.kind === "rawtracepoint" && calls(probe, "skboutput");
  const attachment: Attachment = needsBtf ? { ...read, byBtf: true } : read;
  const found = expandAttachment(attachment, attachPoint, context);
  if (attachment.kind === "watchpoint" && typeof attachment.address === "object") {
    return expandWatched(probe, attachPoint, { found, address: attachment.address, context });
  }
  const [first] = found;
  if (first === undefined) return [];
  // The code is the same everywhere, unless it says where it is, or sees arguments of other types.
  const { kind } = first.attachment;
  const ownTypes = ["tracepoint", "usdt", "fentry", "fexit"].includes(kind);
  const saysWhere = names(probe, "probe") || kind === "kretprobe" && names(probe, "func") ||
    calls(probe, "uaddr");
  if (!ownTypes && !saysWhere) {
    const attachments = found.map(({ attachment }) => attachment);
    const isShared = SHARED.includes(kind);
    return [{ probe, attachment: first.attachment, attachments, attachPoint, isShared }];
  }
  return found.map(({ attachment, text }) => ({
    probe,
    attachment,
    attachments: [attachment],
    attachPoint: { text, span },
    isShared: false,
  }));
}

/** The probe at the memory, and one at the function, which says where that is. */
function expandWatched(
  probe: ProbeNode,
  attachPoint: AttachPoint,
  { found, address: { symbol, index }, context }: {
    readonly found: readonly Expanded[];
    readonly address: WatchedArgument;
    readonly context: Context;
  },
): ProgramSource[] {
  const { span } = attachPoint;
  const path = context.settings.program ?? "";
  const entry = { kind: "uprobe", path, symbol, cpp: false, offset: 0 } as const;
  return found.flatMap(({ attachment }) => {
    const stops = attachment.kind === "watchpoint" && !attachment.async;
    const body = [watcher(index, { stops, span })];
    return [
      { probe, attachPoint, attachment, attachments: [attachment], isShared: false },
      {
        probe: { attachPoints: [attachPoint], predicate: undefined, body, span },
        attachPoint: { text: attachmentName(entry), span },
        attachment: entry,
        attachments: [entry],
        isShared: false,
      },
    ];
  });
}

/** Whether a probe's body or predicate has a name in it. */
function names(probe: ProbeNode, name: string): boolean {
  return hasNode(probe, (node) => node.kind === "identifier" && node.name === name);
}

/** Whether a probe calls a function. */
function calls(probe: ProbeNode, name: string): boolean {
  return hasNode(probe, (node) => node.kind === "call" && node.name === name);
}

function hasNode(probe: ProbeNode, isIt: (node: Expression) => boolean): boolean {
  let found = false;
  visitProbe(probe, (node) => found ||= isIt(node));
  return found;
}

/** `$1` in the name of a probe. */
function withParameters(text: string, { parameters }: Settings): string {
  return text.replaceAll(/\$(\d+)/g, (_, index: string) => parameters[Number(index) - 1] ?? "");
}

interface Expanded {
  readonly attachment: Attachment;
  readonly text: string;
}

function expandAttachment(
  attachment: Attachment,
  { text, span }: AttachPoint,
  { facts, settings, diagnostics, suggest }: Context,
): Expanded[] {
  const missing = (message: string, hint: string): Expanded[] => {
    const { missingProbes = "error" } = settings;
    if (missingProbes === "error") diagnostics.error(span, message, hint);
    else if (missingProbes === "warn") diagnostics.warning(span, message, hint);
    return [];
  };
  // A wildcard may well stand for nothing, as long as there is something else.
  const none = (message: string): Expanded[] => {
    if (settings.missingProbes !== "ignore") diagnostics.warning(span, message);
    return [];
  };
  switch (attachment.kind) {
    case "tracepoint": {
      const { category, event } = attachment;
      const name = `${category}:${event}`;
      if (hasWildcard(name)) {
        const matches = matcher(name);
        const ofOne = hasWildcard(category) ? undefined : category;
        const found = facts.tracepoints(ofOne).filter((each) => matches.test(each));
        if (found.length === 0) return none(`No tracepoints match ${name}`);
        return found.map((each) => {
          const [category = "", event = ""] = each.split(":");
          return {
            attachment: { kind: "tracepoint", category, event },
            text: `tracepoint:${each}`,
          };
        });
      }
      if (facts.tracepoint(category, event) !== undefined) return [{ attachment, text }];
      return missing(`tracepoint not found: ${name}`, suggest(name, facts.tracepoints()));
    }
    case "fentry":
    case "fexit":
      return expandTraced(attachment, text, { facts, missing, none, suggest });
    case "iter": {
      const { iterator } = attachment;
      if (facts.type(`struct bpf_iter__${iterator}`) !== undefined) return [{ attachment, text }];
      return missing(`iter ${iterator} is not available on this kernel`, "");
    }
    case "signal": {
      const { signal } = attachment;
      if (signalNumber(signal) !== undefined) return [{ attachment, text }];
      diagnostics.error(span, `${signal} is not a supported signal`);
      return [];
    }
    case "watchpoint": {
      const { address } = attachment;
      if (typeof address === "object") {
        if (settings.program !== undefined) return [{ attachment, text }];
        const message = "a watchpoint of what a function is given needs a program";
        diagnostics.error(span, message, "-p PID or -c CMD names it");
        return [];
      }
      const known = typeof address === "bigint" ? address : facts.kernelSymbol(address);
      if (known === undefined) return missing(`no symbol of the kernel is called ${address}`, "");
      if (known % BigInt(attachment.length) !== 0n) {
        diagnostics.error(span, `a watchpoint's address must be a multiple of its length`);
      }
      return [{ attachment: { ...attachment, address: known }, text }];
    }
    case "kprobe":
    case "kretprobe": {
      const pattern = inModule(attachment);
      if (!hasWildcard(pattern)) return [{ attachment, text }];
      const found = facts.kernelFunctions(pattern);
      if (found.length === 0) return none(`No functions of the kernel match ${pattern}`);
      return found.map((name) => ({
        attachment: { ...attachment, ...placeOf(name) },
        text: `${attachment.kind}:${name}`,
      }));
    }
    case "uprobe":
    case "uretprobe": {
      const { symbol, path, kind } = attachment;
      const isCpp = attachment.cpp || /::|\(/.test(symbol);
      if (!hasWildcard(symbol) && !isCpp) return [{ attachment, text }];
      // Without its parameters, a name of C++ stands for all functions of that name.
      const pattern = isCpp && !/[(*?]/.test(symbol) ? `${symbol}(*` : symbol;
      const exact = facts.userFunctions(path, pattern);
      const found = exact.length === 0 && isCpp ? facts.userFunctions(path, symbol) : exact;
      if (found.length === 0) {
        const message = `No functions of ${path} match ${symbol}`;
        return hasWildcard(symbol) ? none(message) : missing(message, "");
      }
      return found.map((name) => ({
        attachment: { ...attachment, symbol: name },
        text: `${kind}:${path}:${name}`,
      }));
    }
    case "usdt": {
      const { path, group, name } = attachment;
      const found = facts.usdtProbes(path, group, name);
      if (found.length === 0) return missing(`${path} has no USDT probe ${group}:${name}`, "");
      // The compiler may have put an argument elsewhere at each place.
      const variants = Map.groupBy(found, ({ group, args }) => group + JSON.stringify(args, plain));
      return [...variants.values()].map((probes) => ({
        attachment: {
          ...attachment,
          group: probes[0]!.group,
          places: probes.map(({ place }) => place),
          args: probes[0]!.args,
        },
        text,
      }));
    }
    default:
      return [{ attachment, text }];
  }
}

/** What the places of fentry and fexit are looked for with. */
interface Search extends Pick<Context, "facts" | "suggest"> {
  readonly missing: (message: string, hint: string) => Expanded[];
  readonly none: (message: string) => Expanded[];
}

/** Functions that BTF describes: that of the kernel, or of the module that has them. */
function expandTraced(
  attachment: Extract<Attachment, { kind: "fentry" | "fexit" }>,
  text: string,
  { facts, missing, none, suggest }: Search,
): Expanded[] {
  const { module, symbol } = attachment;
  const pattern = inModule(attachment);
  if (hasWildcard(pattern)) {
    const found = facts.kernelFunctions(module === "" ? `*:${symbol}` : pattern).map(placeOf)
      .filter((each) => isOnly(each, facts));
    if (found.length === 0) return none(`No functions of the kernel match ${pattern}`);
    const [spelled = ""] = splitAttachPoint(text);
    return found.map((each) => ({
      attachment: { ...attachment, ...each },
      text: `${spelled}:${inModule(each)}`,
    }));
  }
  if (module !== "" && !facts.modules().includes(module)) {
    const hint = suggest(module, facts.modules());
    return missing(`the module ${module} is not loaded, or has no BTF`, hint);
  }
  if (module !== "" && facts.kernelFunction(symbol, module) === undefined) {
    const names = facts.kernelFunctions(`${module}:*`).map((name) => placeOf(name).symbol);
    return missing(`the BTF of ${module} has no function ${symbol}`, suggest(symbol, names));
  }
  const [first = "", ...more] = facts.modulesOf(symbol);
  if (first === "") return missing(`the kernel's BTF has no function ${symbol}`, "");
  const place = { module: module || first, symbol };
  if (isOnly(place, facts)) return [{ attachment: { ...attachment, ...place }, text }];
  const others = [first, ...more].filter((each) => each !== place.module);
  return missing(
    `not supported: ${inModule(place)}, as there is a ${symbol} in ${others.join(", ")}, too`,
    `Use ${attachment.kind === "fentry" ? "kprobe" : "kretprobe"}:${inModule(place)}`,
  );
}

/** Whether the loader finds it, which looks by the function's name: in the kernel itself, then in all modules. */
function isOnly({ module, symbol }: KernelPlace, facts: KernelFacts): boolean {
  const [first, ...more] = facts.modulesOf(symbol);
  return first === module && more.length === 0;
}

/** `module:function`, taken apart. */
function placeOf(name: string): KernelPlace {
  const [symbol = "", module = ""] = name.split(":").toReversed();
  return { module, symbol };
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

function hasWildcard(name: string): boolean {
  return /[*?]/.test(name);
}

function matcher(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
}

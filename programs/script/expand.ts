/** Which programs a script needs: one for each probe at each of its places. Wildcards stand for all that match. */

import {
  type AttachPoint,
  type Expression,
  type ProbeNode,
  type Script,
  visitProbe,
} from "./ast.ts";
import type { ProgramSource } from "./compile.ts";
import type { KernelFacts } from "./facts.ts";
import { signalNumber } from "./signals.ts";
import { type Attachment, readAttachPoint, splitAttachPoint } from "./probes.ts";
import type { Settings } from "./settings.ts";
import type { Diagnostics } from "./source.ts";
import { joinSyscalls } from "./syscalls.ts";

interface Context {
  readonly facts: KernelFacts;
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  readonly suggest: (name: string, known: readonly string[]) => string;
}

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
  const attachment = readAttachPoint(withParameters(text, context.settings), span, context);
  if (attachment === undefined) return [];
  const found = expandAttachment(attachment, attachPoint, context);
  const [first] = found;
  if (first === undefined) return [];
  // The code is the same everywhere, unless it says where it is, or sees arguments of other types.
  const { kind } = first.attachment;
  const ownTypes = ["tracepoint", "usdt", "fentry", "fexit"].includes(kind);
  const saysWhere = names(probe, "probe") || kind === "kretprobe" && names(probe, "func") ||
    calls(probe, "uaddr");
  if (!ownTypes && !saysWhere) {
    const attachments = found.map(({ attachment }) => attachment);
    return [{ probe, attachment: first.attachment, attachments, attachPoint }];
  }
  return found.map(({ attachment, text }) => ({
    probe,
    attachment,
    attachments: [attachment],
    attachPoint: { text, span },
  }));
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
        const found = facts.tracepoints().filter((each) => matches.test(each));
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
    case "fexit": {
      const { symbol } = attachment;
      const isKnown = (name: string) => facts.kernelFunction(name) !== undefined;
      if (!hasWildcard(symbol)) {
        if (isKnown(symbol)) return [{ attachment, text }];
        return missing(`the kernel's BTF has no function ${symbol}`, "");
      }
      const found = facts.kernelFunctions(symbol).filter(isKnown);
      if (found.length === 0) return none(`No functions of the kernel match ${symbol}`);
      const [spelled = ""] = splitAttachPoint(text);
      return found.map((name) => ({
        attachment: { ...attachment, symbol: name },
        text: `${spelled}:${name}`,
      }));
    }
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
      const known = typeof address === "bigint" ? address : facts.kernelSymbol(address);
      if (known === undefined) return missing(`no symbol of the kernel is called ${address}`, "");
      if (known % BigInt(attachment.length) !== 0n) {
        diagnostics.error(span, `a watchpoint's address must be a multiple of its length`);
      }
      return [{ attachment: { ...attachment, address: known }, text }];
    }
    case "kprobe":
    case "kretprobe": {
      const { symbol, kind } = attachment;
      if (!hasWildcard(symbol)) return [{ attachment, text }];
      const found = facts.kernelFunctions(symbol);
      if (found.length === 0) return none(`No functions of the kernel match ${symbol}`);
      return found.map((name) => ({
        attachment: { ...attachment, symbol: name },
        text: `${kind}:${name}`,
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

/** Functions of the kernel and of its modules: kprobes and fentry, and what they see on return. */

import { BpfError } from "../../errors.ts";
import type { FunctionNames } from "../../host/filter_functions.ts";
import { requireKprobes } from "../kernel_function.ts";
import { listed, type ListRequest, type ProbeList } from "./listed.ts";
import { glob, isAll } from "./pattern.ts";

/** A BPF trampoline hands over as many arguments as registers hold; newer kernels know more. */
const MOST_ARGUMENTS = 6;
const UNVERIFIED =
  "the kernel does not tell what can be traced (available_filter_functions cannot be read): these are its functions, and some will be refused";

/** Lists `kprobe:vfs_read`; with a module in the pattern `kprobe:nfs:nfs_read`, and `vmlinux` for the kernel itself. */
export function listKprobes(request: ListRequest): ProbeList {
  const { sources, parts, named } = request;
  try {
    requireKprobes();
  } catch (error) {
    if (!(error instanceof BpfError)) throw error;
    return listed(request, [], { note: error.cause });
  }
  if (!named && sources.traceable === undefined) {
    return listed(request, [], { note: unreadable(request) });
  }
  const { functions, verified } = sources.functions;
  const found = matching(functions, parts).map(({ module, names }) => {
    const allowed = without(names, sources.blacklist);
    return parts.length > 1 ? qualified(module, allowed) : allowed;
  });
  const ordered = parts.length > 1 || found.length === 1;
  const note = verified ? undefined : UNVERIFIED;
  return listed(request, found.flat(), { verified, note, ordered });
}

/** Lists `fentry:vmlinux:vfs_read`: functions that can be traced, and whose arguments the kernel's BTF describes. */
export function listFentry(request: ListRequest): ProbeList {
  const { sources, parts, named } = request;
  if (sources.types.length === 0) {
    return listed(request, [], { note: "the kernel has no BTF in /sys/kernel/btf" });
  }
  if (!named && sources.traceable === undefined) {
    return listed(request, [], { note: unreadable(request) });
  }
  const { functions, verified } = sources.functions;
  const names = matching(functions, parts).flatMap(({ module, names }) => {
    const described = sources.described(module, MOST_ARGUMENTS);
    return qualified(module, names.filter((name) => described.has(name)));
  });
  const note = verified ? undefined : UNVERIFIED;
  return listed(request, names, { verified, note, ordered: true });
}

function unreadable({ type }: ListRequest): string {
  return `available_filter_functions cannot be read; ${type}:* lists what the kernel has, unverified`;
}

function qualified(module: string, names: readonly string[]): string[] {
  return names.map((name) => `${module}:${name}`);
}

/** The functions of a pattern, of a name or of a module and a name: by module, in the order that their qualified names have. */
function matching(functions: FunctionNames, parts: readonly string[]) {
  const [name = "*", module = "*", ...more] = parts.toReversed();
  const ofModule = glob(module);
  return Array.from(functions, ([module, names]) => ({ module, names: selected(names, name) }))
    .filter(({ module, names }) => names.length > 0 && ofModule(module) && more.length === 0)
    .sort((a, b) => `${a.module}:` < `${b.module}:` ? -1 : 1);
}

/** Names without a few others: those are looked for, not each of the many. */
function without(names: readonly string[], others: Iterable<string>): readonly string[] {
  const kept = [...names];
  for (const other of others) {
    const at = placeIn(kept, other);
    if (kept[at] === other) kept.splice(at, 1);
  }
  return kept;
}

/** Where a name stands in an ordered list, or would. */
function placeIn(names: readonly string[], name: string): number {
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (names[middle]! < name) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** All of them without a look at each: lists of all are the longest. */
function selected(names: readonly string[], pattern: string): readonly string[] {
  return isAll(pattern) ? names : names.filter(glob(pattern));
}

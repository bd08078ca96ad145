/** Functions of the kernel and of its modules: kprobes and fentry, and what they see on return. */

import { BpfError } from "../../errors.ts";
import type { FilterFunction } from "../../host/filter_functions.ts";
import { requireKprobes } from "../kernel_function.ts";
import { listed, type ListRequest, type ProbeList } from "./listed.ts";
import { glob, matcher } from "./pattern.ts";

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
  const allowed = matching(functions, parts).filter(({ name }) => !sources.blacklist.has(name));
  const names = allowed.map((each) => parts.length > 1 ? qualified(each) : each.name);
  return listed(request, names, { verified, note: verified ? undefined : UNVERIFIED });
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
  const isDescribed = ({ name, module }: FilterFunction) => {
    const count = sources.argumentCount(name, module);
    return count !== undefined && count <= MOST_ARGUMENTS;
  };
  const names = matching(functions, parts).filter(isDescribed)
    .map(qualified);
  return listed(request, names, { verified, note: verified ? undefined : UNVERIFIED });
}

function unreadable({ type }: ListRequest): string {
  return `available_filter_functions cannot be read; ${type}:* lists what the kernel has, unverified`;
}

function qualified({ name, module = "vmlinux" }: FilterFunction): string {
  return `${module}:${name}`;
}

function matching(
  functions: readonly FilterFunction[],
  parts: readonly string[],
): readonly FilterFunction[] {
  if (parts.length > 1) {
    const matches = matcher(parts);
    return functions.filter((each) => matches(qualified(each)));
  }
  const matches = glob(parts[0] ?? "*");
  return functions.filter(({ name }) => matches(name));
}

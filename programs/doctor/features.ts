/** The types of programs and maps, the places to attach and the helpers that the kernel's BPF has. */

import {
  canCallHelper,
  canLoadProgramType,
  canMakeMapType,
  type NamedType,
  newerLibbpfFunctions,
  typesOfLibbpf,
} from "../../ffi/bpf/attempts.ts";
import { libbpfVersion } from "../../ffi/bpf/version.ts";
import { readKernelBtf } from "../../ffi/probes/kernel_btf.ts";
import type { TrialResults } from "./trials.ts";

/** What a feature is. Helpers are those that programs of kprobes may call: tracing programs of other kinds have nearly the same. */
export const FEATURE_KINDS = [
  "program_type",
  "map_type",
  "attach_type",
  "helper",
  "libbpf_function",
] as const;

/** One feature, and how it is known. */
export interface Feature {
  readonly kind: typeof FEATURE_KINDS[number];
  /** The kernel's name without `BPF_…_TYPE_`, in lower case; of a function of libbpf its own. */
  readonly name: string;
  /** `undefined` where that cannot be known here. */
  readonly available: boolean | undefined;
  readonly knownBy: "attempt" | "btf" | "libbpf" | "nothing";
}

/** The enums of the kernel's BTF that name features, and what their members begin with. */
const ENUMS = {
  program_type: { name: "bpf_prog_type", prefix: "BPF_PROG_TYPE_" },
  map_type: { name: "bpf_map_type", prefix: "BPF_MAP_TYPE_" },
  attach_type: { name: "bpf_attach_type", prefix: "BPF_" },
  helper: { name: "bpf_func_id", prefix: "BPF_FUNC_" },
} as const;

type KernelKind = keyof typeof ENUMS;

/**
 * Lists what the kernel's BTF names, or else libbpf, and tries the programs, maps and helpers. `trials` is what came of the probe types;
 * without them nothing is tried, and what has a name may yet be switched off.
 */
export function findFeatures(trials: TrialResults | undefined): Feature[] {
  const hasLibbpf = libbpfVersion() !== undefined;
  const described = readMembers();
  const members = described ?? namesOfLibbpf(hasLibbpf);
  const kprobe = members.program_type.find(({ name }) => name === "kprobe")?.value ?? 0;
  const tries: Readonly<Record<KernelKind, (member: NamedType) => boolean | undefined>> = {
    program_type: ({ name, value }) =>
      name === "tracing" && loadsTracing(trials) ? true : canLoadProgramType(value),
    map_type: ({ value }) => canMakeMapType(value),
    attach_type: () => undefined,
    helper: ({ value }) => canCallHelper(kprobe, value) ?? false,
  };
  const kinds = Object.keys(ENUMS) as KernelKind[];
  const isDescribed = described !== undefined;
  return [
    ...kinds.flatMap((kind) =>
      members[kind].map(({ name, value }) =>
        featureOf(kind, name, {
          available: trials && tries[kind]({ name, value }),
          isDescribed,
        })
      )
    ),
    ...libbpfFeatures(hasLibbpf),
  ];
}

/** libbpf's own attempt is made with an fentry program, which a locked down kernel refuses while it takes others. */
function loadsTracing(trials: TrialResults | undefined): boolean {
  return trials !== undefined && trials.get("tp_btf") === undefined;
}

function featureOf(
  kind: KernelKind,
  name: string,
  { available, isDescribed }: {
    readonly available: boolean | undefined;
    readonly isDescribed: boolean;
  },
): Feature {
  if (available !== undefined) return { kind, name, available, knownBy: "attempt" };
  if (kind === "attach_type" && isDescribed) return { kind, name, available: true, knownBy: "btf" };
  return { kind, name, available: undefined, knownBy: "nothing" };
}

function libbpfFeatures(isThere: boolean): Feature[] {
  if (!isThere) return [];
  return Array.from(newerLibbpfFunctions(), ([name, available]) => ({
    kind: "libbpf_function",
    name,
    available,
    knownBy: "libbpf",
  }));
}

type Members = Record<KernelKind, NamedType[]>;

function namesOfLibbpf(isThere: boolean): Members {
  const named = (kind: Exclude<KernelKind, "helper">) =>
    isThere ? typesOfLibbpf(kind).filter(({ name }) => !isPlaceholder(`_${name}`)) : [];
  return {
    program_type: named("program_type"),
    map_type: named("map_type"),
    attach_type: named("attach_type"),
    helper: [],
  };
}

/** The enums of the kernel's BTF; `undefined` where it has none. */
function readMembers(): Members | undefined {
  const btf = readKernelBtf();
  if (btf === undefined) return undefined;
  const members: Members = { program_type: [], map_type: [], attach_type: [], helper: [] };
  const wanted = new Map(
    Object.entries(ENUMS).map(([kind, { name, prefix }]) => [name as string, { kind, prefix }]),
  );
  for (const { name, values } of btf.ofKind("enum")) {
    const found = wanted.get(name);
    if (found === undefined) continue;
    members[found.kind as KernelKind] = values
      .filter((each) => each.name.startsWith(found.prefix) && !isPlaceholder(each.name))
      .map(({ name, value }) => ({
        name: name.slice(found.prefix.length).toLowerCase(),
        value: Number(value),
      }));
    wanted.delete(name);
    if (wanted.size === 0) break;
  }
  return members;
}

function isPlaceholder(name: string): boolean {
  return /(?:_unspec|_deprecated|_MAX)$/i.test(name);
}

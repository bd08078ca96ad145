/** A list of probes of one type. */

import { distinct } from "../../host/filter_functions.ts";
import type { ListedType } from "./pattern.ts";
import type { ProbeSources } from "./sources.ts";

/** The probes of one type. */
export interface ProbeList {
  /** Whose probes these are. */
  readonly type: ListedType;
  /** What stands behind the type: `vfs_read`, `sched:sched_switch`. Each once, in the order of their bytes. */
  readonly names: readonly string[];
  /** False where they were put together from what the kernel has, not from what it says that can be traced. */
  readonly verified: boolean;
  /** Why there is none, or how they are known: for people. */
  readonly note?: string;
}

/** What a provider is asked for. */
export interface ListRequest {
  readonly type: ListedType;
  /** The parts of the pattern. */
  readonly parts: readonly string[];
  /** Whether the pattern named the type. */
  readonly named: boolean;
  readonly sources: ProbeSources;
}

/** Lists the probes of a type. */
export type Lister = (request: ListRequest) => ProbeList;

/** How names are known, and how they come. */
export interface ListedOptions {
  readonly verified?: boolean;
  readonly note?: string | undefined;
  /** They come sorted, each once: to see that of tens of thousands takes its time. */
  readonly ordered?: boolean;
}

/** Makes a list: sorted as C compares strings, each name once. */
export function listed(
  { type }: ListRequest,
  names: readonly string[],
  { verified = true, note, ordered = false }: ListedOptions = {},
): ProbeList {
  return {
    type,
    names: ordered ? names : distinct(names.toSorted()),
    verified,
    ...(note === undefined ? {} : { note }),
  };
}

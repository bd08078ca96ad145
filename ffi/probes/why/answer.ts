/** Why a probe is not there, or cannot be attached. */

/** The reasons: a stable word each, for programs. */
export const REASON_CODES = [
  "alias",
  "blacklisted",
  "config_off",
  "inlined",
  "lockdown",
  "module_not_loaded",
  "no_btf",
  "no_file",
  "no_process",
  "not_a_function",
  "not_found",
  "notrace",
  "removed",
  "renamed",
  "several_symbols",
  "too_many_arguments",
  "unverified",
  "variant",
] as const;

/** One of {@linkcode REASON_CODES}. */
export type ReasonCode = typeof REASON_CODES[number];

/** One reason. */
export interface Reason {
  /** What it is called in records. */
  readonly code: ReasonCode;
  /** A sentence without a final period. */
  readonly text: string;
  /** What to do about it, with a command where there is one. */
  readonly fix?: string;
}

/** What became of the question for one probe. */
export interface ProbeAnswer {
  /** As it was asked for, with its type. */
  readonly probe: string;
  /** Whether it can be attached, as far as lists tell: trying is the proof. */
  readonly usable: boolean;
  /** Why not; where it is usable, what is to be known. */
  readonly reasons: readonly Reason[];
  /** Probes that are there and see the same, or have a name like it. */
  readonly instead: readonly string[];
}

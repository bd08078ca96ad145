/** Units: what the suffixes of numbers mean, and in what fields and histograms are counted. */

/** What is measured, and how many ns or bytes one of it is. */
export interface Unit {
  readonly measure: "time" | "size";
  readonly factor: bigint;
}

/** The suffixes of numbers. Sizes go by 1024. */
export const SUFFIXES: Readonly<Record<string, Unit>> = {
  ns: { measure: "time", factor: 1n },
  us: { measure: "time", factor: 1_000n },
  ms: { measure: "time", factor: 1_000_000n },
  s: { measure: "time", factor: 1_000_000_000n },
  m: { measure: "time", factor: 60_000_000_000n },
  k: { measure: "size", factor: 1n << 10n },
  K: { measure: "size", factor: 1n << 10n },
  M: { measure: "size", factor: 1n << 20n },
  G: { measure: "size", factor: 1n << 30n },
};

const HISTOGRAM_UNITS: Readonly<Record<string, Unit>> = {
  nsecs: SUFFIXES["ns"]!,
  usecs: SUFFIXES["us"]!,
  msecs: SUFFIXES["ms"]!,
  secs: SUFFIXES["s"]!,
  bytes: { measure: "size", factor: 1n },
  kbytes: SUFFIXES["k"]!,
};

/** The unit of a histogram, by its name. */
export function unitOfHistogram(name: string): Unit | undefined {
  return HISTOGRAM_UNITS[name];
}

/** The unit of a field, as the end of its name tells it: `latency_ns`, `delta_ms`. */
export function unitOfField(name: string): Unit | undefined {
  const [, suffix] = /_(ns|us|ms)$/.exec(name) ?? [];
  return suffix === undefined ? undefined : SUFFIXES[suffix];
}

/**
 * Names of probes, in bpftrace's and libbpf's words: `kprobe:vfs_read`, `tracepoint:block:block_rq_issue`, `tp_btf:sched_switch`,
 * `raw_tp:sched_switch`, `uprobe:c:strlen`, `uprobe:c:strlen+4`, `usdt:/usr/bin/python3:python:gc__start`, and `syscall:clone` for the function of a system call, whatever this architecture calls it.
 */

/** Where a program attaches, taken apart. */
export type ProbeSpec =
  | { readonly provider: "kprobe" | "kretprobe"; readonly symbol: string }
  | { readonly provider: "syscall"; readonly syscall: string }
  | { readonly provider: "tracepoint"; readonly category: string; readonly event: string }
  | { readonly provider: "tp_btf" | "raw_tp" | "fentry" | "fexit"; readonly symbol: string }
  | {
    readonly provider: "uprobe" | "uretprobe";
    readonly library: string;
    /** A function, or an instruction of it: `function+0x10`. */
    readonly symbol: string;
  }
  | {
    readonly provider: "usdt";
    readonly library: string;
    /** Who defined the probe: `python`. */
    readonly group: string;
    readonly name: string;
  };

/** What a plan says of a place: the first of these that attaches. */
export interface ProbeChoice {
  /** Never empty. */
  readonly alternatives: readonly ProbeSpec[];
  /** Whether all of them may be missing. */
  readonly optional: boolean;
}

/**
 * Reads a probe of a plan: `kprobe:a|b` is `kprobe:b` where `kprobe:a` does not attach; a `?` behind it says that it may be missing.
 * An alternative with a provider of its own stands for itself: `syscall:clone|kprobe:kernel_clone`.
 *
 * @throws {SyntaxError}
 */
export function parseChoice(text: string): ProbeChoice {
  const optional = text.endsWith("?");
  const names = (optional ? text.slice(0, -1) : text).split("|");
  const prefix = /^.*:/.exec(names[0]!)?.[0] ?? "";
  const alternatives = names.map((name) => parseProbe(name.includes(":") ? name : prefix + name));
  return { alternatives, optional };
}

/**
 * Reads the name of a probe.
 *
 * @throws {SyntaxError}
 */
export function parseProbe(name: string): ProbeSpec {
  const [provider = "", ...rest] = name.split(":");
  const [first, second, third] = rest;
  if (first) {
    switch (provider) {
      case "kprobe":
      case "kretprobe":
      case "tp_btf":
      case "raw_tp":
      case "fentry":
      case "fexit":
        if (rest.length === 1) return { provider, symbol: first };
        break;
      case "syscall":
        if (rest.length === 1) return { provider, syscall: first };
        break;
      case "tracepoint":
        if (rest.length === 2 && second) return { provider, category: first, event: second };
        break;
      case "uprobe":
        if (rest.length === 2 && second) return { provider, library: first, symbol: second };
        break;
      case "uretprobe":
        // The return address is found at a function's first instruction only: elsewhere the traced program would break.
        if (rest.length === 2 && second && !second.includes("+")) {
          return { provider, library: first, symbol: second };
        }
        break;
      case "usdt":
        if (rest.length === 3 && second && third) {
          return { provider, library: first, group: second, name: third };
        }
        break;
    }
  }
  throw new SyntaxError(
    `Cannot read probe "${name}": it should be like kprobe:FUNCTION, ` +
      `syscall:NAME, tracepoint:CATEGORY:EVENT, tp_btf:EVENT, raw_tp:EVENT, fentry:FUNCTION, uprobe:LIBRARY:FUNCTION or usdt:LIBRARY:PROVIDER:NAME`,
  );
}

/**
 * Names of probes, in bpftrace's and libbpf's words: `kprobe:vfs_read`, `tracepoint:block:block_rq_issue`, `tp_btf:sched_switch`,
 * `uprobe:c:strlen`, and `syscall:clone` for the function of a system call, whatever this architecture calls it.
 */

/** Where a program attaches, taken apart. */
export type ProbeSpec =
  | { readonly provider: "kprobe" | "kretprobe"; readonly symbol: string }
  | { readonly provider: "syscall"; readonly syscall: string }
  | { readonly provider: "tracepoint"; readonly category: string; readonly event: string }
  | { readonly provider: "tp_btf" | "fentry" | "fexit"; readonly symbol: string }
  | {
    readonly provider: "uprobe" | "uretprobe";
    readonly library: string;
    readonly symbol: string;
  };

/**
 * Reads the name of a probe.
 *
 * @throws {SyntaxError}
 */
export function parseProbe(name: string): ProbeSpec {
  const [provider = "", ...rest] = name.split(":");
  const [first, second] = rest;
  if (first) {
    switch (provider) {
      case "kprobe":
      case "kretprobe":
      case "tp_btf":
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
      case "uretprobe":
        if (rest.length === 2 && second) return { provider, library: first, symbol: second };
        break;
    }
  }
  throw new SyntaxError(
    `Cannot read probe "${name}": it should be like kprobe:FUNCTION, ` +
      `syscall:NAME, tracepoint:CATEGORY:EVENT, tp_btf:EVENT, fentry:FUNCTION or uprobe:LIBRARY:FUNCTION`,
  );
}

import { lastErrno } from "../raw/libc.ts";
import { libbpf } from "../raw/libbpf.ts";
import { takeLog } from "../raw/log.ts";
import { OptionStruct, type PointerValue, toCString } from "../raw/memory.ts";
import { attachFailure, usdtFailure } from "./failure.ts";
import { Link } from "./link.ts";

/** Where a user-space probe goes: `offset` in bytes from the start of the file, `pid` one process or -1 for all. */
export interface UprobeTarget {
  readonly path: string;
  readonly offset: number;
  readonly pid?: number;
  readonly onReturn?: boolean;
}

/** Where a static probe of a program or library is: `pid` one process or -1 for all. */
export interface UsdtTarget {
  readonly path: string;
  readonly provider: string;
  readonly name: string;
  readonly pid?: number;
}

/**
 * A loaded program: libbpf's `struct bpf_program`. It belongs to its object and lives as long.
 *
 * Each `attach…` gives a {@linkcode Link} that its caller disposes of, and throws a `BpfError`: E_NO_PROBE where the
 * target is not there or cannot be probed, E_PERMISSION, else E_ATTACH.
 */
export class Program {
  readonly name: string;
  readonly #pointer: PointerValue;

  constructor(pointer: PointerValue, name: string) {
    this.#pointer = pointer;
    this.name = name;
  }

  /** The entry (or return) of a kernel function: `bpf_program__attach_kprobe_opts`. */
  attachKprobe(symbol: string, { onReturn = false } = {}): Link {
    const options = new OptionStruct([
      { type: "u64", value: 0n }, // bpf_cookie
      { type: "u64", value: 0n }, // offset
      { type: "bool", value: onReturn ? 1 : 0 }, // retprobe
    ]);
    const link = libbpf().bpf_program__attach_kprobe_opts(
      this.#pointer,
      toCString(symbol),
      options.bytes,
    );
    return this.#linked(link, `${onReturn ? "kretprobe" : "kprobe"}:${symbol}`);
  }

  /** A static event of the kernel: `bpf_program__attach_tracepoint`. Needs tracefs. */
  attachTracepoint(category: string, event: string): Link {
    const link = libbpf().bpf_program__attach_tracepoint(
      this.#pointer,
      toCString(category),
      toCString(event),
    );
    return this.#linked(link, `tracepoint:${category}:${event}`);
  }

  /** tp_btf, fentry, fexit, as the program's section says: `bpf_program__attach_trace`. Needs the kernel's BTF. */
  attachTrace(target: string): Link {
    return this.#linked(libbpf().bpf_program__attach_trace(this.#pointer), target);
  }

  /** An instruction of a program or library: `bpf_program__attach_uprobe_opts`. */
  attachUprobe({ path, offset, pid = -1, onReturn = false }: UprobeTarget, name = path): Link {
    const options = new OptionStruct([
      { type: "u64", value: 0n }, // ref_ctr_offset
      { type: "u64", value: 0n }, // bpf_cookie
      { type: "bool", value: onReturn ? 1 : 0 }, // retprobe
    ]);
    const link = libbpf().bpf_program__attach_uprobe_opts(
      this.#pointer,
      pid,
      toCString(path),
      BigInt(offset),
      options.bytes,
    );
    return this.#linked(link, `${onReturn ? "uretprobe" : "uprobe"}:${name}`);
  }

  /**
   * A static probe, everywhere it stands in a program or library: `bpf_program__attach_usdt`. The program's section is `usdt`. The
   * probe's semaphore is raised while the link lives. Kernels < 5.15 want a `pid` for libraries and position-independent programs.
   */
  attachUsdt({ path, provider, name, pid = -1 }: UsdtTarget): Link {
    takeLog(); // what was said before does not explain this
    const link = libbpf().bpf_program__attach_usdt(
      this.#pointer,
      pid,
      toCString(path),
      toCString(provider),
      toCString(name),
      null,
    );
    if (link !== null) return new Link(link, `usdt:${path}:${provider}:${name}`);
    throw usdtFailure(this.name, { path, provider, name }, lastErrno());
  }

  #linked(link: PointerValue, target: string): Link {
    if (link === null) throw attachFailure(this.name, target, lastErrno());
    return new Link(link, target);
  }
}

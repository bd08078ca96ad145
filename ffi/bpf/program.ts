import { libbpf } from "../raw/libbpf.ts";
import { type Bytes, fromCString } from "../raw/memory.ts";
import type { CookieOptions } from "./attach/attachable.ts";
import { attachBySection } from "./attach/by_section.ts";
import { attachFreplace, type ProgramFunction } from "./attach/extension.ts";
import { attachIterator, iteratorStream, type IteratorTarget } from "./attach/iterator.ts";
import {
  attachLsm,
  attachRawTracepoint,
  attachTrace,
  attachTracepoint,
} from "./attach/kernel_event.ts";
import {
  attachKprobe,
  attachKprobeMulti,
  attachKsyscall,
  type KernelFunction,
  type KernelFunctions,
  type KprobeOptions,
} from "./attach/kernel_function.ts";
import {
  attachCgroup,
  attachNetns,
  attachSocket,
  attachSockmap,
  attachTcx,
  attachXdp,
  type Direction,
  type Interface,
  type SockmapHook,
  type XdpMode,
} from "./attach/network.ts";
import { attachPerfEvent, type PerfEventTarget } from "./attach/perf_event.ts";
import { attachTc, type TcOptions } from "./attach/tc.ts";
import {
  attachUprobe,
  attachUprobeMulti,
  attachUsdt,
  type UprobesTarget,
  type UprobeTarget,
  type UsdtTarget,
} from "./attach/user.ts";
import type { Link } from "./link.ts";
import type { ProgramHandle } from "./program_handle.ts";
import {
  type ProgramInfo,
  programInfo,
  programInstructions,
  type ProgramStats,
  programStats,
} from "./program_info.ts";
import type { HasFd } from "./reference_maps.ts";
import { testRun, type TestRunOptions, type TestRunResult } from "./test_run.ts";

/**
 * A loaded program: libbpf's `struct bpf_program`. It belongs to its object and lives as long; then all throws E_CLOSED.
 *
 * Each `attach…` gives a {@linkcode Link} that its caller disposes of (the object's end does, too), and throws a `BpfError`:
 * E_NO_PROBE where the target is not there or cannot be probed, E_PERMISSION, E_UNSUPPORTED where the kernel or libbpf cannot
 * do it, else E_ATTACH.
 *
 * A `cookie` is a number that the program gets by `bpf_get_attach_cookie()`, which tells the links of one program apart.
 */
export class Program {
  readonly #handle: ProgramHandle;

  /** @internal */
  constructor(handle: ProgramHandle) {
    this.#handle = handle;
  }

  /** Its name: that of the C function. */
  get name(): string {
    return this.#handle.name;
  }

  /**
   * The file descriptor, as a prog array takes it: `bpf_program__fd`.
   *
   * @throws {BpfError} E_ATTACH where it was left out when its object was loaded
   */
  get fd(): number {
    return this.#handle.fd;
  }

  /** The name of its section, as `kprobe/vfs_read`: `bpf_program__section_name`. */
  get section(): string {
    return fromCString(libbpf().bpf_program__section_name(this.#handle.unloaded));
  }

  /**
   * Where its section's name says: `bpf_program__attach`.
   *
   * @throws {BpfError} E_ATTACH where the section does not say; the hint names the call to take
   */
  attach(): Link {
    return attachBySection(this.#handle, this.section);
  }

  /**
   * The entry (or return) of a kernel function, by name or address: `bpf_program__attach_kprobe_opts`. A cookie needs
   * Linux >= 5.15.
   *
   * @throws {BpfError} also E_NO_KPROBES
   */
  attachKprobe(where: KernelFunction, options?: KprobeOptions): Link {
    return attachKprobe(this.#handle, where, options);
  }

  /**
   * Many kernel functions at once: `bpf_program__attach_kprobe_multi_opts`. The program's section begins with `kprobe.multi`.
   * Needs Linux >= 5.18 with CONFIG_FPROBE; a pattern needs libbpf >= 1.4 on most kernels. One that is missing fails all.
   */
  attachKprobeMulti(where: KernelFunctions, options?: { readonly onReturn?: boolean }): Link {
    return attachKprobeMulti(this.#handle, where, options);
  }

  /** The entry (or return) of a system call, by its name on any architecture: `bpf_program__attach_ksyscall`. */
  attachKsyscall(
    syscall: string,
    options?: CookieOptions & { readonly onReturn?: boolean },
  ): Link {
    return attachKsyscall(this.#handle, syscall, options);
  }

  /** A static event of the kernel: `bpf_program__attach_tracepoint_opts`. Needs tracefs; a cookie Linux >= 5.15. */
  attachTracepoint(category: string, event: string, options: CookieOptions = {}): Link {
    return attachTracepoint(this.#handle, { category, event }, options);
  }

  /**
   * A static event of the kernel, with its raw arguments: `bpf_program__attach_raw_tracepoint`. A cookie needs Linux >= 6.10
   * and libbpf >= 1.4.
   */
  attachRawTracepoint(event: string, options?: CookieOptions): Link {
    return attachRawTracepoint(this.#handle, event, options);
  }

  /**
   * tp_btf, fentry, fexit, fmod_ret, as the program's section or its attach target says; `target` is for messages only:
   * `bpf_program__attach_trace_opts`. Needs the kernel's BTF; a cookie Linux >= 5.19 (tp_btf: 6.10 and libbpf 1.4).
   */
  attachTrace(target: string = this.section, options: CookieOptions = {}): Link {
    return attachTrace(this.#handle, target, options);
  }

  /** A hook of the security modules: `bpf_program__attach_lsm`. Needs Linux >= 5.7; without `bpf` in `lsm=` it is never called. */
  attachLsm(): Link {
    return attachLsm(this.#handle, this.section);
  }

  /** A function or instruction of a program or library: `bpf_program__attach_uprobe_opts`. A cookie needs Linux >= 5.15. */
  attachUprobe(target: UprobeTarget, name: string = nameOf(target)): Link {
    return attachUprobe(this.#handle, target, name);
  }

  /**
   * Many functions or instructions of a program or library at once, which takes no longer than one: `BPF_LINK_CREATE` of
   * `bpf(2)`. The program's section is `uprobe`, its type is set by `setExpectedAttachType(…, "trace_uprobe_multi")`. Needs
   * Linux >= 6.6. One place that cannot be probed fails all.
   */
  attachUprobeMulti(target: UprobesTarget): Link {
    return attachUprobeMulti(this.#handle, target);
  }

  /**
   * A static probe, everywhere it stands in a program or library: `bpf_program__attach_usdt`. The program's section is `usdt`. The
   * probe's semaphore is raised while the link lives. Kernels < 5.15 want a `pid` for libraries and position-independent programs.
   */
  attachUsdt(target: UsdtTarget): Link {
    return attachUsdt(this.#handle, target);
  }

  /**
   * Samples of a perf event: `perf_event_open(2)` and `bpf_program__attach_perf_event_opts`. A cookie needs Linux >= 5.15. For
   * a tracepoint the program's section is `tracepoint`.
   */
  attachPerfEvent(target: PerfEventTarget): Link {
    return attachPerfEvent(this.#handle, target);
  }

  /** The kernel's objects of one kind: `bpf_program__attach_iter`. {@linkcode iterate} walks over them. Needs Linux >= 5.8. */
  attachIterator(target?: IteratorTarget): Link {
    return attachIterator(this.#handle, target);
  }

  /**
   * Walks once over what an iterator visits, and gives what the program writes: text by `bpf_seq_printf`, bytes by
   * `bpf_seq_write`. The kernel runs it as the stream is read. Whoever does not read it to its end cancels it.
   */
  iterate(target?: IteratorTarget): ReadableStream<Bytes> {
    // The walk keeps what it needs: its own descriptor holds the link in the kernel.
    using link = this.attachIterator(target);
    return iteratorStream(link);
  }

  /** What a socket receives: SO_ATTACH_BPF. It ends with the socket, which stays its owner's. */
  attachSocket(socket: number): Link {
    return attachSocket(this.#handle, socket);
  }

  /**
   * What the sockets in a map of sockets (`sockmap`, `sockhash`) send or receive: `bpf_prog_attach`; BCC's `attach_func`.
   * A program that lets packets through, and is not detached, stays as long as the map.
   */
  attachSockmap(map: HasFd & { readonly name: string }, hook: SockmapHook): Link {
    return attachSockmap(this.#handle, map, hook);
  }

  /** The packets that an interface receives, before anything else sees them. Needs Linux >= 5.9. */
  attachXdp(where: Interface, options?: { readonly mode?: XdpMode }): Link {
    return attachXdp(this.#handle, where, options);
  }

  /** The packets of an interface, by a link. Needs Linux >= 6.6; {@linkcode attachTc} does the same before. */
  attachTcx(where: Interface, direction: Direction): Link {
    return attachTcx(this.#handle, where, direction);
  }

  /**
   * The packets of an interface, by a filter of tc: `bpf_tc_hook_create`, `bpf_tc_attach`. The kernel has no link for it: it
   * stays where this process is killed.
   */
  attachTc(where: Interface, options: TcOptions & { readonly direction: Direction }): Link {
    return attachTc(this.#handle, where, options);
  }

  /** What the processes of a cgroup do; `path` is its folder: `bpf_program__attach_cgroup`. Needs Linux >= 5.7. */
  attachCgroup(path: string): Link {
    return attachCgroup(this.#handle, path);
  }

  /** A network namespace, such as `/proc/self/ns/net`: `bpf_program__attach_netns`. Needs Linux >= 5.8 (sk_lookup: 5.9). */
  attachNetns(path: string): Link {
    return attachNetns(this.#handle, path);
  }

  /**
   * In place of a global function of another program, that of loading where not given: `bpf_program__attach_freplace`.
   * Needs Linux >= 5.6.
   */
  attachFreplace(target?: ProgramFunction): Link {
    return attachFreplace(this.#handle, target);
  }

  /**
   * Runs it with made-up input: `bpf_prog_test_run_opts`.
   *
   * @throws {BpfError} E_UNSUPPORTED for types that have no test runs, E_READ where the input does not fit
   */
  testRun(options: TestRunOptions = {}): TestRunResult {
    return testRun(this.#handle, options);
  }

  /** What the kernel tells of it: `bpf_obj_get_info_by_fd`. */
  info(): ProgramInfo {
    return programInfo(this.#handle);
  }

  /**
   * Its instructions (`struct bpf_insn`, 8 bytes each) as the verifier left them: BCC's `dump_func`. Empty where the kernel hides them
   * (it has hardened them: `net.core.bpf_jit_harden`).
   */
  instructions(): Bytes {
    return programInstructions(this.#handle);
  }

  /** How often it ran and how long, while {@linkcode enableStats} had the kernel count. */
  stats(): ProgramStats {
    return programStats(this.#handle);
  }
}

function nameOf({ path, symbol, offset = 0 }: UprobeTarget): string {
  const place = symbol ?? "";
  return `${path}:${place}${offset > 0 ? `+0x${offset.toString(16)}` : ""}`;
}

/** Attached programs: one or several attachments that live and end together. */

import { BpfError } from "../errors.ts";
import { Fd } from "../raw/fd.ts";
import { libbpf } from "../raw/libbpf.ts";
import { fromCString, type PointerValue, toCString } from "../raw/memory.ts";
import { closed, pinFailure } from "./failure.ts";
import { objectInfo } from "./object_info.ts";
import { Pin } from "./pin.ts";

export { programsHaveEnded } from "../raw/membarrier.ts";

/** One place where a program sits, and the ways out of it. */
export interface Attachment {
  /** The descriptor of the kernel's link; `undefined` where the kernel has none for this kind. */
  readonly fd: number | undefined;
  detach(): void;
  /** The same on another thread, where it takes long. */
  detachElsewhere?(): Promise<void>;
  /** Frees what this process need not hold for the program to stay where it is, where there is something. */
  leave?(): void;
}

/** The links of this process that have not ended. */
const open = new Set<Link>();

/** What the links of this process are attached to, as `kprobe:vfs_read`: those that are neither detached nor given up. */
export function openLinkTargets(): string[] {
  return Array.from(open, ({ target }) => target);
}

/** What the kernel tells of a link: `struct bpf_link_info`. */
export interface LinkInfo {
  /** The kernel's number of it. */
  readonly id: number;
  /** As `tracing` or `perf_event`: the kernel's name without `BPF_LINK_TYPE_`, in lower case. */
  readonly type: string;
  /** The number of the program that it attaches. */
  readonly programId: number;
}

/**
 * An attached program: libbpf's `struct bpf_link`, or several of them that belong together (a perf event on each CPU).
 * {@linkcode detach} and disposing of it detach; twice is safe. Closing the program's object detaches too.
 *
 * All else throws E_CLOSED on a link that was detached or left.
 */
export class Link implements Disposable {
  /** What it is attached to, as `kprobe:vfs_read`. */
  readonly target: string;
  #attachments: readonly Attachment[] | undefined;
  readonly #owner: LinkSet | undefined;
  readonly #pin = new Pin();

  /** @internal */
  constructor(target: string, attachments: readonly Attachment[], owner?: LinkSet) {
    this.target = target;
    this.#attachments = attachments;
    this.#owner = owner;
    owner?.add(this);
    open.add(this);
  }

  /**
   * The file descriptor of the kernel's link: `bpf_link__fd`.
   *
   * @throws {BpfError} E_UNSUPPORTED where it is no one link: several perf events, a tc filter, a socket's filter
   */
  get fd(): number {
    const [first, ...more] = this.#live();
    if (first?.fd !== undefined && more.length === 0) return first.fd;
    const cause = "it is no single link of the kernel";
    throw new BpfError(`use the link to ${this.target}`, {
      step: "attach",
      code: "E_UNSUPPORTED",
      cause,
    });
  }

  /** Detaches without stopping this thread: a tracepoint takes tens of ms to let go, and several take no longer than one. */
  async detach(): Promise<void> {
    const attachments = this.#take();
    const done = Promise.all(attachments.map((each) => each.detachElsewhere?.() ?? each.detach()));
    this.#owner?.wait(done);
    await done;
  }

  /** Detaches before it comes back; twice is safe. */
  [Symbol.dispose](): void {
    for (const each of this.#take()) each.detach();
  }

  /** Gives the link up without detaching: the program stays attached until this process ends (`bpf_link__disconnect`). */
  disconnect(): void {
    void this.#live();
    for (const each of this.#take()) each.leave?.();
  }

  /**
   * Keeps the program attached for as long as this file exists, below a mounted bpffs such as `/sys/fs/bpf`: `bpf_obj_pin`.
   * {@linkcode openPinnedLink} opens it again, {@linkcode unpin} removes it.
   *
   * @throws {BpfError} E_ATTACH, E_PERMISSION; E_UNSUPPORTED where the kernel has no link for it
   */
  pin(path: string): this {
    this.#pin.make(this.fd, path, (result) => pinFailure("pin a link at", path, -result));
    return this;
  }

  /** Removes the file that {@linkcode pin} made; nothing where there is none. The program stays attached by this link. */
  unpin(): this {
    void this.#live();
    this.#pin.remove();
    return this;
  }

  /**
   * What the kernel tells of it: `bpf_obj_get_info_by_fd`.
   *
   * @throws {BpfError} E_UNSUPPORTED where the kernel has no link for it: perf events have one since Linux 5.15
   */
  info(): LinkInfo {
    const view = objectInfo(`the link to ${this.target}`, this.fd, { size: LINK_INFO_SIZE });
    return {
      id: view.getUint32(4, true),
      type: fromCString(libbpf().libbpf_bpf_link_type_str(view.getUint32(0, true))),
      programId: view.getUint32(8, true),
    };
  }

  #live(): readonly Attachment[] {
    if (this.#attachments === undefined) throw closed(`the link to ${this.target}`);
    return this.#attachments;
  }

  #take(): readonly Attachment[] {
    const attachments = this.#attachments ?? [];
    this.#attachments = undefined;
    this.#owner?.delete(this);
    open.delete(this);
    return attachments;
  }
}

const LINK_INFO_SIZE = 64;

/**
 * Opens a link that was pinned, by this or another process: `bpf_obj_get`. The program stays attached while the file or
 * what this gives exists.
 *
 * @throws {BpfError} E_ATTACH where there is no such file, or it is no link; E_PERMISSION
 */
export function openPinnedLink(path: string): Link {
  const fd = libbpf().bpf_obj_get(toCString(path));
  if (fd < 0) throw pinFailure("open the link", path, -fd);
  const attachment = new FdAttachment(fd);
  if (isLink(fd)) return new Link(path, [attachment]);
  attachment.detach();
  throw new BpfError(`open the link ${path}`, {
    step: "open",
    code: "E_ATTACH",
    cause: "what is pinned there is no link",
  });
}

function isLink(fd: number): boolean {
  return Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`).includes("link_id:");
}

/** The links of one object: they end with it, because libbpf's links of some kinds look into it when they end. */
export class LinkSet {
  readonly #links = new Set<Link>();
  readonly #ending = new Set<Promise<unknown>>();

  add(link: Link): void {
    this.#links.add(link);
  }

  delete(link: Link): void {
    this.#links.delete(link);
  }

  /** Those that are attached now, in the order in which they were. */
  get live(): readonly Link[] {
    return [...this.#links];
  }

  /** Remembers a detaching that is under way on another thread. */
  wait(ending: Promise<unknown>): void {
    this.#ending.add(ending);
    const forget = () => this.#ending.delete(ending);
    ending.then(forget, forget);
  }

  /** Detaches all, and calls back once nothing is being detached any more: at once, where nobody left that unawaited. */
  close(then: () => void): void {
    for (const link of [...this.#links].toReversed()) link[Symbol.dispose]();
    if (this.#ending.size === 0) then();
    else Promise.allSettled(this.#ending).then(then);
  }
}

/** A link of libbpf. Of struct_ops it is none of the kernel's: its descriptor is that of a map. */
export class LibbpfAttachment implements Attachment {
  readonly #pointer: PointerValue;
  readonly #isKernels: boolean;

  constructor(pointer: PointerValue, { isKernels = true } = {}) {
    this.#pointer = pointer;
    this.#isKernels = isKernels;
  }

  get fd(): number | undefined {
    return this.#isKernels ? libbpf().bpf_link__fd(this.#pointer) : undefined;
  }

  detach(): void {
    libbpf().bpf_link__destroy(this.#pointer);
  }

  async detachElsewhere(): Promise<void> {
    await libbpf().bpf_link__destroy_elsewhere(this.#pointer);
  }

  leave(): void {
    libbpf().bpf_link__disconnect(this.#pointer);
    libbpf().bpf_link__destroy(this.#pointer);
  }
}

/** A link of the kernel that libbpf knows nothing of: its descriptor is all there is. */
export class FdAttachment implements Attachment {
  readonly #fd: Fd;

  constructor(fd: number) {
    this.#fd = new Fd(fd);
  }

  get fd(): number {
    return this.#fd.number;
  }

  detach(): void {
    this.#fd[Symbol.dispose]();
  }
}

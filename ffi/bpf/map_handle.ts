import type { MapType } from "../btf/map_types.ts";
import { libbpf } from "../raw/libbpf.ts";
import { Fd } from "../raw/fd.ts";
import { closed, mapFailure } from "./failure.ts";
import { Pin } from "./pin.ts";

/** What a map is, whoever made it. */
export interface MapFacts {
  readonly name: string;
  readonly type: MapType;
  /** Entries; bytes for a ring buffer */
  readonly maxEntries: number;
  /** A number where the map belongs to its object, a {@linkcode Fd} where the handle is to close it. */
  readonly fd: number | Fd;
}

/**
 * What maps of all kinds have in common. A map of an object is closed with it; one that was created or opened by its
 * path belongs to who did that, and is disposed of by it. Once it is closed each call throws E_CLOSED.
 */
export abstract class MapHandle implements Disposable {
  /** Its name. */
  readonly name: string;
  /** The kernel's name without `BPF_MAP_TYPE_`, in lower case. */
  readonly type: MapType;
  /** How many entries it has room for. */
  readonly maxEntries: number;
  readonly #owned: Fd | undefined;
  #fd: number;
  readonly #pin = new Pin();

  /** @internal */
  constructor({ name, type, maxEntries, fd }: MapFacts) {
    this.name = name;
    this.type = type;
    this.maxEntries = maxEntries;
    this.#owned = fd instanceof Fd ? fd : undefined;
    this.#fd = fd instanceof Fd ? fd.number : fd;
  }

  /** The file descriptor, for those who watch the map or hand it on. */
  get fd(): number {
    if (this.#fd < 0) throw closed(`map ${this.name}`);
    return this.#fd;
  }

  /**
   * Gives the map a name in a bpf file system, where it stays until that file is removed: `bpf_obj_pin`. {@linkcode unpin} removes
   * it; {@linkcode openPinnedMap} opens it again.
   */
  pin(path: string): this {
    this.#pin.make(
      this.fd,
      path,
      (result) => mapFailure(`pin map ${this.name} at ${path}`, result),
    );
    return this;
  }

  /** Removes the file that {@linkcode pin} made; nothing where there is none. The map lives on by this handle. */
  unpin(): this {
    void this.fd; // throws where the map is closed
    this.#pin.remove();
    return this;
  }

  /** Makes the map read-only for user space, for ever: `bpf_map_freeze`. Needs Linux ≥ 5.2. */
  freeze(): this {
    const result = libbpf().bpf_map_freeze(this.fd);
    if (result < 0) throw mapFailure(`freeze map ${this.name}`, result);
    return this;
  }

  /** How it is shown: without a look into the kernel. */
  protected get label(): string {
    return `${this.constructor.name} ${this.name} (${this.type}${this.#fd < 0 ? ", closed" : ""})`;
  }

  /** Closes the map where this handle owns it; its object does that otherwise. */
  [Symbol.dispose](): void {
    this.#owned?.[Symbol.dispose]();
    this.#fd = -1;
  }
}

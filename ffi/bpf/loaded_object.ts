import { libbpf } from "../raw/libbpf.ts";
import { Mapping, pageSize } from "../raw/mmap.ts";
import type { ValueOf } from "../wire/codec.ts";
import { attachStructOps } from "./attach/struct_ops.ts";
import { type Link, LinkSet } from "./link.ts";
import type { Names } from "./object_handle.ts";
import { ObjectMaps } from "./object_maps.ts";
import { Program } from "./program.ts";
import { ProgramHandle } from "./program_handle.ts";
import type { GlobalSpec, Skeleton } from "./skeleton.ts";

/** The type of a global variable. */
export type GlobalValue<S extends Skeleton, N extends Names<S["globals"]>> = ValueOf<
  S["globals"][N]["codec"]
>;

/** An object in the kernel. Disposing of it detaches what is attached, and closes its maps and programs. */
export class LoadedObject<S extends Skeleton> extends ObjectMaps<S> {
  readonly #sections = new Map<string, Mapping>();
  readonly #links = new LinkSet();

  /** A program, to be attached. */
  program(name: Names<S["programs"]>): Program {
    const pointer = () => this.programPointer(name);
    void pointer(); // throws where there is none
    return new Program(new ProgramHandle(name, pointer, this.#links));
  }

  /** The programs that were loaded. */
  programs(): Program[] {
    const names = this.programNames.filter((name) =>
      libbpf().bpf_program__fd(this.programPointer(name)) >= 0
    );
    return names.map((name) => this.program(name));
  }

  /** What its programs are attached to now, in the order in which they were. */
  get links(): readonly Link[] {
    return this.#links.live;
  }

  /**
   * Registers a table of programs, a variable of section `.struct_ops`, with the kernel: `bpf_map__attach_struct_ops`. Needs
   * Linux >= 5.6.
   *
   * @throws {BpfError} E_ATTACH, E_PERMISSION
   */
  attachStructOps(name: string): Link {
    return attachStructOps(name, { pointer: this.mapPointer(name), links: this.#links });
  }

  /** Reads a global variable of `.data` or `.bss` as it is now. */
  global<N extends Names<S["globals"]>>(name: N): GlobalValue<S, N> {
    const spec = this.globalSpec(name);
    return spec.codec.decode(this.#liveValue(name, spec), 0) as GlobalValue<S, N>;
  }

  /** Sets a global variable in `.data` or `.bss`; programs see it at once. */
  setGlobal<N extends Names<S["globals"]>>(name: N, value: GlobalValue<S, N>): this {
    const spec = this.globalSpec(name);
    spec.codec.encode(this.#liveValue(name, spec), 0, value, name);
    return this;
  }

  /** The section's map, mapped into this program: what a program writes is seen here, and the other way round. */
  #liveValue(name: string, { section, offset, codec }: GlobalSpec): DataView {
    if (section.startsWith(".rodata")) {
      throw new TypeError(`Cannot use ${name}: it is a constant since the object was loaded`);
    }
    const map = this.sectionPointer(section);
    let mapping = this.#sections.get(section);
    if (mapping === undefined) {
      const size = libbpf().bpf_map__value_size(map);
      const length = Math.ceil(size / pageSize()) * pageSize();
      mapping = new Mapping({ fd: libbpf().bpf_map__fd(map), length, writable: true });
      this.#sections.set(section, mapping);
    }
    return new DataView(mapping.buffer, offset, codec.size);
  }

  /** Detaches what is attached, and closes it; twice is safe. */
  override [Symbol.dispose](): void {
    for (const mapping of this.#sections.values()) mapping[Symbol.dispose]();
    this.#sections.clear();
    super[Symbol.dispose]();
  }

  /** @internal */
  protected override whenDetached(then: () => void): void {
    this.#links.close(then);
  }
}

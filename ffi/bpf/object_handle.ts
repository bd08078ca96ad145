import { libbpf } from "../raw/libbpf.ts";
import { fromCString, type PointerValue } from "../raw/memory.ts";
import { closed } from "./failure.ts";
import type { GlobalSpec, MapSpec, Skeleton } from "./skeleton.ts";

/** The names of a skeleton's programs, maps or globals. */
export type Names<T> = keyof T & string;

/** libbpf's `struct bpf_object`, and what is inside by its name. */
export interface ObjectItems {
  readonly pointer: PointerValue;
  readonly programs: ReadonlyMap<string, PointerValue>;
  readonly maps: ReadonlyMap<string, PointerValue>;
}

/** Lists what is in an object that was just opened: later a map that is not its own may go by another name. */
export function itemsOf(pointer: PointerValue): ObjectItems {
  const { bpf_object__next_program, bpf_program__name, bpf_object__next_map, bpf_map__name } =
    libbpf();
  return {
    pointer,
    programs: namedItems(pointer, bpf_object__next_program, bpf_program__name),
    maps: namedItems(pointer, bpf_object__next_map, bpf_map__name),
  };
}

/** What both phases of an object share: the handle, and the things inside by name. */
export abstract class ObjectHandle<S extends Skeleton> implements Disposable {
  /** What is inside: programs, maps and globals by name. Where the object came without a skeleton, what its BTF says. */
  readonly skeleton: S;
  readonly #items: ObjectItems;
  #pointer: PointerValue;

  /** @internal */
  constructor(skeleton: S, items: ObjectItems) {
    this.skeleton = skeleton;
    this.#items = items;
    this.#pointer = items.pointer;
  }

  /** The names of all its programs. */
  get programNames(): readonly string[] {
    return [...this.#items.programs.keys()];
  }

  /** The names of its maps, without those that libbpf makes for global variables or itself. */
  get mapNames(): readonly string[] {
    return Object.keys(this.skeleton.maps);
  }

  /** @internal */
  protected get pointer(): PointerValue {
    if (this.#pointer === null) throw closed(`object ${this.skeleton.name}`);
    return this.#pointer;
  }

  /**
   * Hands the handle over to the next phase.
   *
   * @internal
   */
  protected release(): ObjectItems {
    void this.pointer; // throws where the object is closed
    this.#pointer = null;
    return this.#items;
  }

  /** @internal */
  protected programPointer(name: string): PointerValue {
    return this.#named("program", this.#items.programs, name);
  }

  /** @internal */
  protected mapPointer(name: string): PointerValue {
    return this.#named("map", this.#items.maps, name);
  }

  /**
   * The map that holds the global variables of a section.
   *
   * @internal
   */
  protected sectionPointer(section: string): PointerValue {
    const name = [...this.#items.maps.keys()].find((name) => name.endsWith(section));
    return this.#named("section", this.#items.maps, name ?? section);
  }

  /** @internal */
  protected mapSpec(name: string): MapSpec {
    return this.#spec("map", this.skeleton.maps, name);
  }

  /** @internal */
  protected globalSpec(name: string): GlobalSpec {
    return this.#spec("variable", this.skeleton.globals, name);
  }

  #spec<T>(kind: string, specs: Readonly<Record<string, T>>, name: string): T {
    void this.pointer; // throws where the object is closed
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (spec === undefined) throw this.#unknown(kind, name, Object.keys(specs));
    return spec;
  }

  #named(kind: string, items: ReadonlyMap<string, PointerValue>, name: string): PointerValue {
    void this.pointer; // throws where the object is closed
    const pointer = items.get(name);
    if (pointer === undefined) throw this.#unknown(kind, name, [...items.keys()]);
    return pointer;
  }

  #unknown(kind: string, name: string, names: readonly string[]): RangeError {
    const known = names.length === 0 ? "none" : names.toSorted().join(", ");
    return new RangeError(
      `Cannot find ${kind} ${name} in object ${this.skeleton.name}: it has ${known}`,
    );
  }

  /** Closes it; twice is safe. */
  [Symbol.dispose](): void {
    const pointer = this.#pointer;
    if (pointer === null) return;
    this.#pointer = null;
    this.whenDetached(() => libbpf().bpf_object__close(pointer));
  }

  /** Calls back once no program is attached any more. */
  protected whenDetached(then: () => void): void {
    then();
  }
}

function namedItems(
  object: PointerValue,
  next: (object: PointerValue, previous: PointerValue) => PointerValue,
  nameOf: (item: PointerValue) => PointerValue,
): Map<string, PointerValue> {
  const items = new Map<string, PointerValue>();
  for (let item = next(object, null); item !== null; item = next(object, item)) {
    items.set(fromCString(nameOf(item)), item);
  }
  return items;
}

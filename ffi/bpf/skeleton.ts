/**
 * What is known of a BPF object: its file, and the names and layouts inside. A generated skeleton (`*.gen.ts`) has them as
 * types; that of somebody else's object is made when it is opened.
 */

import type { Codec } from "../wire/codec.ts";
import type { CValue } from "../wire/value.ts";

/** A map: `type` is the kernel's name without `BPF_MAP_TYPE_`, in lower case. */
export interface MapSpec<K = unknown, V = unknown, E = unknown> {
  /** As `hash` or `ringbuf`. */
  readonly type: string;
  /** The layout of its keys; `undefined` where it has none, or none that is known. */
  readonly key: Codec<K> | undefined;
  /** The layout of its values (of one CPU's, in a per-CPU map); `undefined` as above. */
  readonly value: Codec<V> | undefined;
  /** The layout of the records that programs put into this ring or perf buffer (`GIMLET_EVENT` in C). */
  readonly event: Codec<E> | undefined;
  /** How many entries it has room for; for a ring buffer, bytes. */
  readonly maxEntries: number;
  /** What the maps in a map of maps are like. */
  readonly inner?: AnyMapSpec | undefined;
}

// Codecs are both read and written, so that their types neither widen nor narrow: only `any` stands for all of them.

/** A map of any types. */
// deno-lint-ignore no-explicit-any
export type AnyMapSpec = MapSpec<any, any, any>;

/** A global variable of any type. */
// deno-lint-ignore no-explicit-any
export type AnyGlobalSpec = GlobalSpec<any>;

/** A global variable: the section that holds it (`.rodata`, `.data`, `.bss`), and where. */
export interface GlobalSpec<T = unknown> {
  /** As `.bss`. */
  readonly section: string;
  /** In bytes, from the start of the section. */
  readonly offset: number;
  /** Its layout. */
  readonly codec: Codec<T>;
  /** Whether it is seen in its own file only; libbpf lets nobody map a section that has no others. */
  readonly isStatic?: boolean;
}

/** A BPF object as built: what {@linkcode openObject} needs, with literal names. */
export interface Skeleton {
  /** What it is called in messages. */
  readonly name: string;
  /** Where the object's bytes are; beside the generated file, also inside of a compiled binary. */
  readonly object?: URL;
  /** Program name → section, which says the type of the program and often where it attaches. */
  readonly programs: Readonly<Record<string, string>>;
  /** The maps by name, without those of global variables. */
  readonly maps: Readonly<Record<string, AnyMapSpec>>;
  /** The global variables by name. */
  readonly globals: Readonly<Record<string, AnyGlobalSpec>>;
}

/** A BPF object that came without a skeleton: its names are strings, and its values what its own BTF says. */
export interface DynamicSkeleton extends Skeleton {
  /** The maps by name, without those of global variables. */
  readonly maps: Readonly<Record<string, MapSpec<CValue, CValue, CValue>>>;
  /** The global variables by name; those without a type that is known are left out. */
  readonly globals: Readonly<Record<string, GlobalSpec<CValue>>>;
  /** The codec of a struct, union, enum or typedef of the object; `undefined` where it has none of that name. */
  typeNamed(name: string): Codec<CValue> | undefined;
}

/** Objects without a skeleton: where their bytes come from, and what their BTF says is inside. */

import { TypeCodecs } from "../btf/codecs.ts";
import { describeObject, type GlobalDescription, type MapDescription } from "../btf/object.ts";
import { validateBtf } from "../btf/validate.ts";
import { BpfError, FormatError, messageOf } from "../errors.ts";
import type { Bytes } from "../raw/memory.ts";
import type { Codec } from "../wire/codec.ts";
import type { CValue } from "../wire/value.ts";
import { bytes as bytesCodec } from "../wire/wide.ts";
import type { DynamicSkeleton, GlobalSpec, MapSpec } from "./skeleton.ts";

/** An object to be opened: its bytes, the path of its file, or a `file:` URL. */
export type ObjectSource = Uint8Array | string | URL;

/**
 * Reads the bytes of an object.
 *
 * @throws {BpfError} E_OBJECT where its file cannot be read
 */
export function readObject(source: ObjectSource): Bytes {
  if (source instanceof Uint8Array) return new Uint8Array(source);
  try {
    return Deno.readFileSync(source);
  } catch (error) {
    throw objectFailure(nameOf(source), messageOf(error));
  }
}

/** What an object is called in messages: the name of its file. */
export function nameOf(source: ObjectSource): string {
  if (source instanceof Uint8Array) return "object";
  const path = typeof source === "string" ? source : source.pathname;
  return path.slice(path.lastIndexOf("/") + 1).replace(/(\.bpf)?\.o$/, "") || "object";
}

/**
 * Makes the skeleton of an object from its own BTF. A type that has no counterpart is read as bytes, and does not
 * spoil the rest.
 *
 * @throws {BpfError} E_OBJECT where it is no BPF object with BTF, or contradicts itself
 */
export function describeBytes(name: string, bytes: Bytes): DynamicSkeleton {
  try {
    return skeletonOf(name, bytes);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw objectFailure(name, error.message.replace(/^Cannot read (BPF object: )?/, ""));
  }
}

/** The error of an object that cannot be opened. */
export function objectFailure(name: string, cause: string, log = ""): BpfError {
  return new BpfError(`open object ${name}`, { step: "open", code: "E_OBJECT", cause, log });
}

function skeletonOf(name: string, bytes: Bytes): DynamicSkeleton {
  const { btf, programs, maps, globals, events } = describeObject(bytes);
  validateBtf(btf);
  const codecs = new TypeCodecs(btf);
  const codec = (id: number) => orUndefined(() => codecs.codec(id));
  return {
    name,
    programs: Object.fromEntries(programs.map(({ name, section }) => [name, section])),
    maps: Object.fromEntries(maps.map((map) => {
      const event = events.find((event) => event.map === map.name);
      return [map.name, mapSpec(map, { codec, event: event && codec(event.type) })];
    })),
    globals: Object.fromEntries(globals.flatMap((global) => globalEntry(global, codec))),
    typeNamed: (type) => orUndefined(() => codecs.named(type)),
  };
}

type CodecOf = (id: number) => Codec<CValue> | undefined;

function mapSpec(
  { type, maxEntries, key, value, keySize, valueSize, inner }: MapDescription,
  { codec, event }: { readonly codec: CodecOf; readonly event?: Codec<CValue> | undefined },
): MapSpec<CValue, CValue, CValue> {
  const sized = (id: number | undefined, size: number) => {
    const known = id === undefined ? undefined : codec(id);
    if (known !== undefined && known.size === size) return known;
    return size === 0 ? undefined : bytesCodec(size);
  };
  return {
    type,
    maxEntries,
    key: sized(key, keySize),
    value: sized(value, valueSize),
    event,
    inner: inner && mapSpec(inner, { codec }),
  };
}

function globalEntry(
  { name, section, offset, type, isStatic = false }: GlobalDescription,
  codecOf: CodecOf,
): [string, GlobalSpec<CValue>][] {
  const codec = codecOf(type);
  return codec === undefined ? [] : [[name, { section, offset, codec, isStatic }]];
}

/** One broken type is no reason to refuse the whole object. */
function orUndefined<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

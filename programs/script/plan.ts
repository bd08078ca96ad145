/** What a script became: all that is needed to run it, and to read what it gives. */

import type { Assembled } from "../../ffi/asm/assembler.ts";
import type { ObjectMap, ObjectProgram } from "../../ffi/asm/object_file.ts";
import type { Attachment } from "./probes.ts";
import type { Span } from "./source.ts";
import type { Type } from "./types.ts";

/** What the header of a script's records names as the tool. */
export const SCRIPT_TOOL = "script";

/** A map of the script. */
export interface MapPlan {
  /** As it is written: `@x` */
  readonly name: string;
  /** As the object calls it. */
  readonly symbol: string;
  /** Empty where it has no keys. */
  readonly keys: readonly Type[];
  readonly value: Type;
  readonly perCpu: boolean;
}

/** An argument in a record: at a fixed place, or at the place that the 8 bytes there say. */
export interface ArgumentPlan {
  readonly type: Type;
  readonly offset: number;
  readonly indirect: boolean;
}

/** What a script says beside its output. */
export type Remark = "warnf" | "errorf";

/** Where something stands in a script. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** All of it, as diagnostics have it: `stdin:1:9-62` */
  readonly range: string;
}

/** What the reader does with a record. */
export type Action =
  | { readonly kind: "printf" | "cat" | "system"; readonly format: string }
  | { readonly kind: Remark; readonly format: string; readonly place: Place }
  | { readonly kind: "print-value" }
  | {
    readonly kind: "print-map";
    readonly map: string;
    readonly top: number;
    readonly divisor: number;
  }
  | { readonly kind: "clear" | "zero"; readonly map: string }
  | { readonly kind: "time"; readonly format: string }
  | { readonly kind: "join"; readonly separator: string }
  | { readonly kind: "fault"; readonly helper: string; readonly span: Span }
  /** Memory is to be watched by the probe that stands there; the process waits for it, unless it does not `stop`. */
  | { readonly kind: "watch"; readonly span: Span; readonly stops: boolean }
  | { readonly kind: "exit" };

/** Where packets go that a call of `skboutput()` sends, and how many bytes of each are left out at its beginning. */
export interface PacketPlan {
  readonly file: string;
  readonly offset: number;
}

/** An action, and what its records hold. */
export type ActionPlan = Action & { readonly args: readonly ArgumentPlan[] };

/** A program of the script. */
export interface ProgramPlan {
  /** As the object calls it. */
  readonly name: string;
  /** The section, which says its type. */
  readonly section: string;
  /** The probe as written. */
  readonly probe: string;
  /** Where it is written. */
  readonly span: Span;
  /** All places that it goes to: a wildcard may stand for many. */
  readonly attachments: readonly Attachment[];
  readonly code: Assembled;
}

/** A compiled script. */
export interface Plan {
  /** The object for libbpf. */
  readonly object: Uint8Array<ArrayBuffer>;
  readonly programs: readonly ProgramPlan[];
  /** What the programs hand to helpers that call it. */
  readonly functions: readonly ObjectProgram[];
  readonly objectMaps: readonly ObjectMap[];
  /** The section of constants. */
  readonly constants: Uint8Array<ArrayBuffer>;
  readonly maps: readonly MapPlan[];
  /** They are printed when the script ends. */
  readonly printsMaps: boolean;
  /** By the number in front of each record. */
  readonly actions: readonly ActionPlan[];
  /** By the number in front of each packet. */
  readonly packets: readonly PacketPlan[];
  /** The size of the buffer of packets, for each CPU. */
  readonly packetBytes: number;
}

/** Names of what every object has. */
export const NAMES = {
  ring: "gimlet_ring",
  losses: "gimlet_losses",
  packets: "gimlet_packets",
  frames: "gimlet_frames",
  armed: "gimlet_armed",
  started: "gimlet_started",
  exited: "gimlet_exited",
} as const;

const STACKS = "gimlet_stacks_";

/** The map of the stacks with so many frames at most: two that begin alike are one there. */
export function stacksName(frames: number): string {
  return `${STACKS}${Math.max(frames, 1)}`;
}

/** How many frames the stacks of a map have at most; `undefined` where it is another map. */
export function stackFrames(name: string): number | undefined {
  return name.startsWith(STACKS) ? Number(name.slice(STACKS.length)) : undefined;
}

/** Kinds of losses in the map of losses, `enum gimlet_loss` of the C side. */
export const LOSS = { bufferFull: 0, mapFull: 1, readFault: 2 } as const;
export const LOSS_KINDS = 6;

/** What stands in front of a packet in its buffer: four numbers of 8 bytes, each at its place. */
export const PACKET_HEAD = {
  /** That of its {@linkcode PacketPlan} */
  plan: 0,
  /** When it was sent, in ns since boot. */
  time: 8,
  /** How many of its bytes follow. */
  kept: 16,
  /** How many it has. */
  length: 24,
  size: 32,
} as const;

/**
 * The most bytes of a packet that fit into a record, which says its own size with 16 bits: less the record's header, time, and size of
 * what follows, in words of 8 bytes.
 */
export const LONGEST_PACKET = 0xfff8 - 8 - 8 - 4 - PACKET_HEAD.size;

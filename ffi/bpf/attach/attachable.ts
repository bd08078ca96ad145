import { lastErrno } from "../../raw/libc.ts";
import type { PointerValue } from "../../raw/memory.ts";
import { attachFailure, type AttachTarget } from "../failure.ts";
import { type Attachment, LibbpfAttachment, Link, type LinkSet } from "../link.ts";

/** What attaching needs of a program. The getters throw E_CLOSED once its object is closed. */
export interface Attachable {
  readonly name: string;
  readonly pointer: PointerValue;
  readonly fd: number;
  readonly links: LinkSet;
}

/** The option of all kinds that take it: a number that the program gets by `bpf_get_attach_cookie()`. */
export interface CookieOptions {
  /** Any number but 0, which is none. */
  readonly cookie?: bigint;
}

/** The link that libbpf gave; `null` is what it gives where it failed, just now. */
export function linked(program: Attachable, pointer: PointerValue, target: AttachTarget): Link {
  return new Link(target.name, [libbpfAttachment(program, pointer, target)], program.links);
}

/** One of several that make a link. */
export function libbpfAttachment(
  program: Attachable,
  pointer: PointerValue,
  target: AttachTarget,
): Attachment {
  if (pointer === null) throw attachFailure(program.name, target, lastErrno());
  return new LibbpfAttachment(pointer);
}

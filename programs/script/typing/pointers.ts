/** What pointers point to, and whose memory that is. */

import type { Space, Type } from "../types.ts";

/** What a pointer points to, as far as it is known: bytes where it is not. */
export function pointee(type: Type): Type {
  return type.kind === "none" ? { kind: "integer", size: 1, signed: false } : type;
}

/** Things inside of something are where that is. */
export function withSpace(type: Type, space: Space | "context" | "own"): Type {
  if (type.kind === "record" || type.kind === "array") return { ...type, space };
  if (
    type.kind === "pointer" && type.space === "unknown" && (space === "kernel" || space === "user")
  ) {
    return { ...type, space };
  }
  return type;
}

/** Iterators: programs that the kernel runs over its tasks, maps, sockets, … */

import { listed, type ListRequest, type ProbeList } from "./listed.ts";
import { matcher } from "./pattern.ts";

/** The structs that iterators get: one kind each. */
export const ITERATOR_PREFIX = "bpf_iter__";

/** Lists `iter:task`. */
export function listIterators(request: ListRequest): ProbeList {
  const names: string[] = [];
  for (const { btf } of request.sources.types) {
    for (const name of btf.namesOfKind("struct", ITERATOR_PREFIX)) {
      const kind = name.slice(ITERATOR_PREFIX.length);
      // One with more of `__` is a help of the verifier's.
      if (!kind.includes("__")) names.push(kind);
    }
  }
  return listed(request, names.filter(matcher(request.parts)));
}

/** Tracepoints: with the fields of tracefs, and raw. */

import { listed, type ListRequest, type ProbeList } from "./listed.ts";
import { matcher } from "./pattern.ts";

/** The types of the functions that attach to tracepoints: also those without a place in tracefs. */
const TYPE_PREFIX = "btf_trace_";
/** The tracepoints of system calls are made of `sys_enter` and `sys_exit`, and no raw ones. */
const MADE_OF_OTHERS = "syscalls";

/** Lists `tracepoint:sched:sched_switch`. */
export function listTracepoints(request: ListRequest): ProbeList {
  const matches = matcher(request.parts);
  const names = request.sources.tracepoints.map(({ category, event }) => `${category}:${event}`);
  return listed(request, names.filter(matches));
}

/** Lists `rawtracepoint:sched_switch`. */
export function listRawTracepoints(request: ListRequest): ProbeList {
  const { sources, parts } = request;
  const names = new Set<string>();
  for (const { category, event } of sources.tracepoints) {
    if (category !== MADE_OF_OTHERS) names.add(event);
  }
  for (const { btf } of sources.types) {
    for (const name of btf.namesOfKind("typedef", TYPE_PREFIX)) {
      names.add(name.slice(TYPE_PREFIX.length));
    }
  }
  return listed(request, [...names].filter(matcher(parts)));
}

/** Lists `syscall:openat`, as plans of tools name the functions of system calls. */
export function listSyscalls(request: ListRequest): ProbeList {
  const names = request.sources.tracepoints.flatMap(({ category, event }) => {
    const name = /^sys_enter_(.*)$/.exec(event)?.[1];
    return category === MADE_OF_OTHERS && name !== undefined ? [name] : [];
  });
  return listed(request, names.filter(matcher(request.parts)));
}

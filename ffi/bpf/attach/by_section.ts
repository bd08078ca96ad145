/** Programs that attach where their section's name says. */

import { ERRNO } from "../../errno.ts";
import { BpfError } from "../../errors.ts";
import { lastErrno } from "../../raw/libc.ts";
import { libbpf } from "../../raw/libbpf.ts";
import { takeLog } from "../../raw/log.ts";
import { attachFailure } from "../failure.ts";
import type { Link } from "../link.ts";
import { type Attachable, linked } from "./attachable.ts";
import { MULTI } from "./kernel_function.ts";

/** What to do where a section's name does not say where, by how the name begins. */
const BY_HAND: readonly (readonly [section: RegExp, hint: string])[] = [
  [/^k(ret)?probe\.multi/, "Say which functions: attachKprobeMulti({ symbols })"],
  [/^k(ret)?probe/, "Say which function: attachKprobe(function)"],
  [/^k(ret)?syscall/, "Say which system call: attachKsyscall(name)"],
  [/^u(ret)?probe/, "Say which function of which file: attachUprobe({ path, symbol })"],
  [/^usdt/, "Say which probe of which file: attachUsdt({ path, provider, name })"],
  [/^(tp|tracepoint)\b/, "Say which event: attachTracepoint(category, event)"],
  [/^raw_(tp|tracepoint)\b/, "Say which event: attachRawTracepoint(event)"],
  [/^(tp_btf|fentry|fexit|fmod_ret)\b/, "Say the target: setAttachTarget() before loading"],
  [/^perf_event/, "Say which event: attachPerfEvent({ event })"],
  [/^xdp/, "Say which interface: attachXdp(interface)"],
  [/^tcx/, "Say which interface: attachTcx(interface, direction)"],
  [/^(tc|classifier|action)\b/, "Say which interface: attachTc(interface, { direction })"],
  [/^(cgroup|sockops|lsm_cgroup)/, "Say which cgroup: attachCgroup(path)"],
  [/^(sk_lookup|flow_dissector)/, "Say which network namespace: attachNetns(path)"],
  [/^socket/, "Say which socket: attachSocket(fd)"],
  [/^freplace/, "Say which function of which program: attachFreplace({ program, function })"],
  [/^syscall/, "Run it by testRun(): nothing calls it"],
];

/** {@linkcode Program.attach} */
export function attachBySection(program: Attachable, section: string): Link {
  takeLog(); // what was said before does not explain this
  const link = libbpf().bpf_program__attach(program.pointer);
  if (link !== null) return linked(program, link, { name: section });
  const errno = lastErrno();
  // What libbpf says to a section that tells too little, and to one that it cannot attach by itself.
  if (errno === ERRNO.EOPNOTSUPP || (errno === ERRNO.EINVAL && isBare(section))) {
    const hint = BY_HAND.find(([name]) => name.test(section))?.[1];
    throw new BpfError(`attach ${program.name} by its section ${section}`, {
      step: "attach",
      code: "E_ATTACH",
      cause: "the section does not say where, or libbpf does not attach this kind by itself",
      ...(hint === undefined ? {} : { hint }),
      log: takeLog(),
      errno,
    });
  }
  throw attachFailure(program.name, { name: section, ...needsOf(section) }, errno);
}

/** A probe in user space needs its file, too: `uprobe//bin/bash:readline`. */
function isBare(section: string): boolean {
  return !section.includes("/") || /^u(ret)?probe[^/]*\/[^:]*$/.test(section);
}

function needsOf(section: string): { readonly needs?: string } {
  return /\.multi/.test(section) ? { needs: MULTI } : {};
}

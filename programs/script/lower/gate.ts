/** What stands before a program: it does nothing until all is attached, and nothing for those who are filtered out. */

import type { Operand } from "../ir.ts";
import type { Lowerer } from "./lowerer.ts";
import { VARIABLES } from "./globals.ts";
import { wordsOf } from "./words.ts";

// Behind the pointer to `meta`, which all iterators begin with.
const WORD = 8;

/** Nothing happens before all probes are attached; BEGIN and END are run by hand. */
export function gate(l: Lowerer): void {
  const { attachment } = l.typing;
  const { kind } = attachment;
  if (kind === "begin" || kind === "end" || kind === "signal") return;
  if (kind === "iter") return gateIterator(l);
  const armed = l.ir.load(l.variable(VARIABLES.armed), 0, 1);
  l.ir.branch("eq", armed, 0n, l.exit);
  const { pid, tgid, uid, cgroup } = l.typing.settings.filters;
  const only = (value: Operand, wanted: number | bigint) =>
    l.ir.branch("ne", value, BigInt(wanted), l.exit);
  if (tgid !== undefined) only(l.ir.alu("rsh", l.pidTgid(), 32n), tgid);
  if (pid !== undefined) only(l.low32(l.pidTgid()), pid);
  if (uid !== undefined) only(l.low32(l.ir.call("get_current_uid_gid")), uid);
  if (cgroup !== undefined) only(l.ir.call("get_current_cgroup_id"), cgroup);
  gateComm(l);
}

/** Behind the last object an iterator's program is called once more, with none. */
function gateIterator(l: Lowerer): void {
  const object = l.ir.load(l.context, WORD, WORD);
  l.ir.branch("eq", object, 0n, l.exit);
}

function gateComm(l: Lowerer): void {
  const { comm } = l.typing.settings.filters;
  if (comm === undefined) return;
  const memory = l.temporary(16);
  l.zeroFill(memory, 16); // Linux 6.1 writes nothing behind the name's end.
  l.ir.call("get_current_comm", memory, 16n);
  const words = wordsOf(comm, 16);
  words.forEach((word, i) => {
    const value = l.ir.load(memory.base, memory.offset + i * 8, 8);
    l.ir.branch("ne", value, word, l.exit);
  });
}

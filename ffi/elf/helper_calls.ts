/** Which of the kernel's helpers the programs of a BPF object call. */

import { type Elf, SECTION_FLAG } from "./elf.ts";

const SHARED = ".text";
const INSTRUCTION = 8;
const CALL = 0x85; // BPF_JMP | BPF_CALL
const HELPER = 0; // src_reg of a call of a helper, in place of a function of the object or of the kernel

/** The numbers of all helpers that are called in these sections, and in what programs share: `enum bpf_func_id`. */
export function helperCalls(elf: Elf, sections: readonly string[]): ReadonlySet<number> {
  const found = new Set<number>();
  for (const section of elf.sections) {
    const { name, flags } = section;
    if ((flags & SECTION_FLAG.EXECINSTR) === 0) continue;
    if (name !== SHARED && !sections.includes(name)) continue;
    const bytes = section.data();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + INSTRUCTION <= view.byteLength; at += INSTRUCTION) {
      if (view.getUint8(at) === CALL && view.getUint8(at + 1) >> 4 === HELPER) {
        found.add(view.getInt32(at + 4, true));
      }
    }
  }
  return found;
}

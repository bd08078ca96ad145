/** Whether KVM can be used: found out by trying. */

import { QEMU } from "./qemu.ts";
import type { Accelerator } from "./qemu_arguments.ts";
import { TemporaryFolder } from "./temporary_folder.ts";

const DEVICE = "/dev/kvm";

/**
 * A boot sector that counts to 30 million and leaves QEMU through isa-debug-exit. A processor is done in a moment; where a
 * hypervisor below lets KVM do by hand what the processor should, as in some rented machines, it takes minutes, and so
 * would a kernel.
 */
const BOOT_SECTOR = new Uint8Array(512);
BOOT_SECTOR.set([
  ...[0x66, 0xb9, 0x80, 0xc3, 0xc9, 0x01], // mov ecx, 30000000
  ...[0x66, 0x49], // dec ecx
  ...[0x75, 0xfc], // jnz back to dec
  ...[0xb0, 0x10], // mov al, 0x10
  ...[0xe6, 0xf4], // out 0xf4, al
  ...[0xf4, 0xeb, 0xfd], // hlt, for ever
]);
BOOT_SECTOR.set([0x55, 0xaa], 510);

/** What QEMU makes of 0x10 in isa-debug-exit. */
const COUNTED = 0x10 << 1 | 1;
const PATIENCE_MS = 1000;

/** KVM where it can be opened and is quick, else emulation. A mistake costs time, no more. */
export async function bestAccelerator(): Promise<Accelerator> {
  return mayOpen(DEVICE) && await isQuick("kvm", PATIENCE_MS) ? "kvm" : "tcg";
}

/** Whether a machine is done with its boot sector in so many ms. */
export async function isQuick(accel: Accelerator, patienceMs: number): Promise<boolean> {
  using folder = new TemporaryFolder();
  const disk = `${folder.path}/boot`;
  Deno.writeFileSync(disk, BOOT_SECTOR);
  const machine = `-accel ${accel} -machine pc -nodefaults -no-user-config -display none -m 32M`;
  const exit = ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"];
  const drive = ["-drive", `file=${disk.replaceAll(",", ",,")},format=raw,if=ide`];
  try {
    const { code } = await new Deno.Command(QEMU, {
      args: [...machine.split(" "), ...exit, ...drive],
      stdin: "null",
      stdout: "null",
      stderr: "null",
      signal: AbortSignal.timeout(patienceMs),
    }).output();
    return code === COUNTED;
  } catch (error) {
    // Without QEMU the machine itself will say so.
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function mayOpen(path: string): boolean {
  try {
    Deno.openSync(path, { read: true, write: true }).close();
    return true;
  } catch {
    return false;
  }
}

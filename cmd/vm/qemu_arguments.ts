/** The command line of QEMU. */

import { GUEST_BINARY } from "./job.ts";

/** A disk for the guest: empty, gone afterwards. */
export interface Disk {
  /** In bytes. */
  readonly size: number;
  /** What the guest sees. For `virtio`, most kernels need the modules virtio_pci and virtio_blk. */
  readonly kind: "nvme" | "virtio";
}

/** A disk and the file that stands for it. */
export interface DiskImage extends Disk {
  readonly path: string;
  readonly serial: string;
}

/** What runs the guest's instructions: the processor itself, or QEMU's own emulation, which any machine has. */
export type Accelerator = "kvm" | "tcg";

/** What a machine is made of. */
export interface MachineOptions {
  readonly accel: Accelerator;
  readonly kernel: string;
  readonly initramfs: string;
  /** In MiB. */
  readonly memory: number;
  readonly cpus: number;
  readonly disks: readonly DiskImage[];
  /** Unix sockets that the serial ports are connected to, ttyS0 first. */
  readonly sockets: readonly string[];
  /** A Unix socket for QEMU's own protocol (QMP). */
  readonly control: string;
  /** More words for the kernel's command line. */
  readonly kernelArguments?: readonly string[];
}

/**
 * Emulation: measured on four kernels, no other setting was both as quick and as reliable. With `thread=multi`, or with cmpxchg16b,
 * QEMU 7.2 now and then corrupts a guest whose kernel patches its own code, as tracing does.
 */
const PROCESSOR: Readonly<Record<Accelerator, readonly string[]>> = {
  tcg: ["-accel", "tcg,thread=single", "-cpu", "max,-cx16"],
  kvm: ["-accel", "kvm", "-cpu", "host"],
};

const MACHINE = [
  ["-machine", "pc"],
  ["-display", "none"],
  ["-nodefaults"],
  ["-no-user-config"],
  ["-no-reboot"],
].flat();

const KERNEL_ARGUMENTS = [
  "console=ttyS0",
  `rdinit=${GUEST_BINARY}`,
  // A panic ends QEMU (-no-reboot), and so does an oops: neither costs the whole time allowed.
  "panic=-1",
  "oops=panic",
  "quiet",
  "loglevel=4",
  "mitigations=off",
  "random.trust_cpu=on",
  "cryptomgr.notests=1",
  "apparmor=0",
  "tsc=reliable",
  "no_timer_check",
];

/** The arguments of qemu-system-x86_64. */
export function qemuArguments(options: MachineOptions): string[] {
  return [
    ...PROCESSOR[options.accel],
    ...MACHINE,
    ...["-m", `${options.memory}M`, "-smp", String(options.cpus)],
    ...["-kernel", options.kernel, "-initrd", options.initramfs],
    ...["-append", [...KERNEL_ARGUMENTS, ...options.kernelArguments ?? []].join(" ")],
    ...["-chardev", socket("control", options.control), "-mon", "chardev=control,mode=control"],
    ...options.sockets.flatMap(serialPort),
    ...options.disks.flatMap(disk),
  ];
}

function serialPort(path: string, index: number): string[] {
  const id = `serial${index}`;
  return ["-chardev", socket(id, path), "-serial", `chardev:${id}`];
}

function socket(id: string, path: string): string {
  return `socket,id=${id},path=${escaped(path)}`;
}

function disk(image: DiskImage, index: number): string[] {
  const id = `drive${index}`;
  const device = image.kind === "nvme" ? "nvme" : "virtio-blk-pci";
  return [
    ...["-drive", `file=${escaped(image.path)},if=none,id=${id},format=raw,cache=unsafe`],
    ...["-device", `${device},serial=${image.serial},drive=${id}`],
  ];
}

/** In the lists of QEMU's options a comma is doubled. */
function escaped(path: string): string {
  return path.replaceAll(",", ",,");
}

import { assertEquals, assertStringIncludes } from "../../../assert.ts";
import { qemuArguments } from "../../../../cmd/vm/qemu_arguments.ts";

const OPTIONS = {
  kernel: "/boot/vmlinuz",
  initramfs: "/tmp/a/initramfs",
  memory: 512,
  cpus: 2,
  disks: [],
  accel: "tcg" as const,
  sockets: ["/tmp/a,b/console"],
  control: "/tmp/a,b/control",
};

function valuesOf(flag: string, args: readonly string[]): string[] {
  return args.filter((_, i) => args[i - 1] === flag);
}

Deno.test("qemuArguments() uses the settings that were measured to be reliable", () => {
  const args = qemuArguments(OPTIONS);
  assertEquals(valuesOf("-accel", args), ["tcg,thread=single"]);
  assertEquals(valuesOf("-cpu", args), ["max,-cx16"]);
  assertEquals(valuesOf("-m", args), ["512M"]);
  assertStringIncludes(valuesOf("-append", args)[0] ?? "", "rdinit=/gimlet panic=-1 oops=panic ");
});

Deno.test("qemuArguments() connects serial ports in order, with commas in paths doubled", () => {
  const args = qemuArguments(OPTIONS);
  assertEquals(valuesOf("-chardev", args), [
    "socket,id=control,path=/tmp/a,,b/control",
    "socket,id=serial0,path=/tmp/a,,b/console",
  ]);
  assertEquals(valuesOf("-serial", args), ["chardev:serial0"]);
});

Deno.test("qemuArguments() adds disks that are known by their serial numbers", () => {
  const disks = [
    { kind: "nvme", size: 1 << 20, path: "/tmp/a/disk0", serial: "disk0" },
    { kind: "virtio", size: 1 << 20, path: "/tmp/a/disk1", serial: "disk1" },
  ] as const;
  assertEquals(valuesOf("-device", qemuArguments({ ...OPTIONS, disks })), [
    "nvme,serial=disk0,drive=drive0",
    "virtio-blk-pci,serial=disk1,drive=drive1",
  ]);
});

/** Functions of modules: by kprobes and by BTF, and those of one module only where several have the name. */

import { runVm } from "../../cmd/vm/vm.ts";
import { assertEquals, assertMatch } from "../assert.ts";
import { BINARY } from "../gimlet.ts";
import { binary, qemu, test } from "../support.ts";
import { debianKernel, type KernelSeries } from "./kernels.ts";

const needs = [qemu, binary];

/** Runs shell commands in a machine that has a loop device, and a disk whose driver is in modules. */
async function inVm(series: KernelSeries, script: string) {
  const kernel = await debianKernel(series);
  return await runVm({
    kernel: kernel.path,
    modules: kernel.modulesFor(["loop", "virtio_pci", "virtio_blk"]),
    disks: [{ size: 1 << 20, kind: "virtio" }],
    binary: BINARY,
    files: ["/bin/sh", "/bin/cat", "/bin/dd"],
    command: ["/bin/sh", "-c", script],
    timeout: 300,
  });
}

// The kernel's own driver of PCI has a function of this name, and the module virtio.
const READ_BOTH =
  "/bin/cat /sys/bus/virtio/devices/virtio0/device /sys/bus/pci/devices/0000:00:00.0/device";

test("6.1: a kprobe of a module is that of this module only", { needs }, async () => {
  const { stdout, stderr, status } = await inVm(
    "6.1",
    `/gimlet -q -e 'kprobe:virtio:device_show { @virtio = count(); }
      kprobe:vmlinux:device_show { @kernel = count(); }
      kprobe:virtio:device_show+0 { @offset = count(); }
      kprobe:virtio:device_sho* { @named[probe] = count(); }
      kprobe:*:device_show { @all = count(); }
      kretprobe:virtio:device_show { @returned[func] = sum(retval); }' -c '${READ_BOTH}'`,
  );
  assertEquals([status, stderr], [0, ""]);
  assertEquals(stdout.trim().split("\n").filter((line) => line !== ""), [
    ...["0x0002", "0x1237"],
    ...["@all: 2", "@kernel: 1", "@named[kprobe:virtio:device_show]: 1", "@offset: 1"],
    ...["@returned[device_show]: 7", "@virtio: 1"],
  ]);
});

test("6.12: vmlinux has two functions of a name, which are both meant", { needs }, async () => {
  const { stdout, stderr, status } = await inVm(
    "6.12",
    `/gimlet -q -e 'kprobe:vmlinux:device_show { @kernel = count(); }' -c '${READ_BOTH}'`,
  );
  assertEquals([status, stderr, stdout], [0, "", "0x0002\n0x1237\n\n\n@kernel: 2\n"]);
});

/** A mistake, and what is said of it. */
const REFUSED: readonly (readonly [probe: string, error: RegExp, hint: RegExp])[] = [
  [
    "kprobe:virtio:device_shov",
    /Cannot attach to virtio:device_shov: virtio has no function device_shov/,
    /HINT: Did you mean device_show\?/,
  ],
  [
    "kprobe:virtoi:device_show",
    /Cannot attach to virtoi:device_show: there is no module virtoi/,
    /HINT: Did you mean virtio\?/,
  ],
  [
    "fentry:virtio:device_shov",
    /ERROR: the BTF of virtio has no function device_shov/,
    /HINT: Did you mean device_show\?/,
  ],
  [
    "fentry:virtoi:device_show",
    /ERROR: the module virtoi is not loaded, or has no BTF/,
    /HINT: Did you mean virtio\?/,
  ],
  [
    "fentry:virtio:device_show",
    /ERROR: not supported: virtio:device_show, as there is a device_show in vmlinux, too/,
    /HINT: Use kprobe:virtio:device_show/,
  ],
];

test("6.1: a function or module that is not there is told, with what is", { needs }, async () => {
  const commands = REFUSED.map(([probe]) => `echo = >&2; /gimlet -e '${probe} { @ = count(); }'`);
  const { stderr } = await inVm("6.1", commands.join("\n"));
  const told = stderr.split(/^=\n/m).slice(1);
  assertEquals(told.length, REFUSED.length, stderr);
  REFUSED.forEach(([, error, hint], i) => {
    assertMatch(told[i]!, error);
    assertMatch(told[i]!, hint);
  });
});

for (const series of ["6.1", "6.12", "7.2"] as const) {
  test(`${series}: fentry and fexit of a module's functions, by its BTF`, { needs }, async () => {
    const { stdout, stderr, status } = await inVm(
      series,
      `/gimlet -q -e 'fentry:loop:lo_release { @[probe, str(args.disk->disk_name)] = count(); }
        fexit:lo_release { @left[probe] = count(); }
        fentry:loop:lo_rel* { $lo = (struct loop_device *)args.disk->private_data; @wild[probe, $lo->lo_number] = count(); }
        fentry:*:lo_release { @any[func] = count(); }
        kprobe:loop:lo_release {
          $lo = (struct loop_device *)((struct gendisk *)arg0)->private_data;
          @number[$lo->lo_number] = count();
        }' -c '/bin/dd if=/dev/loop3 of=/dev/null count=1 status=none'`,
    );
    assertEquals([status, stderr], [0, ""]);
    assertEquals(stdout.trim().split("\n").filter((line) => line !== ""), [
      "@[fentry:loop:lo_release, loop3]: 1",
      "@any[lo_release]: 1",
      "@left[fexit:loop:lo_release]: 1",
      "@number[3]: 1",
      "@wild[fentry:loop:lo_release, 3]: 1",
    ]);
  });
}

/** The virtual machine itself: does it give back exactly what happened inside? */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { runVm, type VmOptions, type VmResult } from "../../cmd/vm/vm.ts";
import { VmError, type VmErrorKind } from "../../cmd/vm/vm_error.ts";
import { BINARY } from "../gimlet.ts";
import { binary, qemu, test } from "../support.ts";
import { debianKernel } from "./kernels.ts";

const needs = [qemu, binary];

const FILES = ["/bin/sh", "/bin/cat", "/bin/ls", "/bin/sleep"];

type Case = Partial<VmOptions> & Pick<VmOptions, "command">;

async function run(options: Case): Promise<VmResult> {
  const kernel = await debianKernel("6.1");
  return await runVm({ kernel: kernel.path, binary: BINARY, files: FILES, ...options });
}

async function failing(kind: VmErrorKind, options: Case): Promise<VmError> {
  const error = await assertRejects(() => run(options), VmError);
  assertEquals(error.kind, kind, error.message);
  return error;
}

test(
  "stdout and stderr come out apart, byte for byte, with the exit status",
  { needs },
  async () => {
    const bytes = everyByte(100_000);
    const source = Deno.makeTempFileSync();
    const chunks: Uint8Array[] = [];
    try {
      Deno.writeFileSync(source, bytes);
      const result = await run({
        command: ["sh", "-c", `cat /bytes; printf 'to\\nstderr\\r\\n' >&2; exit 7`],
        files: [...FILES, { source, target: "/bytes" }],
        onStdout: (chunk) => chunks.push(chunk),
      });
      assertEquals(result.status, 7);
      assertEquals(result.signal, null);
      assert(sameBytes(result.stdoutBytes, bytes), `${result.stdoutBytes.length} other bytes`);
      assertEquals(chunks.reduce((sum, chunk) => sum + chunk.length, 0), bytes.length);
      assertEquals(result.stderr, "to\nstderr\r\n");
      const { init, run: started, total } = result.seconds;
      assert(0 < init && init < started && started < total);
    } finally {
      Deno.removeSync(source);
    }
  },
);

test("a command gets its user, environment, folder and disks", { needs }, async () => {
  const kernel = await debianKernel("6.1");
  const script = `
    echo "$GREETING $HOME"
    pwd
    while read name value rest; do [ "$name" = Uid: ] && echo "uid $value"; done < /proc/self/status
    cat /sys/block/nvme0n1/size /sys/block/vda/size
    [ -b /dev/disk0 ] && [ -b /dev/disk1 ] && ls /sys/kernel/btf/vmlinux /proc/self/exe
    sleep 1000 &
    kill -TERM $$`;
  const result = await run({
    command: ["/bin/sh", "-c", script],
    env: { GREETING: "hello" },
    cwd: "/tmp",
    uid: 65534,
    disks: [{ kind: "nvme", size: 8 << 20 }, { kind: "virtio", size: 4 << 20 }],
    modules: kernel.modulesFor(["virtio_pci", "virtio_blk"]),
  });
  const expected = ["hello /root", "/tmp", "uid 65534", "16384", "8192"];
  assertEquals(result.stdout.trimEnd().split("\n"), [
    ...expected,
    "/proc/self/exe",
    "/sys/kernel/btf/vmlinux",
  ]);
  assertEquals(result.stderr, "");
  // What it had left behind, with its output still open, did not hold it up.
  assertEquals([result.status, result.signal], [143, "SIGTERM"]);
});

test("a command that is not there ends as in a shell", { needs }, async () => {
  const result = await run({ command: ["no-such-program", "x"] });
  assertEquals(result.status, 127);
  assertEquals(result.stdout, "");
  assertEquals(result.stderr, "gimlet vm: Cannot run no-such-program: no such program\n");
});

test("a panic is recognised", { needs }, async () => {
  const error = await failing("panic", {
    command: ["sh", "-c", "echo before; sleep 0.5; echo c > /proc/sysrq-trigger"],
  });
  assertStringIncludes(error.message, "sysrq triggered crash");
  assertEquals(error.stdout, "before\n");
});

test("a PID 1 that ends is a panic", { needs: [qemu] }, async () => {
  const error = await failing("panic", { binary: "/bin/true", libraries: [], command: ["true"] });
  assertStringIncludes(error.message, "Attempted to kill init!");
});

test("a command that takes too long is stopped", { needs }, async () => {
  const error = await failing("timeout", {
    command: ["sh", "-c", "echo begun; sleep 1000"],
    timeout: 1,
  });
  assertEquals(error.stdout, "begun\n");
});

test("a caller can end the machine", { needs: [qemu] }, async () => {
  const signal = AbortSignal.timeout(500);
  const error = await assertRejects(() => run({ binary: "/bin/cat", command: ["true"], signal }));
  assertEquals(error, signal.reason);
});

test("a guest that does not boot in time is started again, then given up", {
  needs: [qemu],
}, async () => {
  const started = performance.now();
  const options = { binary: "/bin/true", libraries: [], bootTimeout: 0.3, retries: 1 };
  const error = await failing("boot", { ...options, command: ["true"] });
  assertStringIncludes(error.message, "PID 1 did not start in time");
  assert(performance.now() - started > 600);
});

test("what is no kernel is told from a kernel that fails", { needs: [qemu] }, async () => {
  const options = { binary: "/bin/true", libraries: [], command: ["true"] };
  await failing("no-kernel", { ...options, kernel: "/nonexistent" });
  await failing("boot", { ...options, kernel: "/etc/passwd" });
});

function everyByte(size: number): Uint8Array<ArrayBuffer> {
  // 251 is prime: no byte stands at the same place of a buffer twice.
  return Uint8Array.from({ length: size }, (_, i) => i < 256 ? i : (i * i) % 251);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

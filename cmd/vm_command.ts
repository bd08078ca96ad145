/** `gimlet vm`: boots a kernel under QEMU, runs a command there, ends with its status. */

import { catalog } from "../programs/catalog.gen.ts";
import { STATUS } from "./exit_status.ts";
import { type Option, optionLine, parseOptions, text, texts } from "./option.ts";
import { defined, parseDuration, whole } from "./options.ts";
import { printAll } from "./print.ts";
import { bold, type ParsedArgs } from "./std.ts";
import { UsageError } from "./usage.ts";
import { bestAccelerator } from "./vm/accelerator.ts";
import { isFile } from "../ffi/host/files.ts";
import { filesOf, findProgram, programFiles } from "./vm/host_files.ts";
import type { ImageFile } from "./vm/initramfs.ts";
import { GUEST_BINARY } from "./vm/job.ts";
import { findKernel, type KernelFile } from "./vm/kernel_file.ts";
import { baseName } from "./vm/paths.ts";
import type { Accelerator, Disk } from "./vm/qemu_arguments.ts";
import { runVm, type VmOptions, type VmResult } from "./vm/vm.ts";
import { VmError } from "./vm/vm_error.ts";
import { Writer } from "./writer.ts";

/** The options of `gimlet vm`. */
export const VM_OPTIONS = [
  { name: "kernel", value: "FILE|VERSION", help: "a bzImage or vmlinux, or the version of one" },
  { name: "file", value: "SRC[:DST]", help: "a file or folder that the guest gets" },
  { name: "disk", value: "SIZE[:nvme|virtio]", help: "an empty disk: /dev/disk0, 1, … (nvme)" },
  { name: "module", value: "FILE|NAME", help: "a kernel module to load" },
  { name: "memory", value: "SIZE", help: "the guest's memory (1G)" },
  { name: "cpus", value: "N", help: "its processors (2)" },
  { name: "timeout", value: "N[ms|s|m]", help: "end it after this time (5m)" },
  { name: "env", value: "NAME=VALUE", help: "a variable for the command" },
  { name: "append", value: "WORDS", help: "more words for the kernel's command line" },
  { name: "accel", value: "auto|kvm|tcg", help: "kvm where it is quick, else emulate (auto)" },
  { name: "verbose", short: "v", help: "show what the kernel says, and the times" },
  { name: "help", short: "h", help: "show this help" },
] as const satisfies readonly Option[];

const USAGE = "gimlet vm --kernel FILE|VERSION [OPTIONS] -- COMMAND…";

/** The help's lines. */
function helpLines(): string[] {
  return [
    "Boot a kernel under QEMU and run a command there, as root, with all that a tracer needs.",
    "",
    `${bold("Usage:")} ${USAGE}`,
    "",
    bold("Options:"),
    ...VM_OPTIONS.map(optionLine),
    "",
    "file, disk, module, env and append may be given several times. A tool or subcommand of gimlet runs this",
    "gimlet inside; any other program of this machine comes along with its libraries.",
    "",
    `${
      bold("Status:")
    } the command's own; 120 no boot, 121 panic, 122 oops, 123 hang, 124 out of time, 125 no machine`,
    "",
    bold("Try:"),
    "  gimlet vm --kernel arch/x86/boot/bzImage --disk 64M -- selftest --format ktap",
  ];
}

/**
 * Runs `gimlet vm` with its arguments; gives the exit status.
 *
 * @param subcommands what gimlet has beside its tools
 * @throws {VmError} where the machine or its kernel failed
 */
export async function vmCommand(
  args: readonly string[],
  subcommands: readonly string[],
): Promise<number> {
  const parsed = parseOptions(VM_OPTIONS, args);
  const out = new Writer(Deno.stdout);
  if (parsed["help"] === true) return printAll(out, helpLines());
  const own = new Set([...subcommands, ...catalog.map(({ name }) => name)]);
  const options = await readOptions(parsed, (name) => own.has(name.replaceAll("-", "_")));
  const verbose = parsed["verbose"] === true;
  const errors = new Writer(Deno.stderr, { name: "stderr" });
  if (verbose) printAll(errors, [`gimlet vm: ${options.kernel}, ${options.accel}`]);
  let closed = false;
  const stdout = new Writer(Deno.stdout, { onClosed: () => closed = true });
  try {
    const result = await runVm({
      ...options,
      onStdout: (bytes) => {
        stdout.bytes(bytes);
        if (closed) throw new StdoutClosed();
      },
      onStderr: (bytes) => errors.bytes(bytes),
      ...(verbose ? { onConsole: (bytes: Uint8Array) => errors.bytes(bytes) } : {}),
    });
    if (verbose) printAll(errors, [timesLine(result)]);
    return result.status;
  } catch (error) {
    if (error instanceof StdoutClosed) return STATUS.done;
    throw error;
  }
}

/** Nobody reads on: the machine ends, in good order. */
class StdoutClosed extends Error {}

function timesLine({ seconds: { init, run, total }, starts }: VmResult): string {
  const [booted, ready, ended] = [init, run, total].map((seconds) => seconds.toFixed(1));
  const again = starts > 1 ? `, started ${starts} times` : "";
  return `gimlet vm: booted in ${booted} s, ready at ${ready} s, ended at ${ended} s${again}`;
}

async function readOptions(
  parsed: ParsedArgs,
  isOwn: (name: string) => boolean,
): Promise<VmOptions> {
  const [word] = parsed._;
  if (word !== undefined) {
    throw new UsageError(`Unexpected argument "${word}"`, `The command stands behind --: ${USAGE}`);
  }
  const asked = text(parsed, "kernel");
  if (asked === undefined) throw new UsageError("--kernel is missing", USAGE);
  const disks = texts(parsed, "disk").map(parseDisk);
  const env = Object.fromEntries(texts(parsed, "env").map(parseVariable));
  const memory = parseSize("memory", text(parsed, "memory"));
  const settings = {
    disks,
    ...defined("memory", memory === undefined ? undefined : Math.ceil(memory / MIB)),
    ...defined("cpus", whole("cpus", text(parsed, "cpus"), 1)),
    timeout: (parseDuration(text(parsed, "timeout")) ?? DEFAULT_TIMEOUT_MS) / 1000,
    kernelArguments: [
      ...(parsed["verbose"] === true ? ["loglevel=7"] : []),
      ...texts(parsed, "append"),
    ],
  };
  const files = texts(parsed, "file").flatMap(filesOf);
  const { command, programs } = commandOf(parsed["--"] ?? [], files, isOwn);
  const accel = text(parsed, "accel") ?? "auto";
  if (!isAccelerator(accel)) {
    throw new UsageError(`Unknown accelerator "${accel}"`, "It should be auto, kvm or tcg");
  }
  const kernel = findKernel(asked);
  const libbpf = Deno.env.get("GIMLET_LIBBPF");
  return {
    ...settings,
    kernel: kernel.path,
    modules: modulesOf(kernel, texts(parsed, "module")),
    binary: ownBinary(),
    files: [...files, ...programs],
    command,
    ...defined("libraries", libbpf === undefined ? undefined : [libbpf]),
    env: { ...defined("GIMLET_LIBBPF", libbpf), ...env },
    accel: accel === "auto" ? await bestAccelerator() : accel,
  };
}

const MIB = 1 << 20;
const DEFAULT_TIMEOUT_MS = 300_000;

function isAccelerator(name: string): name is Accelerator | "auto" {
  return name === "auto" || name === "kvm" || name === "tcg";
}

/** The guest's command and the programs that it takes from here: what is not here the guest may have nevertheless. */
function commandOf(
  words: readonly string[],
  files: readonly ImageFile[],
  isOwn: (name: string) => boolean,
): { command: readonly string[]; programs: ImageFile[] } {
  const [name, ...args] = words;
  if (name === undefined) throw new UsageError("The command is missing", USAGE);
  if (isOwn(name)) {
    // The command that a tool is to trace.
    const inner = args[args.indexOf("--") + 1];
    const program = args.includes("--") && inner !== undefined ? hostProgram(inner, files) : null;
    return { command: [GUEST_BINARY, ...words], programs: program ? programFiles(program) : [] };
  }
  const program = hostProgram(name, files);
  if (program === null) return { command: words, programs: [] };
  return { command: [program, ...args], programs: programFiles(program) };
}

/** The program of this machine that a name means; none where the options bring one of that name. */
function hostProgram(name: string, files: readonly ImageFile[]): string | null {
  const given = files.some(({ source, target = source }) =>
    name === (name.includes("/") ? target : baseName(target))
  );
  return given ? null : findProgram(name) ?? null;
}

/** The paths of modules; names where the kernel's modules are known. */
function modulesOf({ modulesFor }: KernelFile, asked: readonly string[]): string[] {
  return asked.flatMap((module) => {
    if (module.includes("/") || module.includes(".ko")) return [module];
    if (modulesFor !== undefined) return modulesFor([module]);
    throw new UsageError(
      `Cannot find module ${module}: the kernel is given as a file`,
      "Name the module's file, or the kernel by its version",
    );
  }).filter((path, index, all) => all.indexOf(path) === index);
}

/** The binary that the guest gets: this very one, or what the build made of these sources. */
function ownBinary(): string {
  if (Deno.build.standalone) return Deno.execPath();
  const path = new URL("../dist/gimlet", import.meta.url).pathname;
  if (isFile(path)) return path;
  throw new VmError({ kind: "files", reason: `${path} is not there: deno task compile makes it` });
}

function parseDisk(text: string): Disk {
  const [size = "", kind = "nvme", ...more] = text.split(":");
  const bytes = parseSize("disk", size);
  if (bytes !== undefined && (kind === "nvme" || kind === "virtio") && more.length === 0) {
    return { size: bytes, kind };
  }
  throw new UsageError(`Cannot read --disk "${text}"`, "It should be like 64M or 1G:virtio");
}

/** Bytes of `512M`, `2G`, or `512` (MiB). */
function parseSize(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const match = /^([1-9]\d{0,5})([MG])?$/.exec(text);
  if (match === null) {
    throw new UsageError(`Cannot read --${name} "${text}"`, "It should be like 512M or 2G");
  }
  return Number(match[1]) * (match[2] === "G" ? 1024 : 1) * MIB;
}

function parseVariable(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`Cannot read --env "${text}"`, "It should be NAME=VALUE");
}

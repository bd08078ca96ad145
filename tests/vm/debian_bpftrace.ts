/**
 * The bpftrace that belongs to a kernel, for virtual machines: this machine's own, or that of another Debian with all of its
 * libraries, in a root of its own. The latter is kept beside the kernels; remove it to get a newer one.
 */

import { list } from "../../ffi/host/files.ts";
import { kernelCache } from "../../cmd/vm/kernel_file.ts";
import { join } from "../../cmd/vm/paths.ts";
import type { VmOptions } from "../../cmd/vm/vm.ts";
import { inCache, output, privateLists, unpackAll } from "./debian.ts";
import type { KernelSeries } from "./kernels.ts";

const FOLDER = "usr/lib/x86_64-linux-gnu";
const LOADER = "ld-linux-x86-64.so.2";
const PROGRAM = "usr/bin/bpftrace";
const SCRIPTS = "usr/sbin";
/** Parts of libc that a compiled gimlet names, so that it can run in the same root. */
const OURS = ["libdl.so.2", "libpthread.so.0", "librt.so.1"];
const TAR = "root.tar";

/** The suites that have a newer bpftrace than the oldest supported Debian. */
export type Suite = "trixie" | "sid";

/** A bpftrace in the guest: which files it takes, what has to be done before, and how it is called. */
export interface Peer {
  readonly files: NonNullable<VmOptions["files"]>;
  readonly prepare: string;
  readonly call: string;
  /** Where its root is in the guest; empty where that is the guest's own. */
  readonly root: string;
  /** The words that run a program in that root. */
  readonly enter: string;
  /** The folder on this machine with the scripts that its package has. */
  readonly scripts: string;
}

/** That of this machine. */
const OWN: Peer = {
  files: ["/usr/bin/bpftrace"],
  prepare: "true",
  call: "bpftrace",
  root: "",
  enter: "",
  scripts: `/${SCRIPTS}`,
};

/** That of another Debian, in a root of its own. */
async function peerOf(suite: Suite): Promise<Peer> {
  const folder = await debianBpftrace(suite);
  const programs = ["tar", "mkdir", "mount", "cp", "ln"].map((name) => `/bin/${name}`);
  const mounts = [
    "proc proc",
    "sysfs sys",
    "devtmpfs dev",
    "tracefs sys/kernel/tracing",
    "debugfs sys/kernel/debug",
  ]
    .map((words) => words.split(" "))
    .map(([type, path]) => `mount -t ${type} ${type} /bt/${path}`);
  return {
    files: [
      ...programs,
      "/usr/sbin/chroot",
      { source: join(folder, TAR), target: "/bt.tar" },
    ],
    prepare: [
      "mkdir -p /bt/proc /bt/sys /bt/dev /bt/etc /bt/tmp && tar -C /bt -xf /bt.tar",
      ...mounts,
      "cp -L /usr/bin/bash /bt/usr/bin/bash && cp /etc/passwd /bt/etc/passwd",
      "ln /gimlet /bt/gimlet",
    ].join(" && "),
    call: "chroot /bt /usr/bin/bpftrace",
    root: "/bt",
    enter: "chroot /bt ",
    scripts: join(folder, "scripts"),
  };
}

const PEERS = {
  "5.10": () => Promise.resolve(OWN),
  "6.1": () => Promise.resolve(OWN),
  "6.12": () => peerOf("trixie"),
  "7.2": () => peerOf("sid"),
} as const satisfies Record<KernelSeries, () => Promise<Peer>>;

/** The bpftrace of the distribution that a kernel is of; on the older ones this machine's. */
export function bpftraceFor(series: KernelSeries): Promise<Peer> {
  return PEERS[series]();
}

/** A folder with the bpftrace of a suite: a root to be entered by chroot(8), as a tar, and its scripts. */
function debianBpftrace(suite: Suite): Promise<string> {
  return inCache(join(kernelCache(), `bpftrace-${suite}`), async (work) => {
    const root = join(work, "root");
    await unpack(suite, { root, work });
    const slim = await needed(root, work);
    const made = join(work, "made");
    Deno.mkdirSync(join(made, "scripts"), { recursive: true });
    await output("tar", ["-C", slim, "-cf", join(made, TAR), "."]);
    for (const name of list(join(root, SCRIPTS)).filter((name) => name.endsWith(".bt"))) {
      Deno.copyFileSync(join(root, `${SCRIPTS}/${name}`), join(made, `scripts/${name}`));
    }
    return made;
  });
}

/** The words that run the bpftrace of a suite on this machine: by its own loader, with its own libraries, nothing installed. */
export async function ownBpftrace(suite: Suite): Promise<string[]> {
  const root = await inCache(join(kernelCache(), `../bpftrace-${suite}`), async (work) => {
    const root = join(work, "root");
    Deno.mkdirSync(root);
    await output("tar", ["-C", root, "-xf", join(await debianBpftrace(suite), TAR)]);
    return root;
  });
  const libraries = join(root, FOLDER);
  return [join(libraries, LOADER), "--library-path", libraries, join(root, PROGRAM)];
}

async function unpack(
  suite: string,
  { root, work }: { root: string; work: string },
): Promise<void> {
  const lists = await privateLists(suite, join(work, "apt"));
  const options = [...lists, "-o", "Dir::State::status=/dev/null"];
  await output("apt-get", [
    ...[
      ...options,
      "-q",
      "-y",
      "--no-install-recommends",
      "--download-only",
      "install",
      "bpftrace",
    ],
  ]);
  const archives = join(work, "apt/cache/archives");
  await unpackAll(archives, root);
  // As base-files has them.
  for (const name of ["bin", "lib", "lib64"]) {
    if (!list(root).includes(name)) Deno.symlinkSync(`usr/${name}`, join(root, name));
  }
}

/** The program and the libraries that its loader and gimlet name: a tenth of what the packages hold. */
async function needed(root: string, work: string): Promise<string> {
  const slim = join(work, "slim");
  const loader = `/${FOLDER}/${LOADER}`;
  const text = await output("chroot", [root, loader, "--list", `/${PROGRAM}`]);
  const libraries = Array.from(text.matchAll(/=> (\/\S+)/g), ([, path]) => path!);
  const ours = OURS.map((name) => `/${FOLDER}/${name}`);
  for (const path of [`/${PROGRAM}`, loader, ...libraries, ...ours]) {
    const target = join(slim, path.replace(/^\/lib\//, "/usr/lib/"));
    Deno.mkdirSync(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    Deno.copyFileSync(join(root, path), target);
  }
  Deno.mkdirSync(join(slim, "usr/lib64"), { recursive: true });
  Deno.symlinkSync(loader, join(slim, `usr/lib64/${LOADER}`));
  for (const name of ["bin", "lib", "lib64"]) Deno.symlinkSync(`usr/${name}`, join(slim, name));
  return slim;
}

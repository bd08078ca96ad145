/** Builds the file system that a virtual machine boots into. */

import type { CpioEntry } from "./cpio.ts";
import { GUEST_BINARY, GUEST_FOLDER, type Job, JOB_PATH } from "./job.ts";
import { LD_CACHE } from "../../ffi/host/libraries.ts";
import { librariesOf, librarySource, type LoadedFile } from "./libraries.ts";
import { plainName, readModule } from "./modules.ts";
import { normalize, parent } from "./paths.ts";

/** A file of the host that the guest gets. */
export interface ImageFile {
  /** Where it lies on the host. */
  readonly source: string;
  /** Where it will lie in the guest; the same place where not given. */
  readonly target?: string;
}

/** What the image is made of. */
export interface ImageOptions {
  /** The gimlet binary; it becomes `/gimlet`, and PID 1. */
  readonly binary: string;
  /** Files with the libraries that they need. */
  readonly files?: readonly (string | ImageFile)[];
  /** Libraries that are opened while running: `libbpf.so.1`. */
  readonly libraries?: readonly string[];
  /** The folder of the system whose libraries are taken; the host's own where not given. */
  readonly libraryRoot?: string;
  /** Kernel modules on the host, compressed or not, in the order of loading. */
  readonly modules?: readonly string[];
  /** What to run; its modules are filled in here. */
  readonly job: Omit<Job, "modules">;
}

/** Folders of the root file system; those below /sys and /proc are made by the kernel. */
const FOLDERS = ["/dev", "/etc", "/proc", "/root", "/run", "/sys", "/usr", "/var"];
/** A folder of the image, not mounted: what comes from the host's lies in it. */
const TEMPORARY = { kind: "directory", path: "/tmp", mode: 0o1777 } as const;

/**
 * The folders that every current distribution has merged into /usr. Whatever the host does, a path is found under both
 * of its names.
 */
const MERGED = ["bin", "sbin", "lib", "lib64"];

const EXECUTABLE = 0o755;

/** Collects entries so that each parent folder comes before what is in it, and each path once. */
export class ImageTree {
  readonly #entries = new Map<string, CpioEntry>();

  /** The entries in the order of unpacking. */
  entries(): CpioEntry[] {
    return [...this.#entries.values()];
  }

  /** Adds an entry and the folders above it. What has the same path already is kept. */
  add(entry: CpioEntry): void {
    const path = mergedPath(entry.path);
    if (this.#entries.has(path)) return;
    if (parent(path) !== "/") this.add({ kind: "directory", path: parent(path) });
    this.#entries.set(path, { ...entry, path });
  }

  /** Adds an executable file. */
  addFile(path: string, data: Uint8Array): void {
    this.add({ kind: "file", path, data, mode: EXECUTABLE });
  }
}

/** The place of a path in the image: `/bin/sh` lies in `/usr/bin`. */
export function mergedPath(path: string): string {
  const normal = normalize(path);
  return MERGED.includes(normal.split("/")[1] ?? "") && parent(normal) !== "/"
    ? `/usr${normal}`
    : normal;
}

/**
 * The entries of an image.
 *
 * @throws {Error} where a file or a library is missing
 */
export function imageEntries(options: ImageOptions): CpioEntry[] {
  const tree = new ImageTree();
  addSkeleton(tree);
  const programs = [
    load({ source: options.binary, target: GUEST_BINARY }),
    ...(options.files ?? []).map((file) =>
      load(typeof file === "string" ? { source: file } : file)
    ),
  ];
  const source = librarySource(options.libraryRoot);
  const libraries = librariesOf({ programs, extra: options.libraries ?? [], source });
  const cache = source.read(LD_CACHE);
  if (cache !== undefined) tree.add({ kind: "file", path: LD_CACHE, data: cache });
  for (const { path, data } of [...programs, ...libraries]) tree.addFile(path, data);
  const modules = (options.modules ?? []).map((source) => addModule(tree, source));
  const job: Job = { ...options.job, modules };
  tree.addFile(JOB_PATH, new TextEncoder().encode(JSON.stringify(job)));
  return tree.entries();
}

function addSkeleton(tree: ImageTree): void {
  tree.add({ kind: "directory", path: "/" }); // The kernel makes it writable for all.
  for (const path of FOLDERS) tree.add({ kind: "directory", path });
  tree.add(TEMPORARY);
  for (const name of MERGED) {
    tree.add({ kind: "directory", path: `/usr/${name}` });
    tree.add({ kind: "symlink", path: `/${name}`, target: `usr/${name}` });
  }
  // The kernel opens the console for PID 1 before PID 1 can mount a /dev.
  const node = { kind: "device", type: "character" } as const;
  tree.add({ ...node, path: "/dev/console", major: 5, minor: 1 });
  tree.add({ ...node, path: "/dev/null", major: 1, minor: 3, mode: 0o666 });
  // A compiled binary finds its program through this link, and as PID 1 it has to do so before it can mount /proc.
  tree.add({ kind: "symlink", path: "/proc/self/exe", target: GUEST_BINARY });
  addUsers(tree);
}

function addUsers(tree: ImageTree): void {
  const encoder = new TextEncoder();
  const passwd = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n";
  const group = "root:x:0:\nnogroup:x:65534:\n";
  tree.add({ kind: "file", path: "/etc/passwd", data: encoder.encode(passwd) });
  tree.add({ kind: "file", path: "/etc/group", data: encoder.encode(group) });
  tree.add({ kind: "file", path: "/etc/hosts", data: encoder.encode("127.0.0.1 localhost\n") });
}

function addModule(tree: ImageTree, source: string): string {
  const target = `${GUEST_FOLDER}/modules/${plainName(source)}`;
  tree.addFile(target, readModule(source));
  return target;
}

function load(file: ImageFile): LoadedFile {
  return { path: file.target ?? file.source, data: Deno.readFileSync(file.source) };
}

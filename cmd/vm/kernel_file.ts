/** Finds kernels: by their path, or by a version among those that are installed or cached. */

import { isFile, list } from "../../ffi/host/files.ts";
import { modulePaths } from "./modules.ts";
import { join } from "./paths.ts";
import { VmError } from "./vm_error.ts";

/** A kernel of a distribution, installed or unpacked. */
export interface InstalledKernel {
  /** As `uname -r` says it: `6.1.0-56-cloud-amd64`. */
  readonly version: string;
  /** The file that boots. */
  readonly path: string;
  /** The folder of its modules, as /lib/modules/VERSION. */
  readonly moduleDir: string;
  /** The files of these modules and of all that they need, in the order of loading. */
  modulesFor(names: readonly string[]): string[];
}

/** A kernel to boot; one that was given as a file has no folder of modules that would be known. */
export type KernelFile = Pick<InstalledKernel, "path"> & Partial<InstalledKernel>;

/** Where kernels are looked for by version. */
export interface KernelPlaces {
  /** The root of the system with /boot and /lib/modules. */
  readonly system: string;
  /** A folder with one unpacked package for each version. */
  readonly cache: string;
}

/** Where unpacked kernels are kept: each in a folder named as its version. */
export function kernelCache(): string {
  const base = Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") || "/tmp", ".cache");
  return join(base, "gimlet/kernels");
}

/**
 * The kernel that a path or a version names. `6.1` stands for the newest of that series.
 *
 * @throws {VmError} `no-kernel`
 */
export function findKernel(
  asked: string,
  places: KernelPlaces = { system: "/", cache: kernelCache() },
): KernelFile {
  if (asked.includes("/") || isFile(asked)) return { path: asked };
  const found = systemKernel(asked, places.system) ?? cachedKernel(asked, places.cache);
  if (found !== undefined) return found;
  const where = ["boot", "lib/modules"].map((path) => join(places.system, path));
  const reason = `no kernel ${asked}: not in ${[...where, places.cache].join(", ")}`;
  throw new VmError({ kind: "no-kernel", reason });
}

/** The newest kernel of a version among those of an unpacked or running system. */
function systemKernel(asked: string, root: string): InstalledKernel | undefined {
  const named = ["lib/modules", "usr/lib/modules"].flatMap((path) => list(join(root, path)));
  const booted = list(join(root, "boot")).filter((name) => name.startsWith("vmlinuz-"))
    .map((name) => name.slice("vmlinuz-".length));
  const versions = [...named, ...booted].filter((version) => isOf(version, asked));
  return firstThat(versions, (version) => kernelIn(root, version));
}

/** The newest kernel of a version in the cache. */
export function cachedKernel(asked: string, cache = kernelCache()): InstalledKernel | undefined {
  const versions = list(cache).filter((version) => isOf(version, asked));
  return firstThat(versions, (version) => kernelIn(join(cache, version), version));
}

/** The kernel of a version in a file system; `undefined` where it is not there. */
export function kernelIn(root: string, version: string): InstalledKernel | undefined {
  const folders = ["usr/lib/modules", "lib/modules"].map((path) =>
    join(root, `${path}/${version}`)
  );
  const moduleDir = folders.find((folder) => list(folder).length > 0) ?? folders[1]!;
  // Some distributions keep the kernel among its modules.
  const path = [join(root, `boot/vmlinuz-${version}`)]
    .concat(["vmlinuz", "vmlinux"].map((name) => join(moduleDir, name))).find(isFile);
  if (path === undefined) return undefined;
  return { version, path, moduleDir, modulesFor: (names) => modulePaths(moduleDir, names) };
}

/** Whether a version is the one that was asked for, or belongs to it: 6.1.0-9 to 6.1, 6.12 does not. */
function isOf(version: string, asked: string): boolean {
  return version === asked || version.startsWith(asked) && /^\W/.test(version.slice(asked.length));
}

/** The first result of the versions from the newest to the oldest. */
function firstThat<T>(versions: readonly string[], find: (version: string) => T | undefined) {
  for (const version of newestFirst(versions)) {
    const found = find(version);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Sorts versions: 6.1.0-56 is more than 6.1.0-9. */
export function newestFirst(versions: readonly string[]): string[] {
  return versions.toSorted((a, b) => b.localeCompare(a, "en", { numeric: true }));
}

/**
 * Debian's cloud kernels for the tests, unpacked into a cache, never installed.
 *
 * A series is looked for in the cache, then in the package lists that this machine has, then in the suite that has it,
 * on the mirror that this machine uses (or `GIMLET_DEBIAN_MIRROR`). Remove the cache to get newer ones.
 */

import { list } from "../../ffi/host/files.ts";
import {
  cachedKernel,
  type InstalledKernel,
  kernelCache,
  kernelIn,
  newestFirst,
} from "../../cmd/vm/kernel_file.ts";
import { join } from "../../cmd/vm/paths.ts";
import { output, privateLists, unpackPackages } from "./debian.ts";

/** Where the series come from when the machine's own release does not have them. */
const SUITES = {
  "5.10": "bullseye-security",
  "6.1": "bookworm",
  "6.12": "trixie",
  "7.2": "sid",
} as const;

/** The series that the tests know. */
export type KernelSeries = keyof typeof SUITES;

/**
 * The newest of Debian's cloud kernels of a series.
 *
 * @throws {Error} where it is neither cached nor to be had
 */
export async function debianKernel(series: KernelSeries): Promise<InstalledKernel> {
  return cachedKernel(series) ?? await fetchKernel(series);
}

async function fetchKernel(series: KernelSeries): Promise<InstalledKernel> {
  Deno.mkdirSync(kernelCache(), { recursive: true });
  // In the cache's own file system, so that the finished folder can be renamed into its place. A rename over a
  // finished folder fails: whoever is first wins.
  const work = Deno.makeTempDirSync({ dir: kernelCache(), prefix: ".new-" });
  try {
    const apt = await aptWith(series, work);
    const root = join(work, "root");
    await unpack(apt, { into: root, downloads: join(work, "debs") });
    whole(root, apt.version); // Throws: only what is whole gets into the cache.
    const folder = join(kernelCache(), apt.version);
    try {
      Deno.renameSync(root, folder);
    } catch (error) {
      if (list(folder).length === 0) throw error;
    }
    return whole(folder, apt.version);
  } finally {
    Deno.removeSync(work, { recursive: true });
  }
}

function whole(folder: string, version: string): InstalledKernel {
  const kernel = kernelIn(folder, version);
  if (kernel !== undefined) return kernel;
  throw new Error(`Cannot use the kernel in ${folder}: it is not whole; remove that folder`);
}

/** An apt whose lists have a kernel. */
interface Apt {
  readonly version: string;
  /** Which lists: none for the machine's own. */
  readonly options: readonly string[];
}

async function aptWith(series: KernelSeries, work: string): Promise<Apt> {
  const own = await newestVersion(series, []);
  if (own !== undefined) return { version: own, options: [] };
  const options = await privateLists(SUITES[series], join(work, "apt"));
  const version = await newestVersion(series, options);
  if (version === undefined) {
    throw new Error(`Cannot find a cloud kernel ${series} in ${SUITES[series]}`);
  }
  return { version, options };
}

async function newestVersion(
  series: KernelSeries,
  options: readonly string[],
): Promise<string | undefined> {
  const pattern = `^linux-image-${series.replace(".", "\\.")}\\.[^ ]*cloud-amd64$`;
  const text = await output("apt-cache", [...options, "--names-only", "search", pattern]);
  const names = text.split("\n").map((line) => line.split(" ")[0] ?? "");
  const versions = names.filter((name) => name !== "")
    .map((name) => name.slice("linux-image-".length));
  return newestFirst(versions)[0];
}

/** Downloads the packages of a kernel, and unpacks them. */
async function unpack(apt: Apt, folders: { into: string; downloads: string }): Promise<void> {
  const image = `linux-image-${apt.version}`;
  // Newer releases keep the kernel and its modules in packages that the image's depends on.
  const text = await output("apt-cache", [...apt.options, "depends", "--important", image]);
  const parts = text.split("\n").map((line) => line.replace(/^.*:/, "").trim());
  const more = parts.filter((name) =>
    name.startsWith("linux-") && name.endsWith(`-${apt.version}`)
  );
  const packages = [...new Set([image, ...more])];
  await unpackPackages(packages, { ...folders, options: apt.options });
}

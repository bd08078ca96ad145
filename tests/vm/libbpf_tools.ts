/**
 * BCC's libbpf-tools, as Debian's source package has them: 57 BPF programs that nobody here has written, with the vmlinux.h
 * that they are compiled with. Their sources are unpacked into a cache, never into this repository.
 *
 * Remove the cache to get newer ones.
 */

import { compile } from "../../mod.ts";
import { list } from "../../ffi/host/files.ts";
import { kernelCache } from "../../cmd/vm/kernel_file.ts";
import { join } from "../../cmd/vm/paths.ts";
import { inCache, output, privateLists } from "./debian.ts";

const PACKAGE = "bpfcc";
/** Where to look for the package, in this order: not every mirror has every version's archive. */
const SUITES = ["forky", "sid", "trixie"];

/** Those where clang loses an index's bound, which the verifier then misses, unless it has registers of 32 bits. */
const NEED_32_BITS = ["softirqs"];

/** The sources. */
export interface LibbpfTools {
  /** Where they are. */
  readonly folder: string;
  /** Their names, without `.bpf.c`. */
  readonly names: readonly string[];
}

/** The sources in the cache, which are fetched where they are not there. */
export async function libbpfTools(): Promise<LibbpfTools> {
  const folder = await inCache(join(kernelCache(), `../${PACKAGE}`), fetchSources);
  const names = list(folder).filter((name) => name.endsWith(".bpf.c"))
    .map((name) => name.slice(0, -".bpf.c".length)).sort();
  return { folder, names };
}

/** Compiles one, and gives its object. */
export async function compileTool({ folder }: LibbpfTools, name: string): Promise<Uint8Array> {
  return await compile({ file: join(folder, `${name}.bpf.c`) }, {
    include: [join(folder, "x86"), folder],
    // What they are in the headers of older libbpf: the first two go by other names, the third is not there.
    define: {
      BPF_UPROBE: "BPF_KPROBE",
      BPF_URETPROBE: "BPF_KRETPROBE",
      "bpf_ksym_exists(symbol)": "!!(symbol)",
    },
    flags: ["-Wno-macro-redefined", ...(NEED_32_BITS.includes(name) ? ["-mcpu=v3"] : [])],
  });
}

async function fetchSources(work: string): Promise<string> {
  const archive = await download(work);
  const unpacked = join(work, "tools");
  Deno.mkdirSync(unpacked);
  const only = ["--strip-components=2", "--wildcards", "*/libbpf-tools/*"];
  await output("tar", ["-xf", archive, "-C", unpacked, ...only]);
  return unpacked;
}

/** The upstream archive of the first suite that has it. */
async function download(work: string): Promise<string> {
  const failures: string[] = [];
  for (const suite of SUITES) {
    const options = await privateLists(suite, join(work, suite), { sources: true });
    const downloads = join(work, `${suite}-downloads`);
    Deno.mkdirSync(downloads);
    try {
      const source = ["-q", "source", "--download-only", "--tar-only", PACKAGE];
      await output("apt-get", [...options, ...source], downloads);
      const archive = list(downloads).find((name) => name.includes(".orig.tar."));
      if (archive !== undefined) return join(downloads, archive);
      failures.push(`${suite} has no archive of ${PACKAGE}`);
    } catch (error) {
      failures.push(`${suite}: ${error instanceof Error ? error.message : error}`);
    }
  }
  throw new Error(`Cannot get the sources of ${PACKAGE}: ${failures.join("; ")}`);
}

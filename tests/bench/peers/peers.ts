/**
 * The tracers that gimlet is measured beside, as they are run on this machine: Debian's bpftrace, old and new, and BCC. What is
 * not installed is fetched into a cache of ours, and never installed.
 */

import { findProgram } from "../../../build.ts";
import { kernelCache } from "../../../cmd/vm/kernel_file.ts";
import { join } from "../../../cmd/vm/paths.ts";
import { list } from "../../../ffi/host/files.ts";
import { run } from "../../gimlet.ts";
import { ownBpftrace, type Suite } from "../../vm/debian_bpftrace.ts";
import { inCache, output, unpackPackages } from "../../vm/debian.ts";

const FOLDER = "peers";
const PYTHON = "/usr/bin/python3";

/** A tracer that can be run here. */
export interface Peer {
  /** With its version: `bpftrace 0.23.2`. */
  readonly name: string;
  /** The first words of its command line; a script and its options follow. */
  readonly words: readonly string[];
  readonly env: Record<string, string>;
}

/** A tracer that cannot, and why. */
export interface Missing {
  readonly name: string;
  readonly why: string;
}

/** Whether it is there. */
export function isThere(peer: Peer | Missing): peer is Peer {
  return "words" in peer;
}

/** The bpftrace in PATH. */
export function installedBpftrace(): Promise<Peer | Missing> {
  return found("bpftrace", () => {
    const path = findProgram("bpftrace");
    if (path === undefined) throw new Error("it is not installed");
    return bpftraceBy([path]);
  });
}

/** The bpftrace of another Debian, started by its own loader. */
export function debianBpftrace(suite: Suite): Promise<Peer | Missing> {
  return found(`bpftrace of Debian ${suite}`, async () => bpftraceBy(await ownBpftrace(suite)));
}

/** All of bpftrace that can be had: the installed one, then newer ones. */
export function bpftraces(): Promise<(Peer | Missing)[]> {
  return Promise.all([installedBpftrace(), debianBpftrace("trixie"), debianBpftrace("sid")]);
}

/**
 * BCC: `words` take a Python program that imports bcc. It compiles with the headers of Debian's own kernel, whatever kernel runs:
 * right for programs that use tracepoints and helpers only, wrong for those that walk the kernel's structs.
 */
export function bcc(): Promise<Peer | Missing> {
  return found("BCC", async () => {
    const [modules, headers] = [await bccModules(), await kernelHeaders()];
    const env = { PYTHONPATH: modules, BCC_KERNEL_SOURCE: headers };
    const version = await answer([PYTHON, "-c", "import bcc; print(bcc.__version__)"], env);
    return { name: `BCC ${version}`, words: [PYTHON], env };
  });
}

async function found(name: string, find: () => Promise<Peer>): Promise<Peer | Missing> {
  try {
    return await find();
  } catch (error) {
    return { name, why: error instanceof Error ? error.message : String(error) };
  }
}

async function bpftraceBy(words: readonly string[]): Promise<Peer> {
  const version = await answer([...words, "--version"], {});
  return { name: version.replace(" v", " "), words, env: {} };
}

async function answer(
  words: readonly string[],
  env: Record<string, string>,
): Promise<string> {
  const { status, stdout, stderr } = await run(words, { env });
  if (status !== 0) throw new Error(`${words.join(" ")}: ${stderr.trim()}`);
  return stdout.trim();
}

/** BCC's Python modules; its library is what bpftrace needs too, or comes with them. */
async function bccModules(): Promise<string> {
  const root = await inCache(join(kernelCache(), `../${FOLDER}/bcc`), async (work) => {
    const into = join(work, "root");
    await unpackPackages(["python3-bpfcc"], { into, downloads: join(work, "debs") });
    return into;
  });
  return join(root, "usr/lib/python3/dist-packages");
}

/** The headers of the release's own kernel: what Debian has in two packages, in one folder, since this kernel has none. */
function kernelHeaders(): Promise<string> {
  return inCache(join(kernelCache(), `../${FOLDER}/headers`), async (work) => {
    const text = await output("apt-cache", ["depends", "linux-headers-cloud-amd64"]);
    const name = /linux-headers-(\d\S*)-cloud-amd64/.exec(text)?.[0];
    const common = name?.replace("-cloud-amd64", "-common");
    if (name === undefined || common === undefined) {
      throw new Error("no headers in the lists of apt");
    }
    const into = join(work, "root");
    await unpackPackages([name, common], { into, downloads: join(work, "debs") });
    const sources = join(into, "usr/src");
    const merged = join(work, "merged");
    for (const part of list(sources).sort().reverse()) {
      await output("cp", ["-a", `${join(sources, part)}/.`, merged]);
    }
    return merged;
  });
}

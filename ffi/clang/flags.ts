/** How clang is called for BPF: the same for the tools' objects, and for `compile()`. */

/** The oldest that writes the BTF and the relocations that CO-RE needs. */
export const OLDEST_CLANG = 12;

/** How Debian names its versions, the default one first. */
export const VERSION_SUFFIXES = ["", "-19", "-18", "-17", "-16", "-15", "-14", "-13", "-12"];

/** What installs a clang and libbpf's headers. */
export const GET_CLANG = "apt-get install clang libbpf-dev";

/** The processors that programs of libbpf's headers know. */
export type BpfArch = "x86" | "arm64";

/** A machine, as the C files name it: `__TARGET_ARCH_x86`. */
export function bpfArch(arch: string): BpfArch {
  return arch === "aarch64" ? "arm64" : "x86";
}

/** What is compiled, and for whom. */
export interface BpfTarget {
  readonly arch: string;
  /** The folders of `#include`, the first to be looked at first. */
  readonly include: readonly string[];
  /** The folder that the object must not name: its names are relative to it. */
  readonly root: string;
}

/** The flags of clang, but for what to read and to write. */
export function bpfFlags({ arch, include, root }: BpfTarget): string[] {
  // -mcpu=v2: every kernel from 4.14 on runs it. With v3 clang takes atomics with a result, which need 5.12. The prefix
  // map keeps the place of the sources out of the object.
  return [
    ...["-target", "bpf", "-mcpu=v2", "-O2", "-g", "-fno-stack-protector"],
    ...include.flatMap((folder) => ["-I", folder]),
    `-D__TARGET_ARCH_${arch}`,
    `-ffile-prefix-map=${root}=.`,
    "-c",
  ];
}

/** The major version that `clang --version` tells; NaN where it tells none. */
export function majorVersion(text: string): number {
  return Number(/version (\d+)/.exec(text)?.[1]);
}

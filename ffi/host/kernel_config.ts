/** How the running kernel was built: /proc/config.gz, or the copy that distributions keep in /boot. */

import { gunzipSync } from "node:zlib";

/** `CONFIG_KPROBES` → `y`, `m`, a number or a text; what is switched off is not there. */
export type KernelConfig = ReadonlyMap<string, string>;

/** Reads lines like `CONFIG_KPROBES=y`; a text comes without its quotes. */
export function parseKernelConfig(text: string): Map<string, string> {
  return new Map(
    Array.from(text.matchAll(/^(CONFIG_\w+)=(?:"(.*)"|(.*))$/gm), ([, name, quoted, plain]) => [
      name!,
      quoted ?? plain!,
    ]),
  );
}

/** The configuration of the running kernel, and the file that it was found in. */
export interface KernelConfigFile {
  readonly path: string;
  readonly config: KernelConfig;
}

/** The configuration of the running kernel; `undefined` where it cannot be read. */
export function readKernelConfig(): KernelConfig | undefined {
  return findKernelConfig()?.config;
}

/** Looks for the configuration in the places where kernels and distributions keep it. */
export function findKernelConfig(): KernelConfigFile | undefined {
  const release = Deno.osRelease();
  for (
    const path of ["/proc/config.gz", `/boot/config-${release}`, `/lib/modules/${release}/config`]
  ) {
    const text = read(path, path.endsWith(".gz") ? (bytes) => gunzipSync(bytes) : undefined);
    if (text !== undefined) return { path, config: parseKernelConfig(text) };
  }
  return undefined;
}

function read(path: string, unpack = (bytes: Uint8Array) => bytes): string | undefined {
  try {
    return new TextDecoder().decode(unpack(Deno.readFileSync(path)));
  } catch {
    return undefined;
  }
}

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

/** The configuration of the running kernel; `undefined` where it cannot be read. */
export function readKernelConfig(): KernelConfig | undefined {
  const release = Deno.osRelease();
  const text = read("/proc/config.gz", (bytes) => gunzipSync(bytes)) ??
    read(`/boot/config-${release}`) ?? read(`/lib/modules/${release}/config`);
  return text === undefined ? undefined : parseKernelConfig(text);
}

function read(path: string, unpack = (bytes: Uint8Array) => bytes): string | undefined {
  try {
    return new TextDecoder().decode(unpack(Deno.readFileSync(path)));
  } catch {
    return undefined;
  }
}

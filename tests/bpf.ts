/** BPF programs that are compiled when a test needs them. */

import { compileBpf as compile } from "../build.ts";

/** Compiles a C file as the tools are, and gives the object's bytes. */
export async function compileBpf(source: string): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir({ prefix: "gimlet-bpf-" });
  try {
    const object = `${folder}/object.bpf.o`;
    await compile({ source, object });
    return await Deno.readFile(object);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** `gimlet version`: what this is, and what it runs on. */

import { libbpfVersion } from "../ffi/bpf/version.ts";
import { json } from "../programs/lib/json.ts";
import { VERSION } from "../programs/lib/version.ts";
import { UsageError } from "./usage.ts";

/** The lines of `gimlet version [--json]`. */
export function versionLines(args: readonly string[]): string[] {
  const [option, ...extra] = args;
  if (extra.length > 0 || (option !== undefined && option !== "--json")) {
    throw new UsageError(`Unexpected argument "${extra[0] ?? option}"`, "gimlet version [--json]");
  }
  const facts = {
    gimlet: VERSION,
    commit: commit(),
    deno: Deno.version.deno,
    libbpf: libbpfVersion() ?? null,
    kernel: Deno.osRelease(),
    arch: Deno.build.arch,
  };
  if (option === "--json") return [json(facts)];
  return Object.entries(facts).map(([name, value]) =>
    `${name.padEnd(7)} ${value ?? "not installed"}`
  );
}

/** The commit that the binary was built from, as build.ts left it there. */
function commit(): string {
  if (!Deno.build.standalone) return "unknown";
  const facts = Deno.readTextFileSync(new URL("../dist/build.json", import.meta.url));
  return (JSON.parse(facts) as { readonly commit: string }).commit;
}

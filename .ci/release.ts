/**
 * Makes a release: `deno run -A .ci/release.ts [FOLDER]` (dist/release where not given).
 *
 *     gimlet-VERSION-x86_64-linux, gimlet-VERSION-aarch64-linux     the binaries
 *     gimlet-VERSION.cdx.json                                       what is in them (CycloneDX 1.5)
 *     SHA256SUMS                                                    of all of these, for sha256sum -c
 *
 * Each binary is built from a copy of the sources of its own, with BPF objects for its kind of machine. Where the run-time half for
 * another kind of machine cannot be downloaded, that binary is left out, and said so.
 */

import { createHash } from "node:crypto";
import { compileBinary, filesUnder, gitCommit, NoDenort, orExit, run, say } from "../build.ts";
import { VERSION } from "../programs/lib/version.ts";

/** A kind of machine, as the three who are asked for it name it. */
interface Target {
  readonly name: string;
  readonly deno: string;
  /** `__TARGET_ARCH_…` of libbpf's headers. */
  readonly arch: string;
}

const TARGETS: readonly Target[] = [
  { name: "x86_64", deno: "x86_64-unknown-linux-gnu", arch: "x86" },
  { name: "aarch64", deno: "aarch64-unknown-linux-gnu", arch: "arm64" },
];

/** What a build reads. */
const SOURCES = ["build.ts", "deno.json", "deno.lock", "mod.ts", "cmd", "ffi", "programs", "docs"]
  .concat("examples/tutorial", "tests/workload");

/** Copies all that a build reads, and nothing that one has made, into an empty folder. */
export async function copySources(from: string, into: string): Promise<void> {
  for (const source of SOURCES) {
    const files = filesUnder(`${from}/${source}`, "");
    for (const path of files.length > 0 ? files : [`${from}/${source}`]) {
      if (/\.bpf\.o(\.\d+)?$/.test(path)) continue;
      const target = `${into}${path.slice(from.length)}`;
      await Deno.mkdir(target.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.copyFile(path, target);
    }
  }
}

/** What the list of parts says beside the version of gimlet. */
export interface Parts {
  readonly commit: string;
  /** The version of the run-time half. */
  readonly deno: string;
  /** The text of deno.lock. */
  readonly lock: string;
  /** The binaries and their SHA-256. */
  readonly files: ReadonlyMap<string, string>;
}

/** The list of parts, as JSON. The same parts give the same text: it has no time and no serial number. */
export function partsList({ commit, deno, lock, files }: Parts): string {
  const gimlet = {
    "type": "application",
    "bom-ref": "gimlet",
    "name": "gimlet",
    "version": VERSION,
    "licenses": [{ license: { id: "MIT" } }],
    "properties": [{ name: "git:commit", value: commit }],
  };
  const runtime = {
    "type": "framework",
    "bom-ref": "denort",
    "name": "denort",
    "version": deno,
    "description": "Deno's runtime for compiled programs, with V8; in each binary",
    "licenses": [{ license: { id: "MIT" } }],
    "purl": `pkg:github/denoland/deno@v${deno}`,
  };
  const packages = packagesOf(lock);
  const libbpf = {
    "type": "library",
    "bom-ref": "libbpf",
    "name": "libbpf",
    "description": "The system's libbpf.so.1, 1.0 or newer; opened while running, in no binary",
    "scope": "required",
    "licenses": [{ expression: "LGPL-2.1-only OR BSD-2-Clause" }],
  };
  const binaries = [...files].map(([name, content]) => ({
    "type": "file",
    "bom-ref": name,
    "name": name,
    "hashes": [{ alg: "SHA-256", content }],
  }));
  const parts = [runtime, ...packages, libbpf];
  const list = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: { component: gimlet },
    components: [...parts, ...binaries],
    dependencies: [{ ref: "gimlet", dependsOn: parts.map((part) => part["bom-ref"]) }],
  };
  return JSON.stringify(list, null, 2) + "\n";
}

/** The packages of npm that deno.lock names. */
function packagesOf(lock: string) {
  const { npm = {} } = JSON.parse(lock) as {
    npm?: Readonly<Record<string, { readonly integrity: string }>>;
  };
  return Object.entries(npm).map(([id, { integrity }]) => {
    const [, name = id, version] = /^(.+)@(.+)$/.exec(id) ?? [];
    const content = Uint8Array.fromBase64(integrity.replace(/^sha512-/, "")).toHex();
    return {
      "type": "library",
      "bom-ref": id,
      name,
      version,
      "purl": `pkg:npm/${name.replace("@", "%40")}@${version}`,
      "hashes": [{ alg: "SHA-512", content }],
    };
  });
}

async function release(folder: string): Promise<void> {
  const root = Deno.cwd();
  const commit = await gitCommit();
  await Deno.mkdir(folder, { recursive: true });
  const files = new Map<string, string>();
  for (const target of TARGETS) {
    const name = `gimlet-${VERSION}-${target.name}-linux`;
    const output = `${await Deno.realPath(folder)}/${name}`;
    if (await build({ root, target, commit, output })) files.set(name, await sha256(output));
  }
  const list = `gimlet-${VERSION}.cdx.json`;
  const lock = await Deno.readTextFile(`${root}/deno.lock`);
  const deno = await runtimeVersion(folder, [...files.keys()]);
  await Deno.writeTextFile(`${folder}/${list}`, partsList({ commit, deno, lock, files }));
  files.set(list, await sha256(`${folder}/${list}`));
  const sums = [...files].map(([name, sum]) => `${sum}  ${name}\n`).join("");
  await Deno.writeTextFile(`${folder}/SHA256SUMS`, sums);
  say("release", `${folder}: ${[...files.keys(), "SHA256SUMS"].join(", ")}`);
}

interface Build {
  readonly root: string;
  readonly target: Target;
  readonly commit: string;
  readonly output: string;
}

/** Builds for one kind of machine; says whether it could. */
async function build({ root, target: { name, deno, arch }, commit, output }: Build) {
  const copy = await Deno.makeTempDir({ prefix: "gimlet-release-" });
  try {
    await copySources(root, copy);
    Deno.chdir(copy); // The build's paths are relative.
    const target = deno === Deno.build.target ? {} : { target: deno };
    await compileBinary({ force: true, tests: false, arch, output, commit, ...target });
    return true;
  } catch (error) {
    if (!(error instanceof NoDenort) || deno === Deno.build.target) throw error;
    say("left out", `${name}: ${error.message}`);
    return false;
  } finally {
    Deno.chdir(root);
    await Deno.remove(copy, { recursive: true });
  }
}

/** The version of the run-time half, as the binary for this machine tells it: it need not be that of this Deno. */
async function runtimeVersion(folder: string, names: readonly string[]): Promise<string> {
  const name = names.find((name) => name.includes(Deno.build.arch));
  const { output } = await run([`${folder}/${name}`, "version", "--json"]);
  return (JSON.parse(output) as { readonly deno: string }).deno;
}

async function sha256(path: string): Promise<string> {
  return createHash("sha256").update(await Deno.readFile(path)).digest("hex");
}

/** Says how this is called; gives the exit status. */
function usage(word: string): number {
  const isAsked = word === "--help" || word === "-h";
  const lines = [
    "Usage: deno task release [FOLDER]",
    "",
    "Makes the binaries of a release, their checksums and a list of their parts in FOLDER (dist/release).",
  ];
  (isAsked ? console.log : console.error)(lines.join("\n"));
  return isAsked ? 0 : 2;
}

if (import.meta.main) {
  Deno.chdir(new URL("..", import.meta.url));
  const [folder = "dist/release", ...more] = Deno.args;
  const isMeant = more.length === 0 && !folder.startsWith("-");
  if (isMeant) await orExit(() => release(folder));
  else Deno.exit(usage(folder));
}

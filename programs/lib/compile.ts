/** BPF C at run time, where clang is installed: what BCC's `BPF(text=…)` is. */

import { type Diagnostic, missingHeader, parseDiagnostics } from "../../ffi/clang/diagnostics.ts";
import {
  type BpfArch,
  bpfArch,
  bpfFlags,
  GET_CLANG,
  majorVersion,
  OLDEST_CLANG,
  VERSION_SUFFIXES,
} from "../../ffi/clang/flags.ts";
import { BpfError, messageOf } from "../../ffi/errors.ts";

/** The C to compile: a text, or the path or `file:` URL of a file. */
export type CompileSource =
  | { readonly text: string; readonly name?: string }
  | { readonly file: string | URL };

/** How it is compiled. */
export interface CompileOptions {
  /** More folders for `#include`, looked at before gimlet's own. */
  readonly include?: readonly string[];
  /** Macros: `-D NAME=VALUE`. */
  readonly define?: Readonly<Record<string, string | number>>;
  /** More flags for clang, such as `-mcpu=v3`. */
  readonly flags?: readonly string[];
  /** The processor that the macros of `bpf_tracing.h` are for; that of this machine where not given. */
  readonly arch?: BpfArch;
  /** The compiler; the first of `$CLANG`, `clang`, `clang-19`, … that is new enough where not given. */
  readonly clang?: string;
}

/** The C has errors: those that clang has found, and its warnings and notes. */
export class CompileError extends BpfError {
  /** `CompileError` */
  override readonly name = "CompileError";
  /** What clang says, in its order. */
  readonly diagnostics: readonly Diagnostic[];

  /** `action` completes "Cannot …". */
  constructor(action: string, diagnostics: readonly Diagnostic[], log: string) {
    super(action, { step: "compile", code: "E_COMPILE", log, ...causeOf(diagnostics, log) });
    this.diagnostics = diagnostics;
  }
}

const HEADERS = new URL("../include/", import.meta.url);
/** Where nothing is on a disk. */
const MEMORY = "/dev/shm";

/**
 * Compiles BPF C to an object, for {@linkcode openObject}. No kernel headers are needed: gimlet's `vmlinux.h` (the types that
 * its own programs use), `gimlet.bpf.h` and the others of `programs/include` are there for `#include`, and libbpf's of the package
 * libbpf-dev (not where gimlet itself is imported from another machine). A `vmlinux.h` beside the file, or in a folder of `include`, comes first.
 *
 * The object comes through a pipe. A compiled binary, which has its headers inside, copies them into a folder in memory
 * (`/dev/shm`, else where `$TMPDIR` says) until clang has ended.
 *
 * @throws {CompileError} E_COMPILE with each error's file and line, where the C is wrong
 * @throws {BpfError} E_NO_CLANG where clang or libbpf's headers are missing or too old, E_OBJECT where the file cannot be read
 */
export async function compile(
  source: CompileSource,
  options: CompileOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const input = "text" in source ? textInput(source) : fileInput(source.file);
  const clang = options.clang ?? await findClang();
  using headers = headerFolder();
  const { include = [], define = {}, flags = [], arch = bpfArch(Deno.build.arch) } = options;
  const args = [
    ...bpfFlags({ arch, include: [...include, ...headers.paths], root: Deno.cwd() }),
    "-fno-color-diagnostics",
    ...Object.entries(define).map(([name, value]) => `-D${name}=${value}`),
    ...flags,
    ...input.words,
    ...["-o", "-"],
  ];
  const { success, stdout, stderr } = await run(clang, args, input.text);
  if (success) return stdout;
  const log = new TextDecoder().decode(stderr).trimEnd();
  throw refusal(input.name, log);
}

/** What clang reads, and how it is called in messages. */
interface Input {
  readonly name: string;
  readonly words: readonly string[];
  readonly text?: string;
}

function textInput({ text, name = "text" }: { text: string; name?: string }): Input {
  return { name, words: ["-x", "c", "-"], text: `#line 1 ${JSON.stringify(name)}\n${text}` };
}

function fileInput(file: string | URL): Input {
  const path = typeof file === "string" ? file : decodeURIComponent(file.pathname);
  try {
    Deno.openSync(path).close();
  } catch (error) {
    const cause = messageOf(error);
    throw new BpfError(`compile ${path}`, { step: "compile", code: "E_OBJECT", cause });
  }
  return { name: path, words: ["-x", "c", path] };
}

function causeOf(diagnostics: readonly Diagnostic[], log: string) {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const [first] = errors;
  if (first === undefined) return { cause: `clang says\n${log}` };
  const { file, line, column, message, source } = first;
  const more = errors.length - 1;
  const others = more === 0 ? "" : `${more} more error${more === 1 ? "" : "s"}; `;
  return {
    cause: [`${file}:${line}:${column}: ${message}`, ...source].join("\n"),
    hint: `${others}run it again with -v to see all that clang said`,
  };
}

function refusal(name: string, log: string): BpfError {
  const diagnostics = parseDiagnostics(log);
  const header = diagnostics.map(missingHeader).find((header) => header?.startsWith("bpf/"));
  if (header === undefined) return new CompileError(`compile ${name}`, diagnostics, log);
  return noClang(`compile ${name}`, `<${header}>, a header of libbpf, is not installed`, log);
}

function noClang(action: string, cause: string, log = ""): BpfError {
  return new BpfError(action, {
    step: "compile",
    code: "E_NO_CLANG",
    cause,
    hint: `Get clang and libbpf's headers: ${GET_CLANG}`,
    log,
  });
}

async function findClang(): Promise<string> {
  const asked = Deno.env.get("CLANG");
  const names = asked === undefined ? VERSION_SUFFIXES.map((suffix) => `clang${suffix}`) : [asked];
  const old: string[] = [];
  for (const name of names) {
    const version = await versionOf(name);
    if (version === undefined) continue;
    if (version >= OLDEST_CLANG) return name;
    old.push(`${name} is version ${version}, should be ${OLDEST_CLANG} or newer`);
  }
  const missing = asked === undefined ? "clang is not installed" : `${asked} cannot be run`;
  throw noClang("compile BPF C", old.join(", ") || missing);
}

async function versionOf(clang: string): Promise<number | undefined> {
  try {
    const { stdout } = await new Deno.Command(clang, { args: ["--version"], stdin: "null" })
      .output();
    return majorVersion(new TextDecoder().decode(stdout));
  } catch {
    return undefined; // it is not there, or may not be run
  }
}

async function run(clang: string, args: readonly string[], text?: string) {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(clang, {
      args: [...args],
      stdin: text === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    throw noClang("compile BPF C", `${clang} cannot be run: ${messageOf(error)}`);
  }
  if (text === undefined) return await child.output();
  // It may end without having read all of it: what it says then is what counts.
  const written = new Blob([text]).stream().pipeTo(child.stdin).catch(() => {});
  const output = await child.output();
  await written;
  return output;
}

/** The folder of gimlet's own headers, and what is to be done when they are not needed any more. */
function headerFolder(): { readonly paths: readonly string[] } & Disposable {
  if (!Deno.build.standalone) {
    // A library that was imported from elsewhere has no headers on this machine.
    const paths = HEADERS.protocol === "file:" ? [decodeURIComponent(HEADERS.pathname)] : [];
    return { paths, [Symbol.dispose]: () => {} };
  }
  const path = temporaryFolder();
  const remove = () => Deno.removeSync(path, { recursive: true });
  try {
    copyHeaders(HEADERS, path);
  } catch (error) {
    remove();
    throw error;
  }
  return { paths: [path], [Symbol.dispose]: remove };
}

function temporaryFolder(): string {
  const prefix = "gimlet-include-";
  try {
    return Deno.makeTempDirSync({ dir: MEMORY, prefix });
  } catch {
    return Deno.makeTempDirSync({ prefix }); // a container may have no /dev/shm
  }
}

function copyHeaders(from: URL, to: string): void {
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    const target = `${to}/${name}`;
    if (!isDirectory) Deno.writeFileSync(target, Deno.readFileSync(new URL(name, from)));
    else {
      Deno.mkdirSync(target);
      copyHeaders(new URL(`${name}/`, from), target);
    }
  }
}

/** Runs gimlet as a user would, from source and as the one binary. */

import { jsonRecords } from "./records.ts";

const ROOT = new URL("..", import.meta.url).pathname;

/** The compiled binary. */
export const BINARY = Deno.env.get("GIMLET_BINARY") ?? `${ROOT}dist/gimlet`;

/** The ways to run gimlet: the first words of the command line. */
export const RUNNERS = {
  "deno run": [Deno.execPath(), "run", "-A", `${ROOT}cmd/main.ts`],
  "the binary": [BINARY],
} as const;

/** What a run left. */
export interface Finished {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run. */
export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly uid?: number;
  readonly gid?: number;
  readonly cwd?: string;
}

/** Runs a command to its end. */
export async function run(words: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const [program, ...args] = words;
  const { code, stdout, stderr } = await new Deno.Command(program!, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...options,
  }).output();
  const decoder = new TextDecoder();
  return { status: code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The options to run as a user who owns nothing; the checkout may be in a folder that this user may not enter. */
export const NOBODY = { uid: 65534, gid: 65534, cwd: "/" } as const;

/** The binary where everybody may run it. */
export async function publicCopy(): Promise<{ path: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ dir: "/var/tmp", prefix: "gimlet-copy-" });
  await Deno.chmod(folder, 0o755);
  const path = `${folder}/gimlet`;
  await Deno.copyFile(BINARY, path);
  await Deno.chmod(path, 0o755);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

/** Runs the binary to its end. */
export function gimlet(args: readonly string[], options?: RunOptions): Promise<Finished> {
  return run([BINARY, ...args], options);
}

/** Runs the binary with --json and gives its records. */
export async function gimletRecords(args: readonly string[]) {
  const finished = await gimlet(args);
  return { ...finished, records: jsonRecords(finished.stdout) };
}

/** Runs a shell script in mount and other namespaces of its own, where it may mount and unmount as it likes. */
export function inOwnMounts(script: string, args: readonly string[] = []): Promise<Finished> {
  const words = ["unshare", "--mount", "--propagation", "private", "sh", "-e", "-c", script, "sh"];
  return run([...words, ...args]);
}

/** A shell with a name of its own, so that a test can tell its events from those of everything else on the machine. */
export async function ownShell(): Promise<{ path: string; comm: string }> {
  const folder = `${ROOT}dist/workload`;
  await Deno.mkdir(folder, { recursive: true });
  const comm = `sh-${Deno.pid}`;
  const path = `${folder}/${comm}`;
  await Deno.remove(path).catch(() => {});
  await Deno.symlink(await Deno.realPath("/bin/sh"), path);
  return { path, comm };
}

/** Compiles a C file of tests/workload, unless that was done; gives the path of the program. */
export async function workload(name: string): Promise<string> {
  const folder = `${ROOT}dist/workload`;
  await Deno.mkdir(folder, { recursive: true });
  const target = `${folder}/${name}`;
  const source = `${ROOT}tests/workload/${name}.c`;
  if (await isNewer(target, source)) return target;
  // Under another name first: tests that run at the same time see a whole program or none.
  const begun = `${target}.${crypto.randomUUID()}`;
  const { status, stderr } = await run(["gcc", "-O1", "-Wall", "-Werror", "-o", begun, source]);
  if (status !== 0) throw new Error(`Cannot compile ${source}: ${stderr}`);
  await Deno.rename(begun, target);
  return target;
}

async function isNewer(target: string, source: string): Promise<boolean> {
  const [made, written] = await Promise.all([target, source].map(modified));
  return made !== undefined && written !== undefined && made >= written;
}

async function modified(path: string): Promise<Date | undefined> {
  return (await Deno.stat(path).catch(() => undefined))?.mtime ?? undefined;
}

/** A process whose output is read while it runs. */
export class Running {
  readonly #child: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<string>;
  readonly stderr: Promise<string>;
  #text = "";

  /** Its stdin is empty, or open until {@linkcode closeInput}. */
  constructor(words: readonly string[], { stdin = "null" }: { stdin?: "null" | "piped" } = {}) {
    const [program, ...args] = words;
    this.#child = new Deno.Command(program!, {
      args,
      stdin,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#output = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.stderr = new Response(this.#child.stderr).text();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Waits until its stdout has a text, so many times; gives all of it up to now. */
  async until(text: string, times = 1): Promise<string> {
    while (count(this.#text, text) < times) {
      this.#text += await this.#next(`without "${text}"`);
    }
    return this.#text;
  }

  /** Reads so many characters on, and forgets all up to there. */
  async skip(characters: number): Promise<void> {
    for (let seen = 0; seen < characters;) {
      seen += (await this.#next(`within ${characters} characters`)).length;
    }
    this.#text = "";
  }

  /** Reads on until a line that begins so, and forgets all before it, as quickly as it comes; gives the line. */
  async skipTo(beginning: string): Promise<string> {
    let at: number;
    while ((at = this.#text.indexOf(beginning)) < 0) {
      const tail = this.#text.slice(-beginning.length);
      this.#text = tail + await this.#next(`without "${beginning}"`);
    }
    this.#text = this.#text.slice(at);
    const [line = ""] = (await this.until("\n")).split("\n");
    return line;
  }

  async #next(missing: string): Promise<string> {
    const { done, value } = await this.#output.read();
    if (done) throw new Error(`Ended ${missing}: ${this.#text}${await this.stderr}`);
    return value;
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  async closeInput(): Promise<void> {
    await this.#child.stdin.close();
  }

  /** Waits for its end. */
  async finished(): Promise<Finished> {
    for (;;) {
      const { done, value } = await this.#output.read();
      if (done) break;
      this.#text += value;
    }
    const { code } = await this.#child.status;
    return { status: code, stdout: this.#text, stderr: await this.stderr };
  }
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

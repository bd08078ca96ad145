/** The command that is run while tracing (`-- CMD`). */

import { isFile } from "../../ffi/host/files.ts";
import { BpfError, messageOf } from "../../ffi/errors.ts";

/** How a command is started. */
export interface CommandOptions {
  /** The program and its arguments. */
  readonly words: readonly string[];
  /** Where its standard output goes, if not to this program's own. */
  readonly output: WritableStream<Uint8Array> | undefined;
  /** `null` where this program's own is needed for something else. */
  readonly input?: "inherit" | "null";
}

/** A command under way. It is never killed: it ends when it wants to. */
export class Command {
  /** Its exit status, 128 + the signal where one ended it. */
  readonly status: Promise<number>;
  readonly #child: Deno.ChildProcess;
  #ended = false;

  /**
   * Starts it.
   *
   * @throws {BpfError} E_COMMAND where it cannot be started
   */
  constructor({ words, output, input = "inherit" }: CommandOptions) {
    const [program, ...args] = words;
    try {
      this.#child = new Deno.Command(program!, {
        args,
        stdin: input,
        stdout: output === undefined ? "inherit" : "piped",
        stderr: "inherit",
      }).spawn();
    } catch (error) {
      throw notStarted(program!, error);
    }
    this.status = this.#finish(output);
  }

  /** Its process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Whether it has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Passes a signal on. */
  signal(name: Deno.Signal): void {
    if (this.#ended) return;
    try {
      this.#child.kill(name);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound || error instanceof TypeError)) throw error;
    }
  }

  async #finish(output: WritableStream<Uint8Array> | undefined): Promise<number> {
    if (output !== undefined) await this.#child.stdout.pipeTo(output, { preventClose: true });
    const { code } = await this.#child.status;
    this.#ended = true;
    return code;
  }
}

/** A command whose process is there already, and does not run yet: its id can be used before its first instruction. */
export class HeldCommand implements Disposable {
  readonly #command: Command;
  #started = false;

  /** `line` is what the shell would be given. */
  constructor(line: string, options: Omit<CommandOptions, "words">) {
    // The shell stops itself; once it goes on, it becomes the command, where that is only one.
    const words = ["/bin/sh", "-c", `kill -STOP $$; ${isSimple(line) ? "exec " : ""}${line}`];
    this.#command = new Command({ ...options, words });
  }

  /** Its process, which waits. */
  get pid(): number {
    return this.#command.pid;
  }

  /** Lets it run. */
  start(): Command {
    this.#started = true;
    waitUntilStopped(this.pid);
    this.#command.signal("SIGCONT");
    return this.#command;
  }

  /** Ends it, where it never ran. */
  [Symbol.dispose](): void {
    if (!this.#started) this.#command.signal("SIGKILL");
  }
}

/** Whether a line of the shell's is one command, with nothing in front that `exec` would take for its name. */
function isSimple(line: string): boolean {
  const unquoted = line.replaceAll(/'[^']*'|"(?:\\.|[^"\\])*"|\\./g, "_");
  return !/[;&|\n(){}!]|^\s*\w+=|^\s*(?:if|for|while|until|case|exit|cd|:)\b/.test(unquoted);
}

/** It stops within microseconds; until then it would not notice that it is to go on. */
function waitUntilStopped(pid: number): void {
  while (/\) [RSD] /.test(Deno.readTextFileSync(`/proc/${pid}/stat`)));
}

/** The kernel says the same of a script whose first line names a program that is not there. */
function whatIsMissing(program: string): string {
  const isScript = program.includes("/") && isFile(program);
  return isScript ? "its interpreter is missing: see its first line" : "there is no such program";
}

function notStarted(program: string, error: unknown): BpfError {
  return new BpfError(`run ${program}`, {
    step: "command",
    code: "E_COMMAND",
    cause: error instanceof Deno.errors.NotFound ? whatIsMissing(program) : messageOf(error),
    hint: "The command stands behind --, with its arguments: gimlet TOOL -- CMD ARGS…",
  });
}

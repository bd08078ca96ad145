/** A gimlet beside this one, which does small deeds on demand: the tracer leaves itself out, so somebody else must. */

import { messageOf } from "../ffi/errors.ts";
import { CannotStimulate, STIMULI, type StimulusName } from "../programs/lib/stimulus.ts";
import { json } from "../programs/lib/json.ts";
import { STATUS } from "./exit_status.ts";
import { printAll } from "./print.ts";
import { Writer } from "./writer.ts";

/** How a deed went. */
export interface Answer {
  /** `cannot`: this machine has not what it needs. */
  readonly outcome: "done" | "cannot" | "failed";
  readonly reason: string;
}

/** The second process, from the first one's side. */
export class SecondProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #asks: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: ReadableStreamDefaultReader<string>;

  constructor() {
    const source = Deno.build.standalone ? [] : ["run", "-A", Deno.mainModule];
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...source, "selftest", "--second-process"],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#asks = this.#child.stdin.getWriter();
    this.#answers = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Has a deed done, and waits until it is. */
  async perform(stimulus: StimulusName): Promise<Answer> {
    await this.#asks.write(new TextEncoder().encode(`${stimulus}\n`));
    let text = "";
    while (!text.endsWith("\n")) {
      const { done, value } = await this.#answers.read();
      if (done) return { outcome: "failed", reason: "the second process is gone" };
      text += value;
    }
    return JSON.parse(text) as Answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#asks.close();
    await this.#answers.cancel();
    await this.#child.status;
  }
}

/** What the second process does: a deed for each line of stdin, and a line of answer. */
export async function answerStimuli(): Promise<number> {
  const out = new Writer(Deno.stdout);
  const buffer = new Uint8Array(64);
  for (;;) {
    const length = Deno.stdin.readSync(buffer);
    if (length === null) return STATUS.done;
    const name = new TextDecoder().decode(buffer.subarray(0, length)).trim() as StimulusName;
    printAll(out, [json({ ...await tryStimulus(name) })]);
  }
}

async function tryStimulus(name: StimulusName): Promise<Answer> {
  try {
    await STIMULI[name]();
    return { outcome: "done", reason: "" };
  } catch (error) {
    const outcome = error instanceof CannotStimulate ? "cannot" : "failed";
    return { outcome, reason: messageOf(error) };
  }
}

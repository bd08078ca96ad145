/** What commands take: time, CPU time and memory, as the kernel counts them. */

import { run, workload } from "../gimlet.ts";
import type { Row } from "./measure.ts";

/** What a run took, in ms and MiB. `armed` is NaN where it never said that all is armed. */
export interface Spent {
  readonly armed: number;
  readonly whole: number;
  readonly cpu: number;
  readonly memory: number;
}

/** The runs of one thing. */
export interface SpentRow {
  readonly name: string;
  readonly samples: readonly Spent[];
}

/** Runs commands. */
export class Spender implements AsyncDisposable {
  readonly #program: string;
  readonly #mark: string;

  private constructor(program: string, mark: string) {
    this.#program = program;
    this.#mark = mark;
  }

  /** Whoever makes one disposes of it. */
  static async make(): Promise<Spender> {
    return new Spender(
      await workload("spent"),
      await Deno.makeTempFile({ prefix: "gimlet-bench-" }),
    );
  }

  /** The command to be started once all is armed. */
  get said(): readonly string[] {
    return [this.#program, "now", this.#mark];
  }

  /** Runs a command that must succeed. */
  async spend(words: readonly string[], env: Record<string, string> = {}): Promise<Spent> {
    const { status, stdout, stderr } = await run(
      [this.#program, "run", this.#mark, ...words],
      { env },
    );
    if (status !== 0) throw new Error(`Cannot measure ${words.join(" ")}: ${status}: ${stderr}`);
    const [armed = 0, whole = 0, cpu = 0, kib = 0] = stdout.trim().split(" ").map(Number);
    return {
      armed: armed === 0 ? NaN : armed / 1e6,
      whole: whole / 1e6,
      cpu: cpu / 1e6,
      memory: kib / 1024,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#mark).catch(() => {}); // a command that said nothing leaves none
  }
}

/** Runs things in turns. */
export async function spentInTurns(
  rounds: number,
  things: Readonly<Record<string, () => Promise<Spent>>>,
): Promise<SpentRow[]> {
  const rows = Object.keys(things).map((name) => ({ name, samples: [] as Spent[] }));
  for (let round = 0; round < rounds; round++) {
    for (const { name, samples } of rows) samples.push(await things[name]!());
  }
  return rows;
}

/** One of the figures of each. */
export function columns(rows: readonly SpentRow[], key: keyof Spent): Row[] {
  return rows.map(({ name, samples }) => ({ name, samples: samples.map((each) => each[key]) }));
}

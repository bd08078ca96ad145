/** Which variable a name means: what `let` and loops declare is known in their block only, all others in the whole probe. */

/** The names of a probe's variables. A name that is declared again, when its block has ended, is another variable. */
export class Scopes {
  #blocks: Map<string, string>[] = [];
  readonly #counts = new Map<string, number>();

  /** Does what belongs to a block. */
  within<T>(read: () => T): T {
    this.#blocks.push(new Map());
    const result = read();
    this.#blocks.pop();
    if (this.#blocks.length === 0) this.#counts.clear();
    return result;
  }

  /** Does what belongs to a macro: it knows nothing but what it is given, by its own names for it. */
  isolated<T>(given: ReadonlyMap<string, string>, read: () => T): T {
    const outside = this.#blocks;
    this.#blocks = [new Map(given)];
    const result = read();
    this.#blocks = outside;
    return result;
  }

  /** Declares a name in the block; `undefined` where it is known already. */
  declare(name: string): string | undefined {
    if (this.#find(name) !== undefined) return undefined;
    return this.#add(name, this.#blocks.at(-1));
  }

  /** The variable that a name means here. */
  resolve(name: string): string {
    return this.#find(name) ?? this.#add(name, this.#blocks[0]);
  }

  #find(name: string): string | undefined {
    return this.#blocks.findLast((block) => block.has(name))?.get(name);
  }

  #add(name: string, block: Map<string, string> | undefined): string {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    const variable = count === 1 ? name : `${name}${MARK}${count}`;
    block?.set(name, variable);
    return variable;
  }
}

const MARK = "#";

/** A variable's name as it is written. */
export function writtenName(variable: string): string {
  return variable.split(MARK)[0]!;
}

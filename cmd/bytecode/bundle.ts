/**
 * The bundle of gimlet's modules as the binary has it: a text, and the bytecode that the build made of it, so that a start neither
 * parses nor compiles. Deno's own cache of that kind lies in /tmp, where anyone may write it first; this one is a part of the binary.
 */

import process from "node:process";
import { Script } from "node:vm";
import { isListOption, isScript } from "../first_word.ts";
import type * as Gimlet from "../main.ts";

/** Where all that the binary holds is: what modules find beside themselves is found from here. */
const ROOT = new URL("../../", import.meta.url);
const CODE = new URL("dist/bundle/gimlet.js", ROOT);

/** What the bundle asks for by the names of its parameters; it stands one line further down than in its file. */
const HEAD = '(function (require, module, GIMLET_ROOT) { "use strict";\n';
const TAIL = "\n})";

type Bundle = (
  require: (name: string) => object | undefined,
  module: { exports: typeof Gimlet },
  root: string,
) => void;

/** What is started. Each kind has bytecode of its own, for reading more of it than is used takes its time. */
export type Start = "script" | "tool";

/** What a command line starts: with the bytecode for the other, it would begin later. */
export function startOf([word = ""]: readonly string[]): Start {
  return word === "check" || isScript(word) && !isListOption(word) ? "script" : "tool";
}

/** The bytecode that the binary holds for a kind of start. */
export function readBytecode(start: Start): Uint8Array {
  return Deno.readFileSync(new URL(`dist/bundle/${start}.bytecode`, ROOT));
}

/** Makes a script of the bundle. Bytecode of another version of V8 is not used: then the text is compiled. */
export function bundle(bytecode?: Uint8Array): Script {
  const cached = bytecode === undefined ? {} : { cachedData: bytecode };
  const code = HEAD + Deno.readTextFileSync(CODE) + TAIL;
  return new Script(code, { filename: CODE.href, lineOffset: -1, ...cached });
}

/** Runs the bundle; gives what `cmd/main.ts` exports. */
export function load(script: Script): typeof Gimlet {
  const module = {} as { exports: typeof Gimlet };
  const start = script.runInThisContext() as Bundle;
  start((name) => process.getBuiltinModule(name), module, ROOT.href);
  return module.exports;
}

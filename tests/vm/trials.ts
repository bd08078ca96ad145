/** Trials that run in machines: each kind is one binary, which is gimlet's guest as well. */

import { compileProgram } from "../../build.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

const compiled = new Map<string, Promise<string>>();

/** The trials of tests/NAME as one binary, compiled once, with the objects of these folders of tests/workload. */
export function trialsBinary(name: string, objects: readonly string[] = [name]): Promise<string> {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const binary = compile(name, objects);
  compiled.set(name, binary);
  return binary;
}

async function compile(name: string, objects: readonly string[]): Promise<string> {
  const output = `${ROOT}dist/workload/${name}`;
  await compileProgram({
    entry: `${ROOT}tests/${name}/main.ts`,
    embedded: objects.map((object) => `${ROOT}tests/workload/${object}/${object}.bpf.o`),
    output,
  });
  return output;
}

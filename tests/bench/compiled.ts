/** What the benches compile: the C programs of tests/bench/peers, and the workload. */

import { compileBpf } from "../../build.ts";
import { run, workload } from "../gimlet.ts";

const PEERS = new URL("./peers/", import.meta.url).pathname;
const FOLDER = new URL("../../dist/bench/", import.meta.url).pathname;

/** Compiles a C program that uses libbpf; gives its path. */
export async function compiledPeer(name: string): Promise<string> {
  const [source, program] = [`${PEERS}${name}.c`, `${FOLDER}${name}`];
  await Deno.mkdir(FOLDER, { recursive: true });
  const words = ["gcc", "-O2", "-Wall", "-Werror", "-o", program, source, "-lbpf"];
  const { status, stderr } = await run(words);
  if (status !== 0) throw new Error(`Cannot compile ${source}: ${stderr}`);
  return program;
}

/** Compiles its BPF programs, as those of the tools are; gives the object's path. */
export async function compiledObject(name: string): Promise<string> {
  const object = `${FOLDER}${name}.bpf.o`;
  await Deno.mkdir(FOLDER, { recursive: true });
  await compileBpf({ source: `${PEERS}${name}.bpf.c`, object });
  return object;
}

/** A program that has so many functions, `called_0000` and so on, and calls each of them once; gives the path. */
export async function compiledFunctions(count: number): Promise<string> {
  const program = `${FOLDER}functions`;
  await Deno.mkdir(FOLDER, { recursive: true });
  const names = Array.from({ length: count }, (_, i) => `called_${String(i).padStart(4, "0")}`);
  const source = [
    ...names.map((name) => `__attribute__((noinline)) void ${name}(void) { __asm__(""); }`),
    `int main(void) { ${names.map((name) => `${name}();`).join(" ")} return 0; }`,
  ];
  await Deno.writeTextFile(`${program}.c`, source.join("\n"));
  const { status, stderr } = await run(["clang", "-O1", "-o", program, `${program}.c`]);
  if (status !== 0) throw new Error(`Cannot compile ${program}.c: ${stderr}`);
  return program;
}

/** The workload `calls` under another name, so that nobody else's calls are taken for its; gives the path. */
export async function callsAs(name: string): Promise<string> {
  const path = `${FOLDER}${name}`;
  await Deno.mkdir(FOLDER, { recursive: true });
  await Deno.copyFile(await workload("calls"), path);
  return path;
}

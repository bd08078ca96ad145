/** Probes in user space: functions of programs and libraries (uprobes), and the probes that their authors left (USDT). */

import { isFile } from "../../host/files.ts";
import { type Elf, ELF_TYPE } from "../../elf/elf.ts";
import { type ElfSymbol, SYMBOL_TYPE, symbols, UNDEFINED } from "../../elf/symbols.ts";
import { usdtProbes } from "../../elf/usdt.ts";
import { BpfError, FormatError } from "../../errors.ts";
import { readElfSymbols } from "../../host/elf_file.ts";
import { mappedFiles, pathOfMapped } from "../../host/process.ts";
import { demangle } from "../../symbols/demangle.ts";
import { debugFileOf } from "../../symbols/file_symbols.ts";
import { findUserFile, requireProcess } from "../user_function.ts";
import { listed, type ListRequest, type ProbeList } from "./listed.ts";
import { glob, hasWildcard, matcher } from "./pattern.ts";

/** A pattern taken apart: in which files, and what there. */
interface UserPattern {
  readonly paths: readonly string[];
  readonly parts: readonly string[];
}

/** Lists `uprobe:/bin/bash:readline`, of a path, a library's name, a pattern of paths, or of all that a process has mapped. */
export function listUprobes(request: ListRequest): ProbeList {
  const found = patternOf(request, 1);
  if (typeof found === "string") return listed(request, [], { note: found });
  const matches = glob(found.parts[0] ?? "*");
  return listed(
    request,
    found.paths.flatMap((path) => functionsOf(path, matches).map((name) => `${path}:${name}`)),
  );
}

/** Lists `usdt:/usr/bin/python3:python:gc__start`. */
export function listUsdt(request: ListRequest): ProbeList {
  const found = patternOf(request, 2);
  if (typeof found === "string") return listed(request, [], { note: found });
  const matches = matcher(found.parts);
  const names = found.paths.flatMap((path) => {
    const probes = reading(path, (elf) => usdtProbes(elf)) ?? [];
    return probes.map(({ provider, name }) => `${provider}:${name}`).filter(matches)
      .map((name) => `${path}:${name}`);
  });
  return listed(request, names);
}

/** The files and what is looked for in them; a text where there is nothing to look into. */
function patternOf({ type, parts, sources }: ListRequest, most: number): UserPattern | string {
  const { pid } = sources;
  const isPath = (part: string | undefined) =>
    part !== undefined && parts.length > most ||
    part?.includes("/") === true;
  if (pid === undefined) {
    const [path, ...rest] = parts;
    if (path === undefined || !isPath(path) && parts.length < 2) {
      return `${type} probes are of a program, a library or a process: ${type}:/bin/bash:*, or --pid PID`;
    }
    return { paths: expandPath(path), parts: rest.length === 0 ? ["*"] : rest };
  }
  requireProcess(pid);
  const mapped = mappedFiles(pid).map((file) => pathOfMapped(pid, file));
  const [path] = parts;
  if (!isPath(path)) return { paths: mapped, parts };
  const matches = glob(path!);
  const named = hasWildcard(path!)
    ? mapped.filter((file) => matches(file))
    : [findUserFile(path!, { pid })];
  return { paths: named, parts: parts.length === 1 ? ["*"] : parts.slice(1) };
}

/** The files of a path with wildcards, or the one of a path or of a library's name. */
function expandPath(path: string): string[] {
  if (!hasWildcard(path)) return [findUserFile(path)];
  let folders = [path.startsWith("/") ? "/" : "."];
  const parts = path.split("/").filter((part) => part !== "");
  for (const part of parts) folders = folders.flatMap((folder) => entries(folder, part));
  return folders.filter(isFile);
}

function entries(folder: string, pattern: string): string[] {
  const prefix = folder === "/" ? "/" : folder === "." ? "" : `${folder}/`;
  if (!hasWildcard(pattern)) return [`${prefix}${pattern}`];
  const matches = glob(pattern);
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name).filter(matches).sort()
      .map((name) => `${prefix}${name}`);
  } catch {
    return []; // No folder, or not ours to look at.
  }
}

/** The names of the functions that a file defines: mangled as they are, or those whose C++ name matches. */
function functionsOf(path: string, matches: (name: string) => boolean): string[] {
  return reading(path, (elf) => [...functionSymbols(elf, matches).keys()]) ?? [];
}

/** The functions that a file defines, or its separate debug information, by their names. */
export function functionSymbols(
  elf: Elf,
  matches: (name: string) => boolean,
): Map<string, ElfSymbol> {
  const found = new Map<string, ElfSymbol>();
  for (const symbol of symbolsWithDebug(elf)) {
    const { name, type, section } = symbol;
    const isFunction = type === SYMBOL_TYPE.FUNC || type === SYMBOL_TYPE.IFUNC;
    if (!isFunction || section === UNDEFINED || found.has(name)) continue;
    if (matches(name) || name.startsWith("_Z") && matches(demangle(name))) found.set(name, symbol);
  }
  return found;
}

function* symbolsWithDebug(elf: Elf): Generator<ElfSymbol> {
  yield* symbols(elf);
  const debug = debugFileOf(elf);
  if (debug !== undefined) yield* symbols(debug);
}

/** What is no program or library has no probes. */
function reading<T>(path: string, read: (elf: Elf) => T): T | undefined {
  try {
    const elf = readElfSymbols(path);
    return elf.type === ELF_TYPE.REL ? undefined : read(elf);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw new BpfError(`read ${path}`, {
      step: "read",
      code: "E_NO_PROBE",
      cause: error instanceof Deno.errors.NotFound ? "there is no such file" : String(error),
    });
  }
}

/** The files of the host that a guest gets: as they were asked for, and the programs that are to run there. */

import { isFile, isFolder } from "../../ffi/host/files.ts";
import type { ImageFile } from "./initramfs.ts";
import { join, normalize } from "./paths.ts";

/** A path of the host from its root. */
export function absolute(path: string): string {
  return path.startsWith("/") ? normalize(path) : join(Deno.cwd(), path);
}

/** Reads `SRC[:DST]`. A folder stands for the files in it, at any depth. */
export function filesOf(spec: string): ImageFile[] {
  const [, source = spec, target] = /^(.+?):(\/.*)$/.exec(spec) ?? [];
  const path = absolute(source);
  return filesUnder(path, target === undefined ? path : normalize(target));
}

function filesUnder(source: string, target: string): ImageFile[] {
  // Whoever reads what is neither says why.
  if (isFile(source) || !isFolder(source)) return [{ source, target }];
  return [...Deno.readDirSync(source)].flatMap(({ name, isDirectory }) => {
    const path = join(source, name);
    return isDirectory || isFile(path) ? filesUnder(path, join(target, name)) : [];
  });
}

/** The program that a shell here would start for a name or a path; `undefined` where there is none. */
export function findProgram(name: string): string | undefined {
  if (name.includes("/")) return isFile(name) ? absolute(name) : undefined;
  const folders = (Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder !== "");
  return folders.map((folder) => absolute(join(absolute(folder), name))).find(isFile);
}

/** A program; for a script, its interpreters too. */
export function programFiles(path: string): ImageFile[] {
  return [{ source: path }, ...interpreters(path).flatMap(programFiles)];
}

/** What the first line of a script names: `#!/bin/sh`, and both programs of `#!/usr/bin/env bash`. */
function interpreters(path: string): string[] {
  const [first, second] = /^#! *([^\n]+)/.exec(head(path))?.[1]?.trim().split(/\s+/) ?? [];
  if (first === undefined) return [];
  const named = first.endsWith("/env") && second !== undefined ? findProgram(second) : undefined;
  return named === undefined ? [first] : [first, named];
}

function head(path: string): string {
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(256);
  return new TextDecoder().decode(bytes.subarray(0, file.readSync(bytes) ?? 0));
}

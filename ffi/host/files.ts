/** Looks at files that may not be there. */

/** Whether there is such a file. */
export function isFile(path: string): boolean {
  return look(path)?.isFile ?? false;
}

/** Whether there is such a folder. */
export function isFolder(path: string): boolean {
  return look(path)?.isDirectory ?? false;
}

function look(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}

/** Whether a file is there, or may be: one that cannot be looked at counts as there. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}

/** The names in a folder; none where there is no such folder. */
export function list(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** The text of a file; `undefined` where it is not there or may not be read. */
export function readText(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}

/** The text of a file that the kernel keeps; `undefined` where it is not there or may not be read. */
export function readText(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}

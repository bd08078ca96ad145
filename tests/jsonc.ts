/** deno.json: JSON with comments on lines of their own. */

/** Reads it. */
export function parse(text: string): Readonly<Record<string, unknown>> {
  return JSON.parse(text.replaceAll(/^ *\/\/.*$/gm, ""));
}

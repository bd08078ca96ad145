/**
 * The types of the @std functions that gimlet uses: the mirror that deno.json maps @std to carries none. Each is a part of
 * what JSR's own declarations say.
 */

/** `@std/cli/parse-args` */
export interface ParseOptions {
  readonly string?: readonly string[];
  readonly boolean?: readonly string[];
  readonly collect?: readonly string[];
  readonly alias?: Readonly<Record<string, string | readonly string[]>>;
  readonly "--"?: boolean;
  readonly stopEarly?: boolean;
  readonly unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}
export interface ParsedArgs {
  readonly _: readonly (string | number)[];
  readonly "--"?: readonly string[];
  readonly [option: string]: unknown;
}
export function parseArgs(args: readonly string[], options?: ParseOptions): ParsedArgs;

/** `@std/fmt/colors` */
export function bold(text: string): string;
export function red(text: string): string;
export function dim(text: string): string;
export function setColorEnabled(value: boolean): void;

/** The one door to @std. */

// @ts-types="./std.d.ts"
export { parseArgs, type ParsedArgs } from "@std/cli/parse-args";
// @ts-types="./std.d.ts"
export { bold, dim, red, setColorEnabled } from "@std/fmt/colors";
// @ts-types="./std.d.ts"
export { closestString } from "@std/text/closest-string";

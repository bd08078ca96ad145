/** The command line's door to @std. */

// @ts-types="./std.d.ts"
export { parseArgs, type ParsedArgs } from "@std/cli/parse-args";
// @ts-types="./std.d.ts"
export { bold, dim, red, setColorEnabled } from "@std/fmt/colors";

import { ERROR_HELP, errorHelp } from "../../../cmd/error_help.ts";
import { type ReportedCode, statusOfCode } from "../../../cmd/exit_status.ts";
import { setColorEnabled } from "../../../cmd/std.ts";
import { UsageError } from "../../../cmd/usage.ts";
import { assert, assertEquals, assertThrows } from "../../assert.ts";

setColorEnabled(false);

const DOCS = new URL("../../../docs/machine_interface.md", import.meta.url);
const CODES = Object.keys(ERROR_HELP) as ReportedCode[];

Deno.test("docs/machine_interface.md has every code, with its status and meaning", () => {
  const rows = Deno.readTextFileSync(DOCS).matchAll(/^\| `(E_\w+)` +\| (\d+) +\| (.*?) +\|$/gm);
  const documented = Array.from(
    rows,
    ([, code, status, meaning]) => [code, Number(status), meaning],
  );
  const known = CODES.map((code) => [code, statusOfCode(code), ERROR_HELP[code].meaning]);
  const byCode = (a: unknown[], b: unknown[]) => String(a[0]) < String(b[0]) ? -1 : 1;
  assertEquals(documented.toSorted(byCode), known.toSorted(byCode));
});

for (const code of CODES) {
  Deno.test(`help ${code}: what it means, why it comes, what helps, on a terminal's width`, () => {
    const { meaning, causes, fixes } = ERROR_HELP[code];
    assert(causes.length > 0 && fixes.length > 0 && !/[.!]$/.test(meaning));
    const lines = errorHelp(code);
    assertEquals(lines.length, 5 + causes.length + fixes.length);
    assertEquals(lines.filter((line) => [...line].length > 100), []);
  });
}

Deno.test("an unknown code is answered with the nearest", () => {
  const error = assertThrows(() => errorHelp("E_LOKDOWN"), UsageError, "Unknown error code");
  assertEquals(error.hint, "Did you mean E_LOCKDOWN?");
});

/**
 * Writes docs/script_vs_bpftrace.md: the differences that the tests hold, and what is missing.
 *
 *     deno run -A tests/differential/differences.ts
 */

import { MISSING } from "../../programs/script/builtins/table.ts";
import { GROUPS } from "./programs.ts";

/** The page. */
export const PAGE = new URL("../../docs/script_vs_bpftrace.md", import.meta.url);

/** Its text. */
export function differencesPage(): string {
  const differences = Object.values(GROUPS).flat().filter(({ difference }) => difference);
  const byReason = Map.groupBy(differences, ({ difference }) => difference!.reason);
  const rows = [...byReason].map(([reason, [first]]) =>
    `- \`${first!.program.replaceAll(" exit();", "")}\`: ${reason}.`
  );
  const names = MISSING.toSorted().map((name) => `\`${name}\``).join(", ");
  return `${HEAD}
## Differences from bpftrace 0.17, each held by a test

${rows.join("\n")}

${FIXED}
## What is missing

A script that uses what gimlet does not have is refused, with the words "not supported" and the
place.

${names}

${GAPS}`;
}

const HEAD = `<!-- deno-fmt-ignore-file -->
<!-- Written by tests/differential/differences.ts from the tests' own table: do not edit. -->

# What differs from bpftrace

gimlet runs bpftrace's language: both the spellings of 0.17 and the newer ones. Some ${
  Math.floor(Object.values(GROUPS).flat().length / 50) * 50
} programs are
run by both, and give the same.
`;

const FIXED = `## Differences by design

- Strings are up to 1024 bytes long (bpftrace 0.17: 64); \`BPFTRACE_MAX_STRLEN\` changes that.
- A map that is full, and records that are lost, are counted and told; \`--fail-on-loss\` makes that exit status 6.
- A tracepoint that is not there is a mistake; a function that is not there, and a wildcard that matches nothing, is
  a warning as long as another probe is there. \`missing_probes\` (\`error\`, \`warn\`, \`ignore\`) says otherwise.
- A mistake in a script is exit status 2, \`exit(n)\` is n, and the status of the command of \`-c\` is passed on.
- The command of \`-c\` is read by the shell. It is told to end where the script calls \`exit()\`; a limit of gimlet's own,
  such as \`--duration\`, waits for it, as for that of \`--\`. Words behind \`--\` are that command, not parameters.
- \`--dry-run\` runs neither BEGIN nor END. \`-d\` and \`-dd\` print the tree and end; \`-d STAGE\` prints the stage and runs.
- \`-k\` and \`-kk\` are the same: each statement whose reads fail is shown once, with the error, and all are counted.
  A map that is full and records that are lost are told of without it.
- \`-B line\` and \`-B none\` are the same: what there is to print is printed at once.
- \`--info\` is \`gimlet doctor\`.
- BEGIN and END run by a test run of the program: there is no probe on gimlet itself. \`comm\` there is gimlet's name.
- Entries of equal value are printed in the order of their keys.
- \`-f json\` has no empty lines.
- Types come from the kernel's BTF. Headers are read where they have nothing but declarations and \`#define\`: those
  beside the script, in folders of \`-I\`, and of \`--include\`. The kernel's own are passed over.
`;

const GAPS =
  `Also: watchpoints of what a function is given (\`watchpoint:FUNCTION+arg0:8:w\`); \`fn\`, \`typedef\` and \`#define\` with
parameters; the options \`--emit-elf\` and \`--emit-llvm\`.
`;

if (import.meta.main) Deno.writeTextFileSync(PAGE, differencesPage());

/**
 * Writes docs/script_vs_bpftrace.md: the differences that the tests hold, and what is missing.
 *
 *     deno run -A tests/differential/differences.ts
 */

import { MISSING } from "../../programs/script/builtins/table.ts";
import { KERNEL_GROUPS } from "./kernel_programs.ts";
import { type Case, type Difference, GROUPS } from "./programs.ts";

/** The page. */
export const PAGE = new URL("../../docs/script_vs_bpftrace.md", import.meta.url);

/** Its text. */
export function differencesPage(): string {
  const names = MISSING.toSorted().map((name) => `\`${name}\``).join(", ");
  return `${HEAD}
## Differences from bpftrace 0.17, each held by a test

${rowsOf(({ difference }) => difference)}

## Differences from bpftrace 0.23, each held by a test

${rowsOf(({ later }) => later)}
- A histogram's first line ends with its colon; bpftrace 0.17 and gimlet have a blank behind it.
- The frames of a stack that is a key have 8 blanks in front; bpftrace 0.17 and gimlet have 4.

${FIXED}
## What is missing

A script that uses what gimlet does not have is refused, with the words "not supported" and the
place.

${names}

${GAPS}`;
}

const ALL: readonly Case[] = [GROUPS, KERNEL_GROUPS].flatMap((groups) =>
  Object.values(groups).flat()
);

/** A line for each reason, with the first program that shows it. */
function rowsOf(difference: (each: Case) => Difference | undefined): string {
  const byReason = Map.groupBy(ALL, (each) => difference(each)?.reason);
  return [...byReason].flatMap(([reason, [first]]) =>
    reason === undefined ? [] : [`- \`${first!.program.replaceAll(" exit();", "")}\`: ${reason}.`]
  ).join("\n");
}

const HEAD = `<!-- deno-fmt-ignore-file -->
<!-- Written by tests/differential/differences.ts from the tests' own table: do not edit. -->

# What differs from bpftrace

gimlet runs bpftrace's language: both the spellings of 0.17 and the newer ones. Some ${
  Math.floor(ALL.length / 50) * 50
} programs are
run by both, and give the same.
`;

const FIXED = `## Differences by design

- Strings are up to 1024 bytes long (bpftrace 0.17: 64); \`BPFTRACE_MAX_STRLEN\` changes that. Before Linux 5.11 the keys of
  an entry together have room for 504 bytes: longer strings are cut there.
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
- A variable that a block sets without \`let\` is known in the whole probe, as in bpftrace 0.17; later versions know it in the
  block only. Comparisons are the numbers 1 and 0, which newer versions print as \`true\` and \`false\`.
- \`return\` in a loop over a map ends the probe. What \`$i\` of a range is set to changes nothing about the loop.
- \`strcontains()\` looks for at most 63 characters; \`tseries()\` has at most 1000 intervals, which begin with the clock since
  boot. A watchpoint's address is a number, a symbol of the kernel, or what a function is given.
- \`exit()\` disarms all probes in the kernel, at once: bpftrace's count on until they are detached.
- \`fentry\` of a module's function is refused where the kernel, or another module, has one of the same name.
- \`pid\` and \`tid\` are numbers of the machine's first pid namespace, as in bpftrace 0.17; \`pid(curr_ns)\`, or \`pid()\`, are
  those of gimlet's, and 0 for what is not in it.
- \`fn\` is made part of the probe wherever it is called.
- \`skboutput()\` writes the packet's own length, none of the bytes that the kernel fills records up with, and of a packet
  at most 65476 bytes. \`$skb\` there is a variable that is given a packet once. (Debian's bpftrace is built without it.)
- \`cat()\` prints all of a file, whatever \`max_cat_bytes\` says, and \`str_trunc_trailer\` changes nothing: some of bpftrace's
  settings are known, and have no effect.
- \`-f json\` has no empty lines.
- Types come from the kernel's BTF. Headers are read where they have nothing but declarations and \`#define\`: those
  beside the script, in folders of \`-I\`, and of \`--include\`. The kernel's own are passed over.
`;

const GAPS =
  `Also: \`typedef\` and \`#define\` with parameters; records with names (\`{.a = 1}\`), \`import\`, \`comptime\`, tuples compared with
\`==\`, maps as arrays; wildcards of \`rawtracepoint\`; the options \`--emit-elf\` and \`--emit-llvm\`.
`;

if (import.meta.main) Deno.writeTextFileSync(PAGE, differencesPage());

/** The table of tools, plans and kernels: from selftest's records to Markdown. */

/** A plan tried on a kernel. */
export interface Cell {
  /** `bitehist/kprobe` */
  readonly name: string;
  readonly outcome: "pass" | "fail" | "skip";
  readonly detail: string;
}

/** What selftest said on one kernel. */
export interface Column {
  /** The kernel's release. */
  readonly kernel: string;
  /** Every plan of every tool. */
  readonly plans: readonly Cell[];
  /** The tools by themselves; the detail of a pass names the plan. */
  readonly tools: readonly Cell[];
}

const HEAD = `# What works where

Written by \`deno task test:vm\`, which runs \`gimlet selftest\` on Debian's kernels under QEMU, with a virtio disk. **yes** is the plan
that gimlet takes by itself; _yes_ works as well, with \`--plan\`. A number is the reason why a plan cannot be used there.
`;

/** The page for some kernels, in their order. */
export function matrixPage(columns: readonly Column[]): string {
  const reasons: string[] = [];
  const names = [...new Set(columns.flatMap(({ plans }) => plans.map(({ name }) => name)))];
  const rows = names.map((name) => {
    const [tool, plan] = name.split("/") as [string, string];
    return [`\`${tool}\``, plan, ...columns.map((column) => cellText(column, tool, name, reasons))];
  });
  const header = ["tool", "plan", ...columns.map(({ kernel }) => kernel)];
  const table = [header, header.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
  const list = reasons.map((reason, i) => `${i + 1}. ${reason}`);
  return [HEAD, ...table, "", ...list, ""].join("\n");
}

function cellText(column: Column, tool: string, name: string, reasons: string[]): string {
  const cell = column.plans.find((cell) => cell.name === name);
  if (cell === undefined) return "";
  if (cell.outcome === "fail") return "fails";
  if (cell.outcome === "pass") {
    const chosen = column.tools.find((cell) => cell.name === tool)?.detail;
    return chosen === cell.detail ? "**yes**" : "_yes_";
  }
  const reason = cell.detail.replace(/^E_NO_PLAN: plan \w+: /, "").replace(
    /\/proc\/\d+/,
    "/proc/PID",
  );
  if (!reasons.includes(reason)) reasons.push(reason);
  return `no (${reasons.indexOf(reason) + 1})`;
}

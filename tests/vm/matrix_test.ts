/** Every tool by every plan, on every kernel; writes docs/matrix.md. */

import { runVm } from "../../cmd/vm/vm.ts";
import { assertEquals } from "../assert.ts";
import { BINARY } from "../gimlet.ts";
import { jsonRecords } from "../records.ts";
import { binary, qemu, test } from "../support.ts";
import { debianKernel, type KernelSeries } from "./kernels.ts";
import { type Cell, type Column, matrixPage } from "./matrix.ts";

const SERIES: readonly KernelSeries[] = ["5.10", "6.1", "6.12", "7.2"];
const PAGE = new URL("../../docs/matrix.md", import.meta.url);
const TOOLS = [...Deno.readDirSync(new URL("../../programs/tools", import.meta.url))]
  .map(({ name }) => name).sort();
/** Between the output of two runs. */
const BREAK = "----";
const columns: Column[] = [];

for (const series of SERIES) {
  test(`${series}: every tool works by the plan that it chooses, none is skipped`, {
    needs: [qemu, binary],
  }, async () => {
    const kernel = await debianKernel(series);
    const selftest = (...args: string[]) => `/gimlet selftest --format json ${args.join(" ")}`;
    const { status, stdout, stderr } = await runVm({
      kernel: kernel.path,
      modules: kernel.modulesFor(["virtio_pci", "virtio_blk"]),
      binary: BINARY,
      files: ["/bin/sh"],
      disks: [{ size: 16 << 20, kind: "virtio" }],
      command: [
        "sh",
        "-c",
        `${selftest()} && echo "${BREAK}" && ${selftest("--all-plans")}`,
      ],
      timeout: 600,
    });
    const [tools, plans] = stdout.split(BREAK).map((part) =>
      jsonRecords(part) as unknown as Cell[]
    );
    const column = { kernel: kernel.version, tools: tools!, plans: plans ?? [] };
    assertEquals(column.tools.map(({ name }) => name).sort(), TOOLS);
    for (const { name, outcome, detail } of column.tools) {
      assertEquals([name, outcome], [name, "pass"], detail);
    }
    assertEquals(column.plans.filter(({ outcome }) => outcome === "fail"), []);
    assertEquals(status, 0, stderr);
    columns.push(column);
    if (columns.length === SERIES.length) await Deno.writeTextFile(PAGE, await formatted(columns));
  });
}

/** As `deno fmt` wants it. */
async function formatted(columns: readonly Column[]): Promise<string> {
  const fmt = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext", "md", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = fmt.stdin.getWriter();
  await writer.write(new TextEncoder().encode(matrixPage(columns)));
  await writer.close();
  return await new Response(fmt.stdout).text();
}

/** `skboutput()` on Debian's kernels: packets at functions and at raw tracepoints, in files. */

import { runVm } from "../../cmd/vm/vm.ts";
import { assertEquals, assertMatch } from "../assert.ts";
import { BINARY } from "../gimlet.ts";
import { checkDatagrams, forDatagrams, readPcap, SEND } from "../packets.ts";
import { binary, needsProgram, qemu, test } from "../support.ts";
import { debianKernel, type KernelSeries } from "./kernels.ts";

const needs = [qemu, binary, needsProgram("bash"), needsProgram("od")];

/** What a probe sees of a packet that this machine sends to itself, and where IP begins there. */
const PLACES = [
  { probe: "fentry:__dev_queue_xmit", offset: 14 },
  { probe: "rawtracepoint:net_dev_queue", offset: 14 },
  { probe: "fentry:ip_rcv", offset: 0 },
  { probe: "fentry:vmlinux:ip_rcv", offset: 0 },
] as const;

/** Between the files. */
const MARK = "=";

async function inVm(series: KernelSeries, script: string) {
  const { path: kernel } = await debianKernel(series);
  return await runVm({
    kernel,
    binary: BINARY,
    files: ["/bin/bash", "/bin/sh", "/bin/od"],
    command: ["/bin/bash", "-c", script],
    timeout: 300,
  });
}

for (const series of ["5.10", "6.1", "6.12", "7.2"] as const) {
  test(`${series}: skboutput() writes every packet, wherever it is`, { needs }, async () => {
    const probes = PLACES.map(({ probe, offset }, i) => {
      const call = `@[probe, skboutput("/tmp/${i}.pcap", $skb, $skb->len, ${offset})] = count();`;
      return `${probe} { ${forDatagrams("args.skb", call)} }`;
    });
    const { stdout, stderr, status } = await inVm(
      series,
      `echo '${SEND}' >/tmp/send.sh
      /gimlet -q -c '/bin/bash /tmp/send.sh' -e '${probes.join("\n")}' &&
      for i in ${
        PLACES.map((_, i) => i).join(" ")
      }; do echo ${MARK}; od -An -v -tx1 /tmp/$i.pcap; done`,
    );
    assertEquals([status, stderr], [0, ""]);
    const [maps = "", ...files] = stdout.split(`${MARK}\n`);
    assertEquals(files.length, PLACES.length, stdout);
    for (const dump of files) {
      const bytes = dump.trim().split(/\s+/).map((byte) => parseInt(byte, 16));
      checkDatagrams(readPcap(Uint8Array.from(bytes)));
    }
    for (const line of maps.trim().split("\n")) assertMatch(line, /, 0\]: (23|46)$/);
  });
}

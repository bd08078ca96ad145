/**
 * The scripts that bpftrace's packages bring, on the kernels of the same Debians: what loads with bpftrace runs with gimlet, and
 * what they print of a known workload is the same. Each suite takes those whose output is compared, and a share of the others:
 * `GIMLET_DIFFERENTIAL=all` takes all.
 */

import { list } from "../../ffi/host/files.ts";
import { assert, assertEquals } from "../assert.ts";
import { binary, needsProgram, qemu, test } from "../support.ts";
import { bpftraceFor } from "./debian_bpftrace.ts";
import { type GuestResult, runInGuest } from "./script_peer.ts";

const programs = ["true", "cat", "dd", "sync", "sleep", "stat"];
const needs = [qemu, binary, ...["bpftrace", "bash", "ip", ...programs].map(needsProgram)];
const ALL = Deno.env.get("GIMLET_DIFFERENTIAL") === "all";
const SHARE = 5;

/** Something of everything that the scripts look at. */
const WORKLOAD = `/bin/true some words
/bin/cat /proc/sys/kernel/ostype /no/such/file
/bin/stat -c %n /etc/passwd /no/such/file
kill -0 4999999
/bin/sync
/bin/dd if=/dev/disk0 of=/dev/null bs=8k count=5 iflag=direct status=none
bash -c ': >/dev/tcp/127.0.0.1/9'
true
`;
/** Those that print once a second have to be there for more than one. */
const LONGER = `${WORKLOAD}/bin/sleep 2.2\ntrue\n`;

/**
 * What of the output is the same each time: the parts of each line that the pattern takes, in any order, each once. It says what
 * the workload did; everything else on the machine is traced as well.
 */
const COMPARED: Readonly<Record<string, RegExp>> = {
  "bitesize.bt": /^(@\[dd\]:|\[8K, 16K\) +5 .*)/,
  "biolatency.bt": /^(@usecs:)/,
  "capable.bt": /^\S+ +\d+ +\d+ +(dd|cat) +(\d+ +CAP_\w+)/,
  "cpuwalk.bt": /^(@cpu:)/,
  "execsnoop.bt": /(\/bin\/(?:true|cat|stat|dd) .*)/,
  "killsnoop.bt": /^\S+ +\d+ +(\S+ +0 +4999999 +\S+)/,
  "loads.bt": /(load averages): \d+\.\d{3} \d+\.\d{3} \d+\.\d{3}$/,
  "opensnoop.bt": /^\d+ +((?:cat|stat) +-?\d+ +\d+ +\S+)$/,
  "pidpersec.bt": /^(\d\d:\d\d:\d\d) PIDs\/sec|^(@): /,
  "runqlat.bt": /^(@usecs:)/,
  "statsnoop.bt": /^\d+ +(stat +\d+ +\/\S+)$/,
  "syncsnoop.bt": /^\S+ +\d+ +(sync +tracepoint:\S+)/,
  "syscount.bt": /^(Top 10 syscalls.*|@(?:syscall|process)\[)/,
  "tcpconnect.bt": /^\S+ +\d+ +(bash +127\.0\.0\.1 +)\d+ +(127\.0\.0\.1 +9)/,
  "vfscount.bt": /^(@\[vfs_(?:read|write|open|statx)\]): /,
  "vfsstat.bt": /^(@\[vfs_(?:read|open)\]): /,
};

for (const series of ["6.1", "6.12"] as const) {
  test(`${series}: bpftrace's own scripts run as they do with bpftrace`, { needs }, async () => {
    const { scripts } = await bpftraceFor(series);
    const all = list(scripts).filter((name) => name.endsWith(".bt")).sort();
    assert(all.length >= 30, `${all.length} scripts in ${scripts}`);
    const others = all.filter((name) => !(name in COMPARED));
    const names = all.filter((name) =>
      ALL || name in COMPARED || others.indexOf(name) % SHARE === 0
    );
    const runs = names.flatMap((name) => {
      const script = Deno.readTextFileSync(`${scripts}/${name}`);
      const workload = script.includes("interval:s:1") ? LONGER : WORKLOAD;
      return (["theirs", "ours"] as const).map((who) => ({ who, script, workload, seconds: 30 }));
    });
    const results = await runInGuest(series, runs, {
      programs: [...programs, "bash"],
      outside: ["ip"],
      prepare: "ip link set lo up",
    });
    const wrong: string[] = [];
    const loaded: string[] = [];
    let compared = 0;
    names.forEach((name, i) => {
      const [theirs, ours] = [results[2 * i]!, results[2 * i + 1]!];
      if (!hasLoaded(theirs)) return;
      loaded.push(name);
      if (ours.status !== 0) wrong.push(`${name}: status ${ours.status}\n${ours.stderr}`);
      const [expected, found] = [theirs, ours].map((run) => known(name, run));
      if (expected!.length > 1) compared++;
      if (JSON.stringify(found) !== JSON.stringify(expected)) {
        wrong.push(`${name}:\n${found!.join("\n")}\n--- bpftrace\n${expected!.join("\n")}`);
      }
    });
    assertEquals(wrong.join("\n\n"), "", loaded.join(" "));
    assert(loaded.length >= (ALL ? 25 : 15), `loaded: ${loaded.join(" ")}`);
    assert(compared >= 10, `${compared} scripts printed what can be compared`);
  });
}

/** Whether bpftrace attached more than BEGIN. */
function hasLoaded({ status, stdout, stderr }: GuestResult): boolean {
  const [, count = 0] = /^Attaching (\d+) probes?/.exec(stdout) ?? [];
  return status === 0 && Number(count) > 1 && !/^ERROR/m.test(stderr);
}

/** The heading, and what is the same each time. */
function known(name: string, { stdout }: GuestResult): string[] {
  const lines = stdout.split("\n");
  const heading = lines.filter((line) => /Ctrl-C|^(?:TIME|PID|COMM)\b.*[A-Z]{3}$/.test(line));
  const pattern = COMPARED[name];
  const kept = pattern === undefined ? [] : lines.flatMap((line) => {
    const parts = pattern.exec(line)?.slice(1).filter((part) => part !== undefined);
    return parts === undefined ? [] : [parts.join(" ").replaceAll(/\d\d:\d\d:\d\d/g, "TIME")];
  });
  return [...heading.slice(0, 2), ...new Set(kept.sort())].map((line) => line.trimEnd());
}

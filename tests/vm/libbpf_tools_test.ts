/** Objects that nobody here has written load, attach and run by `gimlet run`: BCC's libbpf-tools, in one machine. */

import { runVm } from "../../cmd/vm/vm.ts";
import { describeObject } from "../../ffi/btf/object.ts";
import { assert, assertEquals } from "../assert.ts";
import { BINARY } from "../gimlet.ts";
import { jsonRecords, ofType } from "../records.ts";
import { binary, clang, needsProgram, qemu, test } from "../support.ts";
import { debianKernel } from "./kernels.ts";
import { compileTool, type LibbpfTools, libbpfTools } from "./libbpf_tools.ts";

/** How a tool is run, where it is not just run; and why: what its own program in user space would do. */
interface Case {
  readonly why: string;
  /** The sections whose programs are taken, of those that do the same in two ways. */
  readonly sections?: RegExp;
  readonly args?: readonly string[];
  /** Why it cannot run in this machine: the error's code, and a part of its cause. */
  readonly fails?: { readonly code: string; readonly cause: string };
}

const TWICE = "each program is there twice, for kernels with BTF and without";
const BTF: Case = { why: TWICE, sections: /^tp_btf/ };
const FENTRY: Case = { why: TWICE, sections: /^f(entry|exit)/ };
const IO_START = "kernels before 6.5 have functions in place of these tracepoints";

/** `--attach`, for pairs of programs and places. */
function at(places: Readonly<Record<string, string>>): string[] {
  return Object.entries(places).flatMap(([program, place]) => ["--attach", `${program}=${place}`]);
}

/** `--only` of the programs that these places are for, and the places. */
function onlyAt(places: Readonly<Record<string, string>>): string[] {
  return ["--only", Object.keys(places).join(","), ...at(places)];
}

/** Those that do not run as they are, on Debian's kernel 6.12. */
const CASES: Readonly<Record<string, Case>> = {
  bashreadline: {
    why: "its section does not say which file",
    args: at({ printret: "uretprobe:/bin/bash:readline" }),
  },
  biolatency: BTF,
  biosnoop: { why: IO_START, args: ["--skip", "blk_account_io_start"] },
  biostacks: { why: IO_START, args: ["--skip", "blk_account_io_start,blk_account_io_done"] },
  biotop: {
    why: IO_START,
    args: [
      "--skip",
      "blk_account_io_start,blk_account_io_done,__blk_account_io_start,__blk_account_io_done",
    ],
  },
  cachestat: {
    why: "each program is there for several kernels",
    args: [
      "--only",
      "fentry_add_to_page_cache_lru,fentry_mark_page_accessed,fentry_mark_buffer_dirty,tracepoint__writeback_dirty_folio",
    ],
  },
  cpudist: BTF,
  cpufreq: { why: "how often to sample is to be said", args: at({ do_sample: "profile:99" }) },
  drsnoop: BTF,
  fsdist: {
    why: "which file system is to be said",
    args: onlyAt({
      file_read_entry: "kprobe:generic_file_read_iter",
      file_read_exit: "kretprobe:generic_file_read_iter",
      file_write_entry: "kprobe:generic_file_write_iter",
      file_write_exit: "kretprobe:generic_file_write_iter",
      file_open_entry: "kprobe:generic_file_open",
      file_open_exit: "kretprobe:generic_file_open",
      file_sync_entry: "kprobe:noop_fsync",
      file_sync_exit: "kretprobe:noop_fsync",
      getattr_entry: "kprobe:simple_getattr",
      getattr_exit: "kretprobe:simple_getattr",
    }),
  },
  fsslower: {
    why: "which file system is to be said",
    args: onlyAt({
      file_read_fentry: "fentry:generic_file_read_iter",
      file_read_fexit: "fexit:generic_file_read_iter",
      file_write_fentry: "fentry:generic_file_write_iter",
      file_write_fexit: "fexit:generic_file_write_iter",
      file_open_fentry: "fentry:generic_file_open",
      file_open_fexit: "fexit:generic_file_open",
      file_sync_fentry: "fentry:noop_fsync",
      file_sync_fexit: "fexit:noop_fsync",
    }),
  },
  funclatency: {
    why: "which function is to be said",
    args: onlyAt({ dummy_kprobe: "kprobe:vfs_read", dummy_kretprobe: "kretprobe:vfs_read" }),
  },
  gethostlatency: {
    why: "its sections do not say which file",
    args: at({
      handle_entry: "uprobe:c:getaddrinfo",
      handle_return: "uretprobe:c:getaddrinfo",
    }),
  },
  hardirqs: BTF,
  javagc: {
    why: "its probes are those of a JVM; it lacks what libbpf wants for any static probe",
    args: onlyAt({ handle_gc_start: "usdt:c:libc:setjmp" }),
    fails: { code: "E_ATTACH", cause: "should include <bpf/usdt.bpf.h>" },
  },
  klockstat: FENTRY,
  ksnoop: {
    why: "which function is to be said",
    args: at({ kprobe_entry: "kprobe:vfs_open", kprobe_return: "kretprobe:vfs_open" }),
  },
  llcstat: {
    why: "it samples the counters of the last-level cache, and an emulated processor has none",
    args: at({
      on_cache_miss: "perf_event:cache-misses:100",
      on_cache_ref: "perf_event:cache-references:100",
    }),
    fails: { code: "E_NO_PROBE", cause: "has no such counter" },
  },
  mdflush: {
    why: "its function is in a module for software RAID, which is not loaded",
    fails: { code: "E_NO_PROBE", cause: "the kernel has no md_flush_request" },
  },
  memleak: {
    why: "which library is to be said",
    args: onlyAt({
      malloc_enter: "uprobe:c:malloc",
      malloc_exit: "uretprobe:c:malloc",
      free_enter: "uprobe:c:free",
    }),
  },
  numamove: {
    why: "its function has two names, and each is traced in two ways",
    sections: /^f(entry|exit)\/migrate_misplaced_folio/,
  },
  offcputime: BTF,
  profile: { why: "how often to sample is to be said", args: at({ do_perf_event: "profile:49" }) },
  readahead: {
    why: "its functions have other names since, and one is static",
    args: onlyAt({
      do_page_cache_ra: "fentry:page_cache_ra_unbounded",
      do_page_cache_ra_ret: "fexit:page_cache_ra_unbounded",
      filemap_alloc_folio_noprof_ret: "fexit:filemap_alloc_folio_noprof",
      folio_mark_accessed: "fentry:folio_mark_accessed",
    }),
  },
  runqlat: BTF,
  runqlen: { why: "how often to sample is to be said", args: at({ do_sample: "profile:99" }) },
  runqslower: BTF,
  slabratetop: {
    why: "its function goes by another name since 6.10, and each has a program",
    args: ["--only", "kmem_cache_alloc_noprof"],
  },
  softirqs: BTF,
  solisten: FENTRY,
  tcpconnlat: { why: TWICE, sections: /^(fentry|tracepoint)/ },
  tcppktlat: BTF,
  tcprtt: FENTRY,
  tcpsynbl: FENTRY,
  vfsstat: FENTRY,
};

const CASE: Case = { why: "" };
const LEAST = 40;

/** An object, and the words of `gimlet run` behind its path. */
interface Prepared {
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
}

async function prepare(tools: LibbpfTools, into: string): Promise<Prepared[]> {
  const prepared: Prepared[] = [];
  const queue = [...tools.names];
  const work = async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const object = await compileTool(tools, name);
      const path = `${into}/${name}.bpf.o`;
      await Deno.writeFile(path, object);
      const { sections, args = [] } = CASES[name] ?? CASE;
      const only = describeObject(object).programs.filter(({ section }) => sections?.test(section));
      const words = only.length > 0 ? ["--only", only.map(({ name }) => name).join(",")] : [];
      prepared.push({ name, path, args: [...words, ...args] });
    }
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, work));
  return prepared.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** What became of a tool: attached programs, or why none is. */
function outcomeOf(name: string, text: string): string {
  const [first = "", ...lines] = text.split("\n");
  const records = jsonRecords(lines.filter((line) => line.startsWith("{")).join("\n"));
  const [attached] = ofType(records, "attached");
  const [error] = ofType(records, "error");
  const [summary] = ofType(records, "summary");
  const { fails } = CASES[name] ?? CASE;
  if (error !== undefined) {
    const isKnown = fails !== undefined && String(error.cause).includes(fails.cause);
    return `${error.code}: ${isKnown ? fails.cause : error.cause}`;
  }
  const probes = attached?.probes;
  const ran = first === "0" && summary !== undefined && summary.ended_by === "duration";
  return ran && Array.isArray(probes) && probes.length > 0 ? "runs" : `status ${text}`;
}

test("6.12: BCC's libbpf-tools run, or gimlet says why they cannot", {
  needs: [qemu, binary, clang, needsProgram("apt-get"), needsProgram("bash")],
}, async () => {
  const tools = await libbpfTools();
  assertEquals(Object.keys(CASES).filter((name) => !tools.names.includes(name)), []);
  const kernel = await debianKernel("6.12");
  const folder = await Deno.makeTempDir({ prefix: "gimlet-tools-" });
  try {
    const objects = await prepare(tools, folder);
    // Of what it prints only the lines that tell how it went: a serial line is slow.
    const keep = `grep -E '^\\{"type":"(attached|error|summary)"' /tmp/out`;
    const script = objects.map(({ name, args }) =>
      [
        `/gimlet run /o/${name}.bpf.o --json --duration 20ms ${
          args.join(" ")
        } >/tmp/out 2>/tmp/err`,
        `echo "== ${name} $?"; ${keep}`,
      ].join("; ")
    ).join("\n");
    const { status, stdout, stderr } = await runVm({
      kernel: kernel.path,
      binary: BINARY,
      files: [
        ...["/bin/sh", "/bin/grep", "/bin/bash"],
        ...objects.map(({ name, path }) => ({ source: path, target: `/o/${name}.bpf.o` })),
      ],
      command: ["/bin/sh", "-c", `${script}\ntrue`],
      timeout: 600,
    });
    assertEquals([status, stderr], [0, ""]);
    const parts = stdout.split(/^== /m).slice(1).map((part) => {
      const [, name = "", text = ""] = /^(\S+) ([^]*)$/.exec(part) ?? [];
      return [name, outcomeOf(name, text.trimEnd())] as const;
    });
    const expected = objects.map(({ name }) => {
      const { fails } = CASES[name] ?? CASE;
      return [name, fails === undefined ? "runs" : `${fails.code}: ${fails.cause}`] as const;
    });
    assertEquals(Object.fromEntries(parts), Object.fromEntries(expected));
    const running = parts.filter(([, outcome]) => outcome === "runs").length;
    assert(running >= LEAST, `${running} of ${parts.length} run, should be ${LEAST} or more`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

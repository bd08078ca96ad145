import {
  parseFilterFunctions,
  parseKprobeBlacklist,
} from "../../../../ffi/host/filter_functions.ts";
import { parseKernelConfig } from "../../../../ffi/host/kernel_config.ts";
import { parseModulesDep } from "../../../../ffi/host/modules.ts";
import {
  glob,
  isTypePattern,
  matcher,
  parsePatterns,
} from "../../../../ffi/probes/list/pattern.ts";
import { parseAvailableEvents } from "../../../../ffi/probes/list/sources.ts";
import { nearestNames } from "../../../../ffi/probes/why/nearest.ts";
import { assert, assertEquals, assertThrows } from "../../../assert.ts";

Deno.test("parsePatterns() reads types, their short names, and several patterns", () => {
  assertEquals(parsePatterns("k:vfs_*, t:sched:*"), [
    { types: ["kprobe"], named: true, parts: ["vfs_*"] },
    { types: ["tracepoint"], named: true, parts: ["sched", "*"] },
  ]);
  assertEquals(parsePatterns("kfunc")[0], { types: ["fentry"], named: true, parts: ["*"] });
  assertEquals(parsePatterns("kprobe:nfs:*")[0]?.parts, ["nfs", "*"]);
});

Deno.test("parsePatterns() finds types by wildcards, and a name alone in all of them", () => {
  assertEquals(parsePatterns("*ware:*")[0], {
    types: ["hardware", "software"],
    named: false,
    parts: ["*"],
  });
  const [alone] = parsePatterns("*switch*");
  assertEquals(alone?.parts, ["*switch*"]);
  assert(alone?.types.includes("kprobe") && !alone.types.includes("kretprobe"));
});

Deno.test("parsePatterns() keeps commas in brackets and the colons of C++ names", () => {
  assertEquals(parsePatterns("u:/bin/a[,b]:f,k:g").map(({ parts }) => parts), [
    ["/bin/a[,b]", "f"],
    ["g"],
  ]);
  assertEquals(parsePatterns("uprobe:/bin/a:std::sort*")[0]?.parts, ["/bin/a", "std::sort*"]);
});

Deno.test("parsePatterns() refuses a type that is not known", () => {
  assertThrows(() => parsePatterns("nosuch:x"), SyntaxError, 'no probe type "nosuch"');
});

Deno.test("glob() knows *, ?, […] and [!…]; all else stands for itself", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["vfs_*", "vfs_read", true],
    ["*read*", "vfs_read", true],
    ["vfs_?ead", "vfs_read", true],
    ["vfs_?ead", "vfs_ead", false],
    ["[a-c]x", "bx", true],
    ["[!a-c]x", "bx", false],
    ["[!a-c]x", "dx", true],
    ["a.b", "axb", false],
    ["a+(b)", "a+(b)", true],
    ["*.isra.?", "f.isra.0", true],
    ["", "", true],
    ["**", "anything", true],
  ];
  for (const [pattern, text, expected] of cases) {
    assertEquals(glob(pattern)(text), expected, `${pattern} ${text}`);
  }
});

Deno.test("matcher() matches the last part, or all of a name", () => {
  assert(matcher(["sched_switch"])("sched:sched_switch"));
  assert(matcher(["sched:*"])("sched:sched_switch"));
  assert(matcher(["sched", "*_switch"])("sched:sched_switch"));
  assert(!matcher(["irq", "*"])("sched:sched_switch"));
});

function names(text: string): Record<string, string[]> {
  return Object.fromEntries(
    Array.from(parseFilterFunctions(text), ([module, names]) => [module, [...names]]),
  );
}

Deno.test("parseFilterFunctions() reads functions and modules, without what was thrown away", () => {
  const text = "vfs_read\n__ftrace_invalid_address___12\ndo_exit\nvfs_read\nnfs_open [nfs]\n";
  const late = "nfs_mount\t[nfs]\n__ftrace_invalid_address___12 [nfs]\nlate\n";
  assertEquals(names(text + late), {
    vmlinux: ["do_exit", "late", "vfs_read"],
    nfs: ["nfs_mount", "nfs_open"],
  });
  assertEquals(names("vfs_read\n"), { vmlinux: ["vfs_read"] });
});

Deno.test("parseKprobeBlacklist(), parseAvailableEvents() and parseModulesDep() read their lists", () => {
  const black = "0xffffffff81001030-0xffffffff81001050\tasm_exc_int3\n0x1-0x2\tdo_int3\n";
  assertEquals([...parseKprobeBlacklist(black)], ["asm_exc_int3", "do_int3"]);
  assertEquals(parseAvailableEvents("sched:sched_switch\nbroken\n"), [
    { category: "sched", event: "sched_switch" },
  ]);
  const dep = "kernel/fs/nfs/nfs.ko.xz: kernel/net/sunrpc/sunrpc.ko.xz\nkernel/a/x-y.ko:\n";
  assertEquals([...parseModulesDep(dep)], ["nfs", "x_y"]);
});

Deno.test("parseKernelConfig() reads values and texts, and nothing of what is off", () => {
  const config = parseKernelConfig(
    '# CONFIG_A is not set\nCONFIG_B=y\nCONFIG_C=m\nCONFIG_D="a b"\nCONFIG_E=0x10\n',
  );
  assertEquals([...config], [
    ["CONFIG_B", "y"],
    ["CONFIG_C", "m"],
    ["CONFIG_D", "a b"],
    ["CONFIG_E", "0x10"],
  ]);
});

Deno.test("nearestNames() finds slips of the pen and longer names, and nothing else", () => {
  const known = ["sched_switch", "sched_wakeup", "vfs_read", "vfs_readv", "do_vfs_read"];
  assertEquals(nearestNames("sched_swicth", known), ["sched_switch"]);
  assertEquals(nearestNames("vfs_read", known).slice(0, 3), [
    ...["vfs_read", "vfs_readv", "do_vfs_read"],
  ]);
  assertEquals(nearestNames("completely_other_thing", known), []);
  assertEquals(nearestNames("vfs_read", known, 1), ["vfs_read"]);
});

Deno.test("isTypePattern() tells types from probes", () => {
  assert(isTypePattern("struct task_struct") && isTypePattern("enum bpf_*"));
  assert(!isTypePattern("structs") && !isTypePattern("kprobe:struct"));
});

import { candidates, completionLines } from "../../../cmd/completion.ts";
import { UsageError } from "../../../cmd/usage.ts";
import { grouped, probesBeginningWith } from "../../../ffi/probes/list/completion.ts";
import { assert, assertEquals, assertThrows } from "../../assert.ts";

const COMMANDS = ["completion", "help", "lesson", "list", "record", "schema", "vm"];
const complete = (...words: string[]) => candidates(words, COMMANDS);

Deno.test("candidates() knows tools, subcommands and their options", () => {
  assertEquals(complete("le"), ["lesson"]);
  assertEquals(complete("hello_w"), ["hello_world"]);
  assertEquals(complete("-l"), ["-l", "-lv"]);
  assertEquals(complete("vm", "--ke"), ["--kernel"]);
  assertEquals(complete("doctor", "--re"), ["--report"]);
  assertEquals(complete("hello_world", "--max"), ["--max-events", "--max-overhead"]);
  assertEquals(complete("list", "--w"), ["--why"]);
  assertEquals(complete("record", "file", "hello_world", "--js"), ["--json"]);
  assertEquals(complete("record", "file", "x.bt", "--uns"), ["--unsafe"]);
  assert(complete("").includes("bitehist"));
});

Deno.test("candidates() knows the options of scripts, and what stands behind them", () => {
  assertEquals(complete("-"), ["--help", "--version", "-e", "-l", "-lv"]);
  assertEquals(complete("-e", "BEGIN { }", "--expect"), ["--expect", "--expect-none"]);
  assert(["-c", "-o", "--unsafe"].every((option) => complete("x.bt", "-").includes(option)));
  assertEquals(complete("x.bt", "-B", ""), ["line", "full", "none"]);
  assertEquals(complete("x.bt", "--dump", "t"), ["types"]);
  assertEquals(complete("-d", "c"), ["codegen", "codegen-opt"]);
  assertEquals(complete("-p", "1").includes("1"), true);
  assertEquals(complete("-e", "P", "-o", ""), []);
  assertEquals(complete("schema", "scr"), ["script"]);
});

Deno.test("candidates() knows what stands behind an option", () => {
  assertEquals(complete("hello_world", "--plan", "tr"), ["tracepoint"]);
  assertEquals(complete("hello_world", "--format", ""), ["json", "text"]);
  assertEquals(complete("completion", ""), ["bash", "zsh", "fish"]);
  assertEquals(complete("schema", "bite"), ["bitehist"]);
  assertEquals(complete("help", "E_NO_BT"), ["E_NO_BTF"]);
  assertEquals(complete("lesson", "s1"), ["s1"]);
  assertEquals(complete("lesson", "hello_s"), ["hello_script"]);
});

Deno.test("candidates() leaves a command behind -- and files to the shell", () => {
  assertEquals(complete("hello_world", "--", "l"), []);
  assertEquals(complete("record", "fi"), []);
});

Deno.test("probes are completed part by part", () => {
  assertEquals(probesBeginningWith("trace"), ["tracepoint:"]);
  assertEquals(complete("-l", "inter"), ["interval:"]);
  assertEquals(complete("list", "interval:"), [
    ...["interval:hz:", "interval:ms:", "interval:s:", "interval:us:"],
  ]);
  assertEquals(complete("list", "i:h"), ["i:hz:"]);
  assertEquals(complete("list", "nosuch:"), []);
  const names = ["tracepoint:sched:a", "tracepoint:sched:b", "tracepoint:irq:c"];
  assertEquals(grouped(names, "tracepoint:"), ["tracepoint:sched:", "tracepoint:irq:"]);
  assertEquals(grouped(names.slice(0, 2), "tracepoint:sched:"), names.slice(0, 2));
  assertEquals(grouped(names.slice(2), "tracepoint:i"), ["tracepoint:irq:c"]);
});

Deno.test("completionLines() knows three shells", () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    assert(completionLines([shell], COMMANDS).join("\n").includes("--candidates"));
  }
  assertThrows(() => completionLines([], COMMANDS), UsageError, "A shell is missing");
  assertThrows(() => completionLines(["csh"], COMMANDS), UsageError, 'Unknown shell "csh"');
  assertThrows(() => completionLines(["bash", "x"], COMMANDS), UsageError, 'argument "x"');
});

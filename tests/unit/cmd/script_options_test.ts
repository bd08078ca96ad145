import { parseScriptOptions, type ScriptOptions } from "../../../cmd/script_options.ts";
import { UsageError } from "../../../cmd/usage.ts";
import { assertEquals, assertThrows } from "../../assert.ts";

/** What some words say, of these options only. */
function parsed<K extends keyof ScriptOptions>(words: string, ...names: K[]): ScriptOptions[K][] {
  const options = parseScriptOptions(words === "" ? [] : words.split(" "));
  return names.map((name) => options[name]);
}

Deno.test("a script stands behind -e, in a file, or in stdin; other words are its parameters", () => {
  assertEquals(parsed("-e P 1 -2", "program", "file", "parameters"), ["P", undefined, ["1", "-2"]]);
  assertEquals(parsed("x.bt a b", "program", "file", "parameters"), [undefined, "x.bt", [
    "a",
    "b",
  ]]);
  assertEquals(parsed("- a -- ls -l", "file", "parameters", "command"), ["-", ["a"], ["ls", "-l"]]);
  assertThrows(() => parsed("-q"), UsageError, "There is no script to run");
});

Deno.test("letters may stand together, and values right behind them", () => {
  assertEquals(parsed("-qveP", "quiet", "verbose", "program"), [true, true, "P"]);
  assertEquals(parsed("-fjson -p7 -oout -eP", "foreign", "pid", "outputFile"), [true, 7, "out"]);
  assertEquals(parsed("-kk -eP", "program"), ["P"]);
});

Deno.test("-d alone prints the tree only; with a stage, as later versions have it, it is printed first", () => {
  const dumps = (words: string) => parsed(`${words} -e P`, "dumps", "dumpsOnly", "program");
  assertEquals(dumps("-d"), [["ast"], true, "P"]);
  assertEquals(dumps("-dd"), [["ast"], true, "P"]);
  assertEquals(dumps("-d ast"), [["ast"], false, "P"]);
  assertEquals(dumps("-d dis,ast -d codegen"), [["ast", "bpf"], false, "P"]);
  assertEquals(dumps("-dall"), [["ast", "types", "bpf"], false, "P"]);
  assertEquals(dumps("-d libbpf"), [[], false, "P"]);
  assertEquals(dumps("--dump types"), [["types"], true, "P"]);
  assertEquals(parsed("-d x.bt", "dumps", "file"), [["ast"], "x.bt"]);
  assertThrows(() => dumps("-dtrees"), UsageError, 'Unknown stage "trees"');
});

Deno.test("what all tools take is taken", () => {
  const options = parseScriptOptions(
    "-e P --duration 2s --max-events 5 --comm dd --uid 0 --expect @n==1 --expect-none event --tap --cgroup /"
      .split(" "),
  );
  assertEquals([options.durationMs, options.maxEvents, options.results], [2000, 5, "tap"]);
  assertEquals([options.filters.comm, options.filters.uid], ["dd", 0]);
  assertEquals(typeof options.filters.cgroup, "bigint");
  assertEquals(options.expected, ["@n==1", "event"]);
});

const REFUSED = [
  ["-e P -e Q", "Option -e is given 2 times"],
  ["-e P -c ls -- ls", "Cannot run two commands"],
  ["-e P -f json --json", "Cannot print -f json and --json at once"],
  ["-e P -f json --tap --expect events>0", "Cannot print -f json and --tap at once"],
  ["-e P -f yaml", 'Unknown format "yaml"'],
  ["-e P -B lots", 'Unknown buffering "lots"'],
  ["-e P --junit x", "Option --junit needs an --expect"],
  ["-e P --dry-run --expect events>0", "Cannot expect anything of --dry-run"],
  ["- --stop-on-eof", "Option --stop-on-eof reads stdin"],
  ["-e P --comm a-name-of-17-bytes", "Cannot trace command"],
  ["-e P -p 0", 'Cannot read -p "0"'],
  ["-e P --durtion 3", 'Unknown option "--durtion"'],
  ["-e P -z", 'Unknown option "-z"'],
  ["-e P --emit-llvm x", "not supported: --emit-llvm"],
  ["-e P -c", "Option -c needs a value"],
  ["-e P --unsafe=1", "Option --unsafe takes no value"],
] as const;

for (const [words, message] of REFUSED) {
  Deno.test(`refused: ${words}`, () => {
    assertThrows(() => parsed(words), UsageError, message);
  });
}

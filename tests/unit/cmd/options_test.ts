import { parseDuration, parseToolOptions } from "../../../cmd/options.ts";
import { UsageError } from "../../../cmd/usage.ts";
import { defineTool } from "../../../programs/lib/tool.ts";
import { assertEquals, assertThrows } from "../../assert.ts";

const SKELETON = {
  name: "tool",
  object: new URL("file:///nowhere"),
  programs: {},
  maps: {},
  globals: {},
} as const;
const SPEC = {
  lesson: 0,
  summary: "",
  example: "",
  selftest: { stimulus: "clone" },
  plans: {},
} as const;
const TOOL = defineTool(SKELETON, SPEC);
const VFSREADLAT = defineTool(SKELETON, {
  ...SPEC,
  parameters: [
    { name: "interval", help: "seconds", pattern: /^\d+$/, fallback: "5" },
    { name: "count", help: "how often", pattern: /^\d+$/, fallback: "" },
    { name: "--unit", help: "msecs or usecs", pattern: /^[mu]secs$/, fallback: "msecs" },
  ],
});
const NEEDS_PID = defineTool(SKELETON, {
  ...SPEC,
  parameters: [{ name: "PID", help: "a process", pattern: /^\d+$/ }],
});

Deno.test("parseToolOptions() gives a tool's own words and options, or what stands for them", () => {
  const args = (...words: string[]) => parseToolOptions(VFSREADLAT, words).args;
  assertEquals(args(), { interval: "5", count: "", unit: "msecs" });
  assertEquals(args("1", "--unit", "usecs", "07"), { interval: "1", count: "07", unit: "usecs" });
  assertThrows(() => args("x"), UsageError, 'Cannot read interval "x"');
  assertThrows(() => args("--unit", "days"), UsageError, 'Cannot read --unit "days"');
  assertThrows(() => args("1", "2", "3"), UsageError, 'Unexpected argument "3"');
});

Deno.test("parseToolOptions() asks for a word that must be there, unless help was asked for", () => {
  const error = assertThrows(() => parseToolOptions(NEEDS_PID, []), UsageError, "PID is missing");
  assertEquals(error.hint, "gimlet tool [OPTIONS] PID [-- CMD ARGS…]");
  assertEquals(parseToolOptions(NEEDS_PID, ["--help"]).help, true);
});

Deno.test("parseDuration() takes ms, s and m, and seconds where nothing is said", () => {
  assertEquals(["250ms", "3s", "2m", "5", "0.5s"].map(parseDuration), [
    250,
    3000,
    120000,
    5000,
    500,
  ]);
  for (const wrong of ["", "3h", "-1", "s", "1e3"]) {
    assertThrows(() => parseDuration(wrong), UsageError, `Cannot read duration "${wrong}"`);
  }
});

Deno.test("parseToolOptions() reads options before -- and leaves the command alone", () => {
  const options = parseToolOptions(TOOL, [
    "--json",
    "--max-events",
    "3",
    "--pid=7",
    "--",
    "ls",
    "--json",
    "-v",
  ]);
  assertEquals(options.json, true);
  assertEquals(options.maxEvents, 3);
  assertEquals(options.filters, { pid: 7 });
  assertEquals(options.verbose, false);
  assertEquals(options.command, ["ls", "--json", "-v"]);
});

Deno.test("parseToolOptions() asks for the nearest option where one is not known", () => {
  const error = assertThrows(
    () => parseToolOptions(TOOL, ["--max-event=3"]),
    UsageError,
    'Unknown option "--max-event"',
  );
  assertEquals(error.hint, "Did you mean --max-events?");
});

const WRONG = [
  [["--max-events", "0"], 'Cannot read --max-events "0"'],
  [["--max-events", "x"], 'Cannot read --max-events "x"'],
  [["--max-events"], "Option --max-events needs a value"],
  [["--pid", "1", "--pid", "2"], "Option --pid is given 2 times"],
  [["--format", "xml"], 'Unknown format "xml"'],
  [["--comm", "a-name-that-is-too-long"], "its name has 23 bytes"],
  [["--cgroup", "/no/such/folder"], 'Cannot find cgroup "/no/such/folder"'],
  [["ls"], 'Unexpected argument "ls"'],
] as const;

for (const [args, message] of WRONG) {
  Deno.test(`parseToolOptions() refuses ${args.join(" ")}`, () => {
    assertThrows(() => parseToolOptions(TOOL, args), UsageError, message);
  });
}

/**
 * The runner behind `deno task test`: `deno run -A tests/run.ts [--no-skips] [unit | native | vm]…`.
 *
 * It runs the suites one after another, shows what they write as they write it, names every test
 * that was skipped and why, and ends with one line: `N passed, N failed`, and `, N skipped` if any
 * was. Where CI=true is set, or --no-skips given, a skipped test of native or vm is a failure: the
 * machine was to have all that they need.
 */

const SUITES = ["unit", "native", "vm"] as const;
/** The suites whose skipped tests must not go unnoticed. */
const NEED_ALL: readonly string[] = ["native", "vm"];

/** What became of one suite. */
export interface SuiteResult {
  readonly passed: number;
  readonly failed: number;
  /** The skipped tests, each with its reason. */
  readonly skipped: readonly string[];
}

/** A test case of a JUnit report: a test, or a step of one. */
interface TestCase {
  readonly name: string;
  readonly file: string;
  readonly state: "passed" | "failed" | "skipped";
}

async function main(args: readonly string[]): Promise<number> {
  const strict = Deno.env.get("CI") === "true" || args.includes("--no-skips");
  const asked = args.filter((arg) => arg !== "--no-skips");
  const unknown = asked.find((arg) => !SUITES.some((suite) => suite === arg));
  if (unknown !== undefined) {
    console.error(`error: Cannot run ${unknown}: the suites are ${SUITES.join(", ")}`);
    return 2;
  }
  const total = { passed: 0, failed: 0, skipped: 0 };
  let refused = 0;
  const lines: string[] = [];
  for (const suite of asked.length > 0 ? asked : SUITES) {
    const result = await runSuite(suite);
    total.passed += result.passed;
    total.failed += result.failed;
    total.skipped += result.skipped.length;
    if (strict && NEED_ALL.includes(suite)) refused += result.skipped.length;
    lines.push(
      ...result.skipped.map((test) => `  skipped: ${test}`),
      `${suite}: ${countsLine({ ...result, skipped: result.skipped.length })}`,
    );
  }
  lines.forEach((line) => console.log(line));
  if (refused > 0) {
    console.log(`Skipped tests of ${NEED_ALL.join(" and ")} count as a failure here: ${refused}`);
  }
  console.log(countsLine(total));
  return total.failed + refused > 0 ? 1 : 0;
}

async function runSuite(suite: string): Promise<SuiteResult> {
  const scratch = await Deno.makeTempDir({ prefix: "gimlet-tests-" });
  const report = `${scratch}/junit.xml`;
  try {
    // Virtual machines do not disturb each other; what traces this machine's own kernel does.
    const parallel = suite === "vm" ? ["--parallel"] : [];
    const flags = ["-A", "--no-check", ...parallel, `--junit-path=${report}`];
    const args = ["test", ...flags, `tests/${suite}`];
    const { code } = await new Deno.Command(Deno.execPath(), { args }).spawn().status;
    const xml = await Deno.readTextFile(report).catch(() => "");
    return judge(suite, countTests(xml), code);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** Counts as a failure what no test case shows: a module that fails, and a suite without a test. */
function judge(suite: string, result: SuiteResult, code: number): SuiteResult {
  const silent = code !== 0 && result.failed === 0;
  const empty = result.passed + result.failed + result.skipped.length === 0;
  if (!silent && !empty) return result;
  const what = empty ? "no test ran" : "no test failed";
  console.error(`error: tests/${suite}: ${what}, and deno test ended with exit status ${code}`);
  return { ...result, failed: result.failed + 1 };
}

/** Counts the tests of a JUnit report of `deno test`. A step only counts if it is skipped. */
export function countTests(xml: string): SuiteResult {
  const cases = readCases(xml);
  const names = cases.map(({ file, name }) => `${file} > ${name} > `);
  const isStep = ({ file, name }: TestCase) =>
    names.some((parent) => `${file} > ${name}`.startsWith(parent));
  const tests = cases.filter((each) => !isStep(each));
  return {
    passed: tests.filter(({ state }) => state === "passed").length,
    failed: tests.filter(({ state }) => state === "failed").length,
    skipped: cases.filter(({ state }) => state === "skipped").map(withReason),
  };
}

function readCases(xml: string): TestCase[] {
  return [...xml.matchAll(/<testcase ([^>]*)>([^]*?)<\/testcase>/g)].map((
    [, attributes, body],
  ) => ({
    name: attribute(attributes, "name"),
    file: attribute(attributes, "classname"),
    state: body?.includes("<failure")
      ? "failed" as const
      : body?.includes("<skipped")
      ? "skipped" as const
      : "passed" as const,
  }));
}

function attribute(attributes: string | undefined, name: string): string {
  const text = new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes ?? "")?.[1] ?? "";
  const entities = [["&lt;", "<"], ["&gt;", ">"], ["&quot;", '"'], ["&apos;", "'"]] as const;
  const plain = entities.reduce((sum, [entity, char]) => sum.replaceAll(entity, char), text);
  return plain.replaceAll("&#39;", "'").replaceAll("&amp;", "&");
}

/** tests/support.ts ends the name of a skipped test with its reason. */
function withReason({ name }: TestCase): string {
  const [, test = name, reason = "no reason given"] = /^(.*) \[skipped: (.*)\]$/.exec(name) ?? [];
  return `${test}: ${reason}`;
}

/** Makes the line that ends a run. */
export function countsLine(
  { passed, failed, skipped }: { passed: number; failed: number; skipped: number },
): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

if (import.meta.main) {
  Deno.chdir(new URL("..", import.meta.url));
  Deno.exit(await main(Deno.args));
}

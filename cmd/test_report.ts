/** The results of checks, in the formats that people and CI systems read. */

import { json } from "../programs/lib/json.ts";

/** How one check went. */
export interface TestResult {
  readonly name: string;
  /** `skip`: this machine cannot do it, for the reason given. */
  readonly outcome: "pass" | "fail" | "skip";
  /** What there is to say: how it was done, why it failed, why it was skipped. One line. */
  readonly detail: string;
  /** What else there is to say: a line each. */
  readonly remarks?: readonly string[];
  readonly seconds: number;
}

/** Prints results as they come: some formats need a head, some can only be written at the end. */
export interface TestFormat {
  head(count: number): string[];
  result(result: TestResult, number: number): string[];
  /** `suite` is what was tested. */
  tail(results: readonly TestResult[], suite: string): string[];
}

const WORD = { pass: "ok", fail: "FAIL", skip: "skip" } as const;

const text: TestFormat = {
  head: () => [],
  result: ({ name, outcome, detail, remarks = [] }) => [
    `${WORD[outcome].padEnd(4)}  ${name.padEnd(28)} ${detail}`.trimEnd(),
    ...remarks.map((remark) => `      ${remark}`),
  ],
  tail(results) {
    const count = (wanted: TestResult["outcome"]) =>
      results.filter(({ outcome }) => outcome === wanted).length;
    const skipped = count("skip");
    const tail = skipped === 0 ? "" : `, ${skipped} skipped`;
    return [`${count("pass")} passed, ${count("fail")} failed${tail}`];
  },
};

/** TAP and KTAP differ in their heads, and in where a remark stands. */
function tapResult({ name, outcome, detail }: TestResult, number: number): string {
  const status = outcome === "fail" ? "not ok" : "ok";
  const [escapedName, remark] = [name, detail].map((text) => text.replaceAll("#", "\\#"));
  const test = `${status} ${number} ${escapedName}`;
  if (outcome === "skip") return `${test} # SKIP ${remark}`;
  return remark === "" ? test : `${test} # ${remark}`;
}

/** @see https://testanything.org/tap-version-14-specification.html */
const tap: TestFormat = {
  head: (count) => ["TAP version 14", `1..${count}`],
  result: (result, number) => [
    tapResult(result, number),
    ...(result.remarks ?? []).map((remark) => `# ${remark}`),
  ],
  tail: () => [],
};

/** @see https://docs.kernel.org/dev-tools/ktap.html */
const ktap: TestFormat = { ...tap, head: (count) => ["KTAP version 1", `1..${count}`] };

const junit: TestFormat = {
  head: () => [],
  result: () => [],
  tail(results, suite) {
    const count = (wanted: TestResult["outcome"]) =>
      results.filter(({ outcome }) => outcome === wanted).length;
    const seconds = results.reduce((sum, { seconds }) => sum + seconds, 0);
    return [
      '<?xml version="1.0" encoding="UTF-8"?>',
      `<testsuite name="${xml(suite)}" tests="${results.length}" failures="${count("fail")}" ` +
      `skipped="${count("skip")}" time="${seconds.toFixed(3)}">`,
      ...results.map(junitCase),
      "</testsuite>",
    ];
  },
};

function junitCase({ name, outcome, detail, remarks = [], seconds }: TestResult): string {
  const open = `  <testcase classname="gimlet" name="${xml(name)}" time="${seconds.toFixed(3)}"`;
  switch (outcome) {
    case "pass":
      return `${open}><system-out>${xml(detail)}</system-out></testcase>`;
    case "fail":
      return remarks.length === 0
        ? `${open}><failure message="${xml(detail)}"/></testcase>`
        : `${open}><failure message="${xml(detail)}">${
          xml(remarks.join("\n"))
        }</failure></testcase>`;
    case "skip":
      return `${open}><skipped message="${xml(detail)}"/></testcase>`;
  }
}

const XML_NAMES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

function xml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => XML_NAMES[character]!)
    .replaceAll(/[^\P{Cc}\t\n\r]/gu, "?");
}

const records: TestFormat = {
  head: () => [],
  result: (result) => [json({ type: "test", ...result })],
  tail: () => [],
};

/** The formats by name. */
export const TEST_FORMATS = { text, tap, ktap, junit, json: records } as const;

/** The name of a format. */
export type TestFormatName = keyof typeof TEST_FORMATS;

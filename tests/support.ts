/** What the tests share: a test that says what it needs, and the needs themselves. */

import { findProgram } from "../build.ts";
import { missingCapabilities, readEffective } from "../ffi/host/capabilities.ts";
import { BINARY } from "./gimlet.ts";

/** Something a machine may lack. */
export interface Need {
  /** Completes "skipped: ": "needs root". */
  readonly reason: string;
  readonly ok: boolean | (() => boolean);
}

/** What a test needs, and how its resources are watched. */
export interface TestOptions {
  readonly needs?: readonly Need[];
  /** As in `Deno.test`: false for what outlives the test on purpose, such as an opened libbpf. */
  readonly sanitizeResources?: boolean;
}

/** The body of a test. */
export type TestBody = (t: Deno.TestContext) => void | Promise<void>;

/**
 * Registers a test. Where a need is missing, the test is skipped, and its name ends with the reason:
 * tests/run.ts prints it, and does not let it pass where nothing may be missing.
 *
 * @example
 * ```ts
 * test("counts every openat", { needs: [root, clang] }, async () => {});
 * ```
 */
export function test(name: string, options: TestOptions, fn: TestBody): void {
  const { needs = [], ...rest } = options;
  const missing = needs.filter(isMissing).map(({ reason }) => reason);
  const ignore = missing.length > 0;
  Deno.test({
    name: ignore ? `${name} [skipped: ${missing.join(", ")}]` : name,
    ignore,
    fn,
    ...rest,
  });
}

function isMissing({ ok }: Need): boolean {
  return !(typeof ok === "boolean" ? ok : ok());
}

/** User 0, which loading programs needs by default. */
export const root: Need = { reason: "needs root", ok: () => Deno.uid() === 0 };

/** The capabilities that loading programs needs. */
export const capabilities: Need = {
  reason: "needs CAP_BPF and CAP_PERFMON",
  ok: () => missingCapabilities(readEffective(), ["CAP_BPF", "CAP_PERFMON"]).length === 0,
};

/** QEMU, for tests that boot a kernel. */
export const qemu: Need = needsProgram("qemu-system-x86_64");

/** A clang, for tests that compile BPF programs. */
export const clang: Need = needsProgram("clang");

/** A C compiler, for the workloads. */
export const gcc: Need = needsProgram("gcc");

/** The compiled binary, as `deno task compile` leaves it. */
export const binary: Need = {
  reason: `needs ${BINARY} (deno task compile)`,
  ok: () => findProgram(BINARY) !== undefined,
};

/** Makes a need of a program in PATH. */
export function needsProgram(name: string): Need {
  return { reason: `needs ${name}`, ok: () => findProgram(name) !== undefined };
}

import { BpfError, type ErrorCode } from "../../../ffi/errors.ts";
import type { Plans } from "../../../ffi/probes/plan.ts";
import { judgePlans, type PlanFacts } from "../../../programs/doctor/verdict.ts";
import { assertEquals } from "../../assert.ts";

function error(cause: string, code: ErrorCode = "E_NO_PROBE"): BpfError {
  return new BpfError("attach", { step: "attach", code, cause });
}

/** A kernel without the functions of some names, whose providers and programs are as said. */
function kernel({ without = [], refuses = [], unfit = [], mustLoad = false }: {
  without?: readonly string[];
  refuses?: readonly string[];
  unfit?: readonly string[];
  mustLoad?: boolean;
}): PlanFacts {
  return {
    refused: (provider) => refuses.includes(provider) ? error(`no ${provider}`) : undefined,
    missing: (place) =>
      "symbol" in place && without.includes(place.symbol) ? error(`no ${place.symbol}`) : undefined,
    mustLoad,
    unfit: (plan) =>
      Object.keys(plan).some((program) => unfit.includes(program)) ? error("unfit") : undefined,
  };
}

function judged(plans: Plans, facts: Parameters<typeof kernel>[0]): (string | undefined)[][] {
  return judgePlans(plans, kernel(facts)).map(({ plan, error }) => [plan, error?.cause]);
}

const PLANS: Plans = {
  kprobe: { p: ["kprobe:a"], q: ["kretprobe:a"] },
  tp_btf: { r: ["tp_btf:e"] },
  tracepoint: { s: ["tracepoint:c:e"] },
};

Deno.test("judgePlans() stops at the first plan that works", () => {
  assertEquals(judged(PLANS, {}), [["kprobe", undefined]]);
  assertEquals(judged(PLANS, { refuses: ["kretprobe"] }), [
    ["kprobe", "no kretprobe"],
    ["tp_btf", undefined],
  ]);
  assertEquals(judged(PLANS, { without: ["a"], unfit: ["r"] }), [
    ["kprobe", "no a"],
    ["tp_btf", "unfit"],
    ["tracepoint", undefined],
  ]);
});

Deno.test("judgePlans() names each plan where none works", () => {
  const all = { refuses: ["kprobe", "tp_btf", "tracepoint"] };
  assertEquals(judged(PLANS, all).map(([, cause]) => cause), [
    "no kprobe",
    "no tp_btf",
    "no tracepoint",
  ]);
});

Deno.test("programs are loaded where they see typed arguments, and all where only loading tells", () => {
  assertEquals(judged(PLANS, { unfit: ["p", "q"] }), [["kprobe", undefined]]);
  assertEquals(judged(PLANS, { unfit: ["p", "q", "r"], mustLoad: true }), [
    ["kprobe", "unfit"],
    ["tp_btf", "unfit"],
    ["tracepoint", undefined],
  ]);
  assertEquals(judged({ fentry: { p: ["fentry:a"] } }, { unfit: ["p"] }), [["fentry", "unfit"]]);
});

Deno.test("one of several alternatives is enough", () => {
  const plans = { kprobe: { p: ["kprobe:a|b"] } };
  assertEquals(judged(plans, { without: ["a"] }), [["kprobe", undefined]]);
  assertEquals(judged(plans, { without: ["a", "b"] }), [["kprobe", "no a, and no b"]]);
});

Deno.test("what may be missing is missing, as long as something is there", () => {
  const plans = { kprobe: { p: ["kprobe:a?", "kprobe:b?"] } };
  assertEquals(judged(plans, { without: ["a"] }), [["kprobe", undefined]]);
  assertEquals(judged(plans, { without: ["a", "b"] }), [["kprobe", "no a"]]);
  const one = { kprobe: { p: ["kprobe:a", "kprobe:b?"] } };
  assertEquals(judged(one, { without: ["b"] }), [["kprobe", undefined]]);
  assertEquals(judged(one, { without: ["a"] }), [["kprobe", "no a"]]);
});

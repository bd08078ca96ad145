/** The findings of `gimlet doctor` as JSON records. */

import type { BpfError } from "../../ffi/errors.ts";
import { mendableError } from "../../ffi/probes/plan.ts";
import type { Diagnosis, ToolVerdict } from "../../programs/doctor/diagnosis.ts";
import { json } from "../../programs/lib/json.ts";
import { featureFix, fixOf, probeTypeFix } from "./fix.ts";

/** One line each. */
export function doctorRecords({ facts, features, probeTypes, tools }: Diagnosis): string[] {
  return [
    ...facts.map(({ name, value = null, knownBy, source, problem = null, fix = null }) =>
      json({ type: "fact", name, value, known_by: knownBy, source, problem, fix })
    ),
    ...features.map((feature) => {
      const { kind, name, available = null, knownBy } = feature;
      const fix = featureFix(feature) ?? null;
      return json({ type: "feature", kind, name, available, known_by: knownBy, fix });
    }),
    ...probeTypes.map(({ type, triedAs, wasTried, error }) =>
      json({
        type: "probe_type",
        name: type,
        usable: wasTried ? error === undefined : null,
        known_by: wasTried ? "attempt" : "nothing",
        tried_as: triedAs,
        code: error?.code ?? null,
        reason: error?.cause ?? null,
        fix: error === undefined ? null : probeTypeFix(type, error),
      })
    ),
    ...tools.map(toolRecord),
  ];
}

function toolRecord(verdict: ToolVerdict): string {
  const { tool, plans } = verdict;
  const { usable, plan, error } = summaryOf(verdict);
  return json({
    type: "verdict",
    tool,
    usable,
    plan: plan ?? null,
    code: usable ? null : error?.code ?? null,
    reason: error?.cause ?? null,
    fix: usable || error === undefined ? null : fixOf(error),
    plans: plans.map(({ plan, error }) => ({
      plan,
      usable: error === undefined,
      code: error?.code ?? null,
      reason: error?.cause ?? null,
    })),
  });
}

/** A verdict in short: with a plan that works, the error says why not the one that would come first. */
export function summaryOf({ plans, error }: ToolVerdict): {
  readonly usable: boolean;
  readonly plan: string | undefined;
  readonly error: BpfError | undefined;
} {
  const chosen = plans.find(({ error }) => error === undefined)?.plan;
  const errors = plans.flatMap(({ error }) => error ?? []);
  const reason = chosen === undefined ? mendableError(errors) ?? errors.at(-1) : errors[0];
  return {
    usable: chosen !== undefined && error === undefined,
    plan: chosen,
    error: error ?? reason,
  };
}

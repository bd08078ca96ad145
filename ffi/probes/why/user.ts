/** Why there is no probe of a name in a program or library. */

import { BpfError, messageOf } from "../../errors.ts";
import { listUprobes, listUsdt } from "../list/user.ts";
import type { ProbeSources } from "../list/sources.ts";
import type { ProbeAnswer, ReasonCode } from "./answer.ts";
import { nearestNames } from "./nearest.ts";

/** The types that are set in programs and libraries. */
export type UserType = "uprobe" | "uretprobe" | "usdt";

/** Explains `uprobe:/bin/bash:readline` or `usdt:/usr/bin/python3:python:gc__start`. */
export function explainUser(
  type: UserType,
  parts: readonly string[],
  sources: ProbeSources,
): ProbeAnswer {
  const probe = [type, ...parts].join(":");
  const list = type === "usdt" ? listUsdt : listUprobes;
  const names = (wanted: readonly string[]) =>
    list({ type, parts: wanted, named: true, sources }).names;
  try {
    if (names(parts).length > 0) return { probe, usable: true, reasons: [], instead: [] };
    const [path = "", ...rest] = parts;
    const all = names([path, "*"]);
    const text = all.length === 0
      ? type === "usdt"
        ? `${path} has no static probes: it was built without them`
        : `${path} has no symbols: it was stripped, and no library exports them`
      : `${path} has no ${rest.join(":")}`;
    const wanted = rest.at(-1) ?? "";
    const near = nearestNames(wanted, all.map((name) => name.slice(name.lastIndexOf(":") + 1)));
    const instead = near.flatMap((each) => all.filter((name) => name.endsWith(`:${each}`)));
    return {
      ...missing(probe, "not_found", text),
      instead: instead.map((name) => `${type}:${name}`),
    };
  } catch (error) {
    if (!(error instanceof BpfError)) throw error;
    return missing(
      probe,
      error.code === "E_NO_PROCESS" ? "no_process" : "no_file",
      messageOf(error),
    );
  }
}

function missing(probe: string, code: ReasonCode, text: string): ProbeAnswer {
  return { probe, usable: false, reasons: [{ code, text }], instead: [] };
}

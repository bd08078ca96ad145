/** What libbpf and the kernel's verifier said of a program, boiled down to one line. */

/** A program that the verifier refused, as libbpf's log tells it. */
export interface VerifierRefusal {
  readonly program: string;
  /** The line that says why. */
  readonly reason: string;
  /** The line of C that the verifier was at, where the object has line information; newer kernels say file and number. */
  readonly source: string | undefined;
  /** The verifier's own words, whole. */
  readonly lines: readonly string[];
}

const BEGIN = /^prog '([^']+)': -- BEGIN PROG LOAD LOG --$/;
const END = /^-- END PROG LOAD LOG --$/;
// What the verifier writes after the reason: figures, and remarks of libbpf.
const SOURCE = /^;\s*(?=\S)(?!@)/;
const NOT_A_REASON =
  /^(processed \d+ insns|verification time|stack depth|max_states|(cur|old) state:|\s*$)/;

/**
 * Finds the refused program in libbpf's log; `undefined` where the log has no verifier log.
 *
 * Kernels up to 7.2 end with the reason; from 7.3 on they mark it with "Reason:".
 */
export function verifierRefusal(log: string): VerifierRefusal | undefined {
  const all = log.split("\n");
  const begin = all.findIndex((line) => BEGIN.test(line));
  if (begin < 0) return undefined;
  const rest = all.slice(begin + 1);
  const end = rest.findIndex((line) => END.test(line));
  const lines = end < 0 ? rest : rest.slice(0, end);
  const marked = lines.find((line) => /^\s*Reason:/.test(line));
  const last = lines.findLast((line) => !NOT_A_REASON.test(line));
  return {
    program: BEGIN.exec(all[begin]!)![1]!,
    source: lines.findLast((line) => SOURCE.test(line))?.replace(SOURCE, "").trim(),
    reason: (marked?.replace(/^\s*Reason:\s*/, "") ?? last ?? "no reason given").trim(),
    lines,
  };
}

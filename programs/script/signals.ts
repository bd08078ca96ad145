/** The signals of Linux, by name. */

const SIGNALS: Readonly<Record<string, bigint>> = {
  HUP: 1n,
  INT: 2n,
  QUIT: 3n,
  ILL: 4n,
  TRAP: 5n,
  ABRT: 6n,
  BUS: 7n,
  FPE: 8n,
  KILL: 9n,
  USR1: 10n,
  SEGV: 11n,
  USR2: 12n,
  PIPE: 13n,
  ALRM: 14n,
  TERM: 15n,
  CHLD: 17n,
  CONT: 18n,
  STOP: 19n,
  TSTP: 20n,
};

/** A signal by its name, with or without `SIG`, in any case; `undefined` where there is none. */
export function signalNumber(text: string): bigint | undefined {
  return SIGNALS[text.toUpperCase().replace(/^SIG/, "")];
}

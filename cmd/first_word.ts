/** What the first word of a command line says, where it is no subcommand. */

/** Whether the arguments of gimlet ask for a list as bpftrace's do: `-l`, `-lv`. */
export function isListOption(argument: string): boolean {
  return /^-(l|lv|vl)$/.test(argument);
}

/** Whether a command line runs a script: its first word is an option, or the name of a script's file. */
export function isScript(word: string): boolean {
  return word === "-" || word.endsWith(".bt") || /^-[a-zA-Z]/.test(word) || word.startsWith("--");
}

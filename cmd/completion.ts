/** `gimlet completion SHELL`: what a shell needs to complete subcommands, tools, options and probe names. */

import { probesBeginningWith } from "../ffi/probes/list/completion.ts";
import type { Plan } from "../ffi/probes/plan.ts";
import { plansOf, type Tool } from "../programs/lib/tool.ts";
import { tools } from "../programs/registry.gen.ts";
import { SCRIPT_TOOL } from "../programs/script/plan.ts";
import { DOCTOR_OPTIONS } from "./doctor.ts";
import { ERROR_HELP } from "./error_help.ts";
import { isListOption, isScript } from "./first_word.ts";
import { lessonNames } from "./lesson.ts";
import { LIST_OPTIONS } from "./list.ts";
import { dashed, type Option } from "./option.ts";
import { TOOL_OPTIONS } from "./options.ts";
import { REPLAY_OPTIONS } from "./record.ts";
import { BUFFERINGS, DUMPS, SCRIPT_OPTIONS, STAGE_NAMES } from "./script_options.ts";
import { unknownName, UsageError } from "./usage.ts";
import { VM_OPTIONS } from "./vm_command.ts";

/** Ask gimlet itself what may stand at the end of a line: the words behind `--` are those of the line. */
const QUERY = "--candidates";

/** In bash a colon parts words; what was typed up to the last one must not come again. */
const BASH = `# bash completion for gimlet: source <(gimlet completion bash)
_gimlet() {
  local line="\${COMP_LINE:0:COMP_POINT}" words current before
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  current="\${words[-1]}"
  mapfile -t COMPREPLY < <("\${words[0]}" completion ${QUERY} -- "\${words[@]:1}" 2>/dev/null)
  if [[ \${#COMPREPLY[@]} -eq 0 ]]; then
    compopt -o default
    return
  fi
  [[ \${COMPREPLY[0]} == *: || \${COMPREPLY[0]} == */ ]] && compopt -o nospace
  if [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then
    before="\${current%"\${current##*:}"}"
    COMPREPLY=("\${COMPREPLY[@]#"$before"}")
  fi
}
complete -F _gimlet gimlet
`;

const ZSH = `#compdef gimlet
# zsh completion for gimlet: source <(gimlet completion zsh)
_gimlet() {
  local -a candidates groups
  candidates=("\${(@f)$("\${words[1]}" completion ${QUERY} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  groups=("\${(@M)candidates:#*[:/]}")
  candidates=("\${(@)candidates:#*[:/]}")
  candidates=("\${(@)candidates:#}")
  (( $#groups )) && compadd -S '' -a groups
  (( $#candidates )) && compadd -a candidates
  (( $#groups + $#candidates )) || _files
}
(( $+functions[compdef] )) && compdef _gimlet gimlet
`;

const FISH = `# fish completion for gimlet: gimlet completion fish | source
function __gimlet_candidates
  set -l words (commandline -opc) (commandline -ct)
  $words[1] completion ${QUERY} -- $words[2..-1] 2>/dev/null
end
# Files are offered where gimlet knows nothing.
complete -c gimlet -n 'count (__gimlet_candidates) >/dev/null' -f -a '(__gimlet_candidates)'
`;

const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
const USAGE = "gimlet completion bash|zsh|fish";

/** The lines of `gimlet completion`. `commands` are the subcommands. */
export function completionLines(args: readonly string[], commands: readonly string[]): string[] {
  const [shell, ...rest] = args;
  if (shell === QUERY) return candidates(rest.slice(rest.indexOf("--") + 1), commands);
  if (shell === undefined || rest.length > 0) {
    throw new UsageError(
      shell === undefined ? "A shell is missing" : `Unexpected argument "${rest[0]}"`,
      USAGE,
    );
  }
  const script = SCRIPTS[shell];
  if (script === undefined) throw unknownName("shell", shell, Object.keys(SCRIPTS));
  return [script.trimEnd()];
}

/** What may stand in the place of the last word, which is begun or empty. Nothing where the shell knows better: files. */
export function candidates(words: readonly string[], commands: readonly string[]): string[] {
  const current = words.at(-1) ?? "";
  const [command] = words;
  const begins = (names: readonly string[]) => names.filter((name) => name.startsWith(current));
  if (words.length < 2 || command === undefined) {
    return begins([...toolNames(), ...commands, "-e", "-l", "-lv", "--help", "--version"].sort());
  }
  // What is recorded is called as without it.
  if (command === "record" && words.length > 3) return candidates(words.slice(2), commands);
  if (words.slice(1, -1).includes("--")) return [];
  const before = words.at(-2) ?? "";
  const values = valuesOf(command, before, commands);
  if (values !== undefined) return begins(values);
  if (current.startsWith("-")) {
    return begins(optionsOf(command).map(({ name }) => dashed(name)));
  }
  return isList(command) ? probesBeginningWith(current) : [];
}

/** What stands behind an option, or behind a subcommand; `undefined` where that is something else. */
function valuesOf(
  command: string,
  before: string,
  commands: readonly string[],
): readonly string[] | undefined {
  const tool = tools.find(({ name }) => name === command);
  if (tool !== undefined && before === "--plan") return [...planNames(tool), "list"];
  if (before === "--format") return ["json", "text"];
  if (isList(command) && (before === "--pid" || before === "-p")) return pids();
  if (isScriptLine(command)) return SCRIPT_VALUES[before]?.();
  if (before !== command) return undefined;
  switch (command) {
    case "completion":
      return Object.keys(SCRIPTS);
    case "help":
      return [...toolNames(), ...commands, ...Object.keys(ERROR_HELP)];
    case "lesson":
      return lessonNames();
    case "schema":
      return [...toolNames(), SCRIPT_TOOL];
    default:
      return undefined;
  }
}

/** What stands behind some options of a script. */
const SCRIPT_VALUES: Readonly<Record<string, () => readonly string[]>> = {
  "-f": () => ["json", "text"],
  "-B": () => BUFFERINGS,
  "-d": () => STAGE_NAMES,
  "--dump": () => DUMPS,
  "-p": pids,
  "--pid": pids,
  "--tgid": pids,
};

function optionsOf(command: string): readonly Option[] {
  if (isList(command)) return LIST_OPTIONS;
  if (isScriptLine(command)) return SCRIPT_OPTIONS;
  if (command === "vm") return VM_OPTIONS;
  if (command === "doctor") return DOCTOR_OPTIONS;
  if (command === "replay") return REPLAY_OPTIONS;
  const tool = tools.find(({ name }) => name === command);
  return tool === undefined ? [] : [...TOOL_OPTIONS, ...ownOptions(tool)];
}

function ownOptions({ parameters = [] }: Tool): Option[] {
  return parameters.filter(({ name }) => name.startsWith("--"))
    .map(({ name, help }) => ({ name: name.slice(2), help }));
}

function isList(command: string): boolean {
  return command === "list" || isListOption(command);
}

function isScriptLine(command: string): boolean {
  return !isList(command) && isScript(command);
}

function toolNames(): string[] {
  return tools.map(({ name }) => name);
}

function planNames(tool: Tool): string[] {
  const values = Object.fromEntries(
    (tool.parameters ?? []).map(({ name, fallback = "1" }) => [name.replace(/^--/, ""), fallback]),
  );
  const plans: Readonly<Record<string, Plan>> = plansOf(tool, values);
  return Object.keys(plans);
}

function pids(): string[] {
  return Array.from(Deno.readDirSync("/proc"), ({ name }) => name).filter((name) =>
    /^\d+$/.test(name)
  );
}

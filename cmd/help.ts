/** The help texts. */

import { catalog } from "../programs/catalog.gen.ts";
import { plansOf, type Tool } from "../programs/lib/tool.ts";
import { optionLines, usageLine } from "./options.ts";
import { bold } from "./std.ts";

/** `gimlet --help` */
export function mainHelp(): string[] {
  return [
    "Trace the Linux kernel and its programs: the tools of the BCC tutorial in one file.",
    "",
    `${bold("Usage:")} gimlet TOOL [OPTIONS] [-- CMD ARGS…]`,
    "       gimlet [OPTIONS] -e 'PROGRAM' | FILE.bt [PARAMETERS…]   (bpftrace's language)",
    "",
    bold("Tools:"),
    ...catalog.map(({ name, summary }) => `  ${name.padEnd(20)} ${summary}`),
    "",
    bold("Others:"),
    "  check FILE.bt        look for mistakes in a script; needs no root",
    "  lesson [N]           list the lessons, or show one: notes and source",
    "  list [PATTERN]       list what can be traced, or say why not: see gimlet list --help",
    "  doctor               say what can be traced here, why not, and what helps",
    "  run FILE.bpf.o|.c …  run any CO-RE object: see gimlet run --help",
    "  selftest             try every tool on this machine: see gimlet selftest --help",
    "  version [--json]     say what this is and what it runs on",
    "  schema [TOOL]        print the JSON Schema of the records",
    "  record FILE TOOL …   run a tool or script, and keep what it gives in a file",
    "  replay FILE [--json] print such a run again: no root needed",
    "  vm --kernel K -- …   boot a kernel and run a command, or gimlet, there: see gimlet vm --help",
    "  completion SHELL     print what bash, zsh or fish needs to complete all this",
    "  help [TOOL|E_CODE]   show this help, a tool's, or what an error means",
    "",
    "Most need root: sudo gimlet hello_perf_output. All options: gimlet TOOL --help, gimlet -e … --help",
  ];
}

/** `gimlet TOOL --help` */
export function toolHelp(tool: Tool): string[] {
  return [
    `${tool.summary} (lesson ${tool.lesson}).`,
    "",
    `${bold("Usage:")} ${usageLine(tool.name, tool.parameters)}`,
    "",
    bold("Options:"),
    ...optionLines(tool),
    "",
    bold("Plans:"),
    `  the first that works on this kernel: ${Object.keys(plansOf(tool, {})).join(", ")}`,
    "",
    bold("Try:"),
    `  sudo ${tool.example}`,
  ];
}

/** `gimlet run FILE`: runs any CO-RE object, or the C of one, with no line of TypeScript. */

import { nameOf, readObject } from "../ffi/bpf/dynamic.ts";
import { BpfError, messageOf } from "../ffi/errors.ts";
import { compile } from "../programs/lib/compile.ts";
import { json } from "../programs/lib/json.ts";
import {
  type NamedObject,
  type ObjectChoice,
  type ObjectTool,
  objectTool,
} from "../programs/lib/object/object_tool.ts";
import { parsePlace, type Place, PLACES } from "../programs/lib/object/place.ts";
import { type Option, optionLine, parseOptions, texts } from "./option.ts";
import { readToolOptions, TOOL_OPTIONS, type ToolOptions, whole } from "./options.ts";
import { printAll } from "./print.ts";
import { printError, reportingJson, wantsJson } from "./run_session.ts";
import { runParsed } from "./run_tool.ts";
import { toolSchema } from "./schema.ts";
import { bold, type ParsedArgs } from "./std.ts";
import { UsageError } from "./usage.ts";
import { Writer } from "./writer.ts";

const RUN_OPTIONS = [
  { name: "only", value: "PROGRAM,…", help: "load and attach these programs only" },
  { name: "skip", value: "PROGRAM,…", help: "leave these programs out" },
  { name: "any", help: "leave out what cannot be attached, as long as something can" },
  { name: "attach", value: "PROGRAM=PLACE", help: "attach there, not where its section says" },
  { name: "set", value: "NAME=VALUE", help: "set a variable, or NAME.MEMBER of one" },
  { name: "entries", value: "MAP=N", help: "how many entries (a ring: bytes) a map has" },
  { name: "include", value: "FOLDER", help: "for C: where to look for headers first" },
  { name: "define", value: "NAME=VALUE", help: "for C: a macro" },
  { name: "schema", help: "print the JSON Schema of its records, and run nothing" },
] as const satisfies readonly Option[];

/** An object has no plans, and its filters are the kernel's or none. */
const SHARED = TOOL_OPTIONS.filter(({ name }) => name !== "plan");
const USAGE = "gimlet run FILE.bpf.o|FILE.bpf.c [OPTIONS] [-- CMD ARGS…]";

function helpLines(): string[] {
  return [
    "Run any CO-RE object, or the C of one: attach each program where its section says, print what comes.",
    "",
    `${bold("Usage:")} ${USAGE}`,
    "",
    bold("Options:"),
    ...RUN_OPTIONS.map(optionLine),
    ...SHARED.map(optionLine),
    "",
    bold("Events:"),
    "  the records of ring and perf buffers, as the struct that GIMLET_EVENT(MAP, struct NAME) says; else that of the",
    "  map's values; else struct MAP_event, struct event or struct data_t; else bytes. Maps and variables come at the end.",
    "",
    bold("Places:"),
    `  ${PLACES}`,
    "",
    "only, skip, attach, set, entries, include and define may be given several times.",
    "",
    bold("Try:"),
    "  sudo gimlet run opensnoop.bpf.o --set targ_failed=true --duration 5s",
  ];
}

/** Runs `gimlet run` with its arguments; gives the exit status. */
export async function runObjectCommand(args: readonly string[]): Promise<number> {
  const out = new Writer(Deno.stdout);
  return await reportingJson(args, async () => {
    const parsed = parseOptions([...SHARED, ...RUN_OPTIONS], args);
    if (parsed["help"] === true) return printAll(out, helpLines());
    const file = fileOf(parsed);
    const shown = { json: wantsJson(args), verbose: parsed["verbose"] === true };
    let tool: ObjectTool;
    try {
      tool = makeTool(await readProgram(file, parsed), parsed);
    } catch (error) {
      if (error instanceof BpfError) return printError(error, shown, out);
      throw error;
    }
    if (parsed["schema"] === true) return printAll(out, [json(toolSchema(tool))]);
    const options = readToolOptions(tool, { ...parsed, _: [] });
    requireFilters(tool, options, file);
    return await runParsed(tool, options);
  });
}

function fileOf(parsed: ParsedArgs): string {
  const [file, ...more] = parsed._.map(String);
  if (file === undefined) throw new UsageError("The file is missing", USAGE);
  if (more.length === 0) return file;
  throw new UsageError(`Unexpected argument "${more[0]}"`, `A command stands behind --: ${USAGE}`);
}

/** Reads an object, or compiles the C of one. */
async function readProgram(file: string, parsed: ParsedArgs): Promise<NamedObject> {
  const isC = file.endsWith(".c");
  const forC = (["include", "define"] as const).find((name) => texts(parsed, name).length > 0);
  if (!isC && forC !== undefined) {
    throw new UsageError(`Option --${forC} is for C, ${file} is an object`, USAGE);
  }
  if (!isC) return { name: nameOf(file), bytes: readObject(file) };
  const define = Object.fromEntries(texts(parsed, "define").map((text) => pair("define", text)));
  const bytes = await compile({ file }, { include: texts(parsed, "include"), define });
  return { name: nameOf(file.replace(/\.c$/, ".o")), bytes };
}

function makeTool(object: NamedObject, parsed: ParsedArgs): ObjectTool {
  try {
    return objectTool(object, choiceOf(parsed));
  } catch (error) {
    if (error instanceof BpfError || !isMistake(error)) throw error;
    throw new UsageError(messageOf(error), USAGE);
  }
}

/** What says that a name or value of the command line does not fit the object. */
function isMistake(error: unknown): boolean {
  return error instanceof RangeError || error instanceof TypeError || error instanceof SyntaxError;
}

function choiceOf(parsed: ParsedArgs): ObjectChoice {
  const list = (name: string) => texts(parsed, name).flatMap((text) => text.split(","));
  const places = new Map<string, Place[]>();
  for (const text of texts(parsed, "attach")) {
    const [program, place] = pair("attach", text);
    places.set(program, [...places.get(program) ?? [], parsePlace(place)]);
  }
  return {
    only: list("only"),
    skip: list("skip"),
    any: parsed["any"] === true,
    places,
    variables: new Map(texts(parsed, "set").map((text) => pair("set", text))),
    entries: new Map(
      texts(parsed, "entries").map((text) => {
        const [map, count] = pair("entries", text);
        return [map, whole("entries", count, 1)!];
      }),
    ),
    verbose: parsed["verbose"] === true,
  };
}

function pair(option: string, text: string): [string, string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`Cannot read --${option} "${text}"`, "It should be like NAME=VALUE");
}

/** A filter that nothing would look at is a mistake. */
function requireFilters(
  { hasFilters, hasUserProbes }: ObjectTool,
  { filters = {} }: ToolOptions,
  file: string,
): void {
  if (hasFilters) return;
  const without = Object.keys(filters).find((name) =>
    !(hasUserProbes && (name === "pid" || name === "tgid"))
  );
  if (without === undefined) return;
  throw new UsageError(
    `Cannot filter by --${without}: ${file} has no filters`,
    "Its programs would have to ask gimlet_wants() of gimlet.bpf.h; or set a variable of its own: --set",
  );
}

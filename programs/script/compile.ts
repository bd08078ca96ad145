/** From a script's text to a plan: pure, and the same each time. */

import type { Assembled } from "../../ffi/asm/assembler.ts";
import {
  FUNCTIONS,
  MAP_TYPE,
  type ObjectMap,
  type ObjectProgram,
  writeObject,
} from "../../ffi/asm/object_file.ts";
import type { AttachPoint, MapDeclaration, ProbeNode, Script } from "./ast.ts";
import { Constants } from "./constants.ts";
import { emit, MOST_STACK, StackOverflow } from "./emit.ts";
import { expandWildcards } from "./expand.ts";
import type { KernelFacts } from "./facts.ts";
import { type LoweredFunction, lowerProgram, type ScriptOutput } from "./lower/lowerer.ts";
import { VARIABLE_NAMES } from "./lower/globals.ts";
import { parse } from "./parser.ts";
import { Declared } from "./typing/declared.ts";
import { type MapTypes, ProgramTyping, type ScriptTypes } from "./typing/program_typing.ts";
import {
  type ActionPlan,
  LOSS_KINDS,
  type MapPlan,
  NAMES,
  type PacketPlan,
  type Plan,
  type ProgramPlan,
  stackFrames,
} from "./plan.ts";
import type { Attachment } from "./probes.ts";
import { packetBytesFor, ringBytesFor } from "./ring_size.ts";
import { type Settings, withConfig } from "./settings.ts";
import { Diagnostics, type Source } from "./source.ts";
import { INT64, isBucketed, storageSize, type Type } from "./types.ts";

/** What a compilation takes beside the text. */
export interface CompileOptions {
  readonly facts: KernelFacts;
  readonly settings: Settings;
  readonly environment?: Readonly<Record<string, string>>;
  /** "Did you mean …?" */
  readonly suggest: (name: string, known: readonly string[]) => string;
}

/** What came of it. Without a plan there is at least one error. */
export interface Compiled {
  readonly plan: Plan | undefined;
  readonly script: Script;
  readonly diagnostics: Diagnostics;
  readonly types: readonly ProgramTyping[];
  readonly settings: Settings;
}

/** A program that is to be made: a probe at one of its places. */
export interface ProgramSource {
  readonly probe: ProbeNode;
  readonly attachPoint: AttachPoint;
  /** What it is compiled for. */
  readonly attachment: Attachment;
  /** All places that it goes to; the code is the same for each. */
  readonly attachments: readonly Attachment[];
  /** Whether the code is that of the probe's other places of this kind, too. */
  readonly isShared: boolean;
}

// Types of maps that depend on each other settle after a few rounds.
const MOST_ROUNDS = 10;
const MOST_STACKS = 32 * 1024;
const LARGEST_FRAME = 32 * 1024;
// The verifier counts what each function of a program takes in these.
const STACK_UNIT = 32;

/** Compiles a script. */
export function compile(source: Source, options: CompileOptions): Compiled {
  const diagnostics = new Diagnostics();
  const script = parse(source, diagnostics);
  const { config } = script;
  const { environment = {}, facts, suggest } = options;
  const settings = withConfig(options.settings, { config, environment }, diagnostics);
  const done = (plan?: Plan, types: readonly ProgramTyping[] = []): Compiled => ({
    plan: diagnostics.hasErrors ? undefined : plan,
    script,
    diagnostics,
    types,
    settings,
  });
  if (diagnostics.hasErrors) return done();
  const programs = expandWildcards(script, { facts, settings, diagnostics, suggest });
  if (programs.length === 0 && !diagnostics.hasErrors) {
    diagnostics.error({ start: 0, end: 1 }, "No probes to attach");
  }
  const declared = new Declared(script.declarations, { facts, diagnostics });
  const shared: ScriptTypes = {
    facts,
    settings: { ...settings, ringBytes: ringBytesFor(programs, settings) },
    declared,
    maps: new Map(),
    suggest,
  };
  const types = typeAll(programs, shared, diagnostics);
  if (diagnostics.hasErrors) return done(undefined, types);
  checkDeclarations(script, shared, diagnostics);
  const { maps: sizes } = script;
  return done(generate(source, { programs, types, script: shared, diagnostics, sizes }), types);
}

/** Types all programs, again and again, until nothing changes; the mistakes of the last round count. */
function typeAll(
  programs: readonly ProgramSource[],
  shared: ScriptTypes,
  diagnostics: Diagnostics,
): ProgramTyping[] {
  const known = new Map<number, ProgramTyping["variables"]>();
  for (let round = 1;; round++) {
    const found = new Diagnostics();
    const types = programs.map(({ probe, attachPoint, attachment, attachments }, i) => {
      const { text } = attachPoint;
      const typing = new ProgramTyping(shared, { attachment, attachments, text }, found);
      typing.expect(known.get(i));
      typing.program(probe.predicate, probe.body);
      known.set(i, typing.variables);
      return typing;
    });
    if (types.some(({ changed }) => changed) && round < MOST_ROUNDS && !found.hasErrors) continue;
    checkMaps(shared, found);
    diagnostics.all.push(...found.all);
    return types;
  }
}

function checkMaps({ maps, suggest }: ScriptTypes, diagnostics: Diagnostics): void {
  const assigned = [...maps].filter(([, { value }]) => value.kind !== "unknown")
    .map(([name]) => name);
  for (const [name, { value, span, isGiven }] of maps) {
    if (value.kind !== "unknown") continue;
    // What it is given is a mistake, which was told.
    if (isGiven && diagnostics.hasErrors) continue;
    diagnostics.error(span, `Undefined map: ${name}`, suggest(name, assigned));
  }
}

/** What is said of a map that nobody uses was perhaps meant for another. */
function checkDeclarations(
  { maps: declared }: Script,
  { maps, suggest }: ScriptTypes,
  diagnostics: Diagnostics,
): void {
  for (const { name, span } of declared) {
    if (maps.has(name)) continue;
    diagnostics.warning(span, `Unused map: ${name}`, suggest(name, [...maps.keys()]));
  }
}

function generate(
  source: Source,
  { programs, types, script, diagnostics, sizes }: {
    readonly programs: readonly ProgramSource[];
    readonly types: readonly ProgramTyping[];
    readonly script: ScriptTypes;
    readonly diagnostics: Diagnostics;
    readonly sizes: readonly MapDeclaration[];
  },
): Plan | undefined {
  const maps = new Map([...script.maps].map(([name, map]) => [name, planMap(name, map)]));
  const actions: ActionPlan[] = [];
  const packets: PacketPlan[] = [];
  const constants = new Constants();
  const output: ScriptOutput = { source, maps, constants, actions, packets };
  const plans: ProgramPlan[] = [];
  const code: ObjectProgram[] = [];
  const functions: ObjectProgram[] = [];
  let frameSize = 8;
  const make = ({ probe, attachPoint }: ProgramSource, index: number): Assembled | undefined => {
    const { predicate, body, span } = probe;
    const lowered = lowerProgram(output, types[index]!, { predicate, body, span, index });
    frameSize = Math.max(frameSize, lowered.frameSize);
    const [main, ...callbacks] = assemble(
      [{ ...lowered, name: `probe_${index}`, depth: 0 }, ...lowered.functions],
      attachPoint,
      diagnostics,
    );
    functions.push(...callbacks);
    return main?.code;
  };
  const shared = new Map<string, Assembled>();
  programs.forEach((program, index) => {
    const { probe, attachPoint, attachment, attachments, isShared } = program;
    const family = `${probe.span.start} ${attachment.kind}`;
    const assembled = (isShared ? shared.get(family) : undefined) ?? make(program, index);
    if (assembled === undefined) return;
    if (isShared) shared.set(family, assembled);
    const [name, section] = [`probe_${index}`, sectionOf(attachment)];
    code.push({ name, section, code: assembled });
    const written = { probe: types[index]!.probe, span: attachPoint.span };
    plans.push({ name, section, ...written, attachments, code: assembled });
  });
  if (frameSize > LARGEST_FRAME) {
    const message = `not supported: ${frameSize} bytes of strings at once in a probe`;
    diagnostics.error({ start: 0, end: 1 }, message, "Set a smaller max_strlen");
  }
  if (diagnostics.hasErrors) return undefined;
  const { facts, settings } = script;
  const objectMaps = [
    ...standardMaps(settings, { programs: programs.length, frameSize }),
    ...packets.length > 0 ? [packetMap(facts)] : [],
    ...stackMaps([...code, ...functions]),
    ...[...maps.values()].map((map) =>
      objectMap(map, settings, sizes.find(({ name }) => name === map.name))
    ),
  ];
  const object = writeObject({
    programs: [...code, ...functions],
    maps: objectMaps,
    constants: constants.bytes(),
    variables: VARIABLE_NAMES,
    license: "GPL",
    source: { file: source.name, text: source.script },
  });
  return {
    object,
    programs: plans,
    functions,
    objectMaps,
    constants: constants.bytes(),
    maps: [...maps.values()],
    printsMaps: settings.printsMaps,
    actions,
    packets,
    packetBytes: packetBytesFor(settings),
  };
}

/** Assembles a program and its callbacks, which share a stack; gives nothing where that is too small. */
function assemble(
  parts: readonly LoweredFunction[],
  { span }: AttachPoint,
  diagnostics: Diagnostics,
): ObjectProgram[] {
  try {
    const most: number[] = [];
    const functions = parts.map(({ name, code, stackSize, depth }) => {
      const { assembled, stackUsed } = emit(code, stackSize);
      const counted = Math.ceil(Math.max(stackUsed, 1) / STACK_UNIT) * STACK_UNIT;
      most[depth] = Math.max(most[depth] ?? 0, counted);
      return { name, section: FUNCTIONS, code: assembled };
    });
    const all = most.length === 1 ? 0 : most.reduce((sum, each) => sum + each, 0);
    if (all > MOST_STACK) throw new StackOverflow(`${all} bytes of stack`);
    return functions;
  } catch (error) {
    if (!(error instanceof StackOverflow || error instanceof RangeError)) throw error;
    diagnostics.error(
      span,
      `not supported: this probe is too large (${error.message})`,
      "Divide it into several probes, or its long expressions into several statements",
    );
    return [];
  }
}

function planMap(name: string, { keys = [], value }: MapTypes): MapPlan {
  const perCpu = value.kind === "aggregate";
  return { name, symbol: `AT_${name.slice(1)}`, keys, value: settled(value), perCpu };
}

function settled(type: Type): Type {
  return type.kind === "unknown" ? INT64 : type;
}

function standardMaps(
  { ringBytes }: Settings,
  { programs, frameSize }: { programs: number; frameSize: number },
): ObjectMap[] {
  return [
    { name: NAMES.ring, type: MAP_TYPE.ringbuf, maxEntries: ringBytes },
    {
      name: NAMES.losses,
      type: MAP_TYPE.percpu_array,
      keySize: 4,
      valueSize: 8,
      maxEntries: LOSS_KINDS,
    },
    {
      name: NAMES.frames,
      type: MAP_TYPE.percpu_array,
      keySize: 4,
      valueSize: frameSize,
      maxEntries: programs,
    },
  ];
}

/** The kernel puts packets into the buffer of the CPU that it is on. */
function packetMap({ cpus }: KernelFacts): ObjectMap {
  const type = MAP_TYPE.perf_event_array;
  return { name: NAMES.packets, type, keySize: 4, valueSize: 4, maxEntries: cpus };
}

/** The maps of stacks in use. The kernel makes room for all of their entries at once: only where there is a use for it. */
function stackMaps(programs: readonly ObjectProgram[]): ObjectMap[] {
  const symbols = programs.flatMap(({ code }) => code.relocations.map(({ symbol }) => symbol));
  return [...new Set(symbols)].flatMap((name) => {
    const frames = stackFrames(name);
    return frames === undefined ? [] : [{
      name,
      type: MAP_TYPE.stack_trace,
      keySize: 4,
      valueSize: 8 * frames,
      maxEntries: MOST_STACKS,
    }];
  });
}

function objectMap(
  { symbol, keys, value, perCpu }: MapPlan,
  { maxMapKeys }: Settings,
  declared: MapDeclaration | undefined,
): ObjectMap {
  const { hash, percpu_hash, lru_hash, lru_percpu_hash } = MAP_TYPE;
  const [plain, forgetful] = perCpu ? [percpu_hash, lru_percpu_hash] : [hash, lru_hash];
  const bucketed = isBucketed(value);
  const keySize = keys.reduce((sum, key) => sum + storageSize(key), 0) + (bucketed ? 8 : 0);
  return {
    name: symbol,
    type: declared?.forgets ? forgetful : plain,
    keySize: Math.max(8, keySize),
    valueSize: storageSize(value),
    maxEntries: keys.length === 0 && !bucketed ? 1 : declared?.entries ?? maxMapKeys,
  };
}

/** The section that says a program's type to libbpf. */
function sectionOf(attachment: Attachment): string {
  switch (attachment.kind) {
    case "begin":
    case "end":
    case "signal":
      return "raw_tp";
    case "iter":
      return `iter/${attachment.iterator}`;
    case "interval":
    case "profile":
    case "software":
    case "hardware":
    case "watchpoint":
      return "perf_event";
    case "rawtracepoint":
      return attachment.byBtf ? `tp_btf/${attachment.event}` : "raw_tp";
    case "fentry":
    case "fexit":
      return `${attachment.kind}/${attachment.symbol}`;
    case "tracepoint": {
      const { syscall } = attachment;
      return syscall === undefined ? "tracepoint" : `tp_btf/sys_${syscall.direction}`;
    }
    case "usdt":
      return "uprobe";
    default:
      return attachment.kind;
  }
}

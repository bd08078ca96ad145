/** Random scripts from a grammar: mostly such as the compiler takes, now and then with a mistake. */

type Random = (below: number) => number;

/** Where a program goes, and what it may ask there. */
interface Probe {
  readonly name: string;
  readonly numbers: readonly string[];
  readonly texts: readonly string[];
}

const PROBES: readonly Probe[] = [
  { name: "BEGIN", numbers: [], texts: [] },
  { name: "END", numbers: [], texts: [] },
  { name: "interval:s:100", numbers: [], texts: ["probe"] },
  { name: "profile:hz:1", numbers: [], texts: ["probe"] },
  { name: "software:cpu-clock:1000000000", numbers: [], texts: [] },
  {
    name: "tracepoint:syscalls:sys_enter_openat",
    numbers: ["args.flags", "args->dfd", "args.mode", "(uint64)args.filename"],
    texts: ["str(args.filename)", "str(args->filename, 20)"],
  },
  {
    name: "tracepoint:sched:sched_switch",
    numbers: ["args.prev_pid", "args->prev_state", "args.next_prio"],
    texts: ["args.prev_comm", "args->next_comm"],
  },
  {
    name: "tracepoint:sched:sched_process_exec",
    numbers: ["args.pid", "args->old_pid"],
    texts: ["str(args.filename)"],
  },
  { name: "rawtracepoint:sched_switch", numbers: ["arg0", "arg1 & 0xff"], texts: [] },
  {
    name: "uprobe:libc:malloc",
    numbers: ["arg0", "arg5", "sarg0", 'reg("ax")'],
    texts: ["str(arg0)", "str(arg0, 8)"],
  },
  { name: "uretprobe:libc:malloc", numbers: ["retval"], texts: ["str(retval)"] },
  { name: "iter:task", numbers: ["ctx->task->pid", "ctx.task.tgid"], texts: ["ctx->task->comm"] },
  { name: "self:signal:SIGUSR2", numbers: [], texts: [] },
];

const NUMBERS: readonly string[] = [
  ...["pid", "tid", "uid", "gid", "cpu", "nsecs", "elapsed", "rand", "ncpus", "cgroup", "jiffies"],
  ...["ppid", "numaid", "$1", "$#", "sizeof(uint32)", "nsecs(monotonic)", "1s", "10ms"],
  ...["((struct task_struct *)curtask)->prio", "curtask->tgid"],
];

const TEXTS: readonly string[] = ["comm", `"text"`, `""`, `"a longer text for once"`, "str($1)"];

const CONSTANTS: readonly string[] = [
  ...["0", "1", "2", "7", "63", "64", "255", "0xffff", "-1", "1000000", "0x7fffffff", "0x80000000"],
  ...["0xffffffff", "0x7fffffffffffffff", "-0x7fffffffffffffff", "0xffffffffffffffff", "1e3"],
];

const BINARY = ["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"];
const COMPARISONS = ["<", "<=", ">", ">=", "==", "!=", "&&", "||"];
const TYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"];
const DEEPEST = 3;

/** Kinds of maps: what the key is, and what the value. */
type Key = "none" | "number" | "text" | "both";
type Value =
  | "number"
  | "text"
  | "tuple"
  | "count"
  | "sum"
  | "avg"
  | "min"
  | "hist"
  | "lhist"
  | "stats"
  | "tseries";

interface ScriptMap {
  readonly name: string;
  readonly key: Key;
  readonly value: Value;
}

const KEYS: readonly Key[] = ["none", "number", "text", "both"];
const VALUES: readonly Value[] = [
  ...["number", "number", "text", "tuple", "count", "sum", "avg"] as const,
  ...["min", "hist", "lhist", "stats", "tseries"] as const,
];

/** A script of some probes. */
export function grammarScript(random: Random): string {
  return new Writer(random).script();
}

class Writer {
  readonly #random: Random;
  readonly #maps: readonly ScriptMap[];
  #probe: Probe = PROBES[0]!;
  #variables: { readonly name: string; readonly kind: "number" | "text" }[] = [];
  #count = 0;
  #loops = 0;
  #size = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#maps = Array.from({ length: 2 + random(5) }, (_, i) => ({
      name: `@m${i}`,
      key: this.#pick(KEYS),
      value: this.#pick(VALUES),
    }));
  }

  script(): string {
    const macros = this.#random(8) === 0
      ? "macro twice(x) { x + x }\nmacro put(@m, $v) { @m = $v; $v += 1 }\n"
      : "";
    const probes = Array.from({ length: 1 + this.#random(3) }, () => this.#oneProbe(macros !== ""));
    // Every map is given a value somewhere: else it has no type.
    [this.#probe] = PROBES as readonly [Probe];
    this.#variables = [];
    const first = this.#maps.map((map) => this.#give(map)).join(" ");
    return `${macros}BEGIN { ${first} }\n${probes.join("\n")}\n`;
  }

  #oneProbe(hasMacros: boolean): string {
    this.#probe = this.#pick(PROBES);
    this.#variables = [];
    this.#loops = 0;
    this.#size = 0;
    const predicate = this.#random(4) === 0 ? `/ ${this.#number(2)} / ` : "";
    const macro = hasMacros ? `print(twice(${this.#number(1)})); ` : "";
    return `${this.#probe.name} ${predicate}{ ${macro}${this.#statements(3)} }`;
  }

  #pick<T>(all: readonly T[]): T {
    return all[this.#random(all.length)]!;
  }

  #statements(depth: number): string {
    const known = this.#variables.length;
    const text = Array.from({ length: 1 + this.#random(4) }, () => this.#statement(depth)).join(
      " ",
    );
    this.#variables = this.#variables.slice(0, known);
    return text;
  }

  #statement(depth: number): string {
    if (this.#size++ > 30) return "";
    const kind = this.#random(depth > 0 ? 22 : 13);
    switch (kind) {
      case 0:
      case 1:
        return this.#declare();
      case 2:
      case 3:
      case 4:
        return this.#give(this.#pick(this.#maps));
      case 5:
        return `print(${this.#printable()});`;
      case 6:
        return this.#printf();
      case 7:
        return this.#change();
      case 8:
        return this.#onMap();
      case 9:
        return this.#pick([
          `time("%H");`,
          "clear(@m0);",
          "zero(@m1);",
          "print(@m0);",
          "print(@m1, 3);",
        ]);
      case 10:
        return this.#pick([
          "@stack[kstack] = count();",
          "@stack[kstack(3)] = count();",
          "print(ustack(perf, 2));",
        ]);
      case 11:
        return this.#random(12) === 0 ? this.#mistake() : this.#declare();
      case 12:
        return this.#pick([
          "",
          ";",
          `printf("%s\\n", strftime("%T", nsecs));`,
          `printf("%r\\n", buf("abc", 2));`,
        ]);
      case 13:
      case 14:
      case 15:
        return `if (${this.#number(2)}) { ${this.#statements(depth - 1)} } else { ${
          this.#statements(depth - 1)
        } }`;
      case 16:
        return this.#while(depth);
      case 17:
        return `unroll(${1 + this.#random(4)}) { ${this.#inLoop(depth)} }`;
      case 18:
        return this.#range(depth);
      case 19:
        return this.#each(depth);
      case 20:
        return `{ ${this.#statements(depth - 1)} }`;
      default:
        return this.#random(5) === 0
          ? `if (${this.#number(1)}) { ${this.#pick(["exit();", "return;", "exit(3);"])} }`
          : "";
    }
  }

  #inLoop(depth: number): string {
    this.#loops++;
    const text = this.#statements(depth - 1);
    const jump = this.#random(4) === 0
      ? ` if (${this.#number(1)}) { ${this.#pick(["break;", "continue;"])} }`
      : "";
    this.#loops--;
    return text + jump;
  }

  #while(depth: number): string {
    if (this.#loops > 1) return this.#declare();
    const name = `$w${this.#count++}`;
    return `${name} = 0; while (${name} < ${1 + this.#random(6)}) { ${name}++; ${
      this.#inLoop(depth)
    } }`;
  }

  #range(depth: number): string {
    if (this.#loops > 1) return this.#declare();
    const name = `$r${this.#count++}`;
    const end = this.#pick(["3", "5", "200", "pid", "cpu + 4", "-2"]);
    return `for (${name} : ${this.#pick(["0", "1", "cpu"])}..${end}) { ${this.#inLoop(depth)} }`;
  }

  #each(depth: number): string {
    const map = this.#pick(this.#maps);
    if (
      this.#loops > 1 || map.key === "none" ||
      ["hist", "lhist", "stats", "tseries"].includes(map.value)
    ) {
      return this.#declare();
    }
    const name = `$kv${this.#count++}`;
    return `for (${name} : ${map.name}) { print(${this.#pick([name, `${name}.0`, `${name}.1`])}); ${
      this.#inLoop(depth)
    } }`;
  }

  #declare(): string {
    const kind = this.#random(3) > 0 ? "number" as const : "text" as const;
    const name = `$${kind === "number" ? "n" : "s"}${this.#count++}`;
    const value = kind === "number" ? this.#number(DEEPEST) : this.#text(DEEPEST);
    this.#variables.push({ name, kind });
    return `${this.#pick(["let ", ""])}${name} = ${value};`;
  }

  #change(): string {
    const variable = this.#variableOf("number");
    if (variable === undefined) return this.#declare();
    const operator = this.#pick(BINARY);
    return this.#pick([
      `${variable} ${operator}= ${this.#number(2)};`,
      `${variable}++;`,
      `--${variable};`,
    ]);
  }

  #variableOf(kind: "number" | "text"): string | undefined {
    const all = this.#variables.filter((each) => each.kind === kind);
    return all.length === 0 ? undefined : this.#pick(all).name;
  }

  #key(map: ScriptMap): string {
    switch (map.key) {
      case "none":
        return map.name;
      case "number":
        return `${map.name}[${this.#number(1)}]`;
      case "text":
        return `${map.name}[${this.#text(1)}]`;
      case "both":
        return `${map.name}[${this.#number(1)}, ${this.#text(1)}]`;
    }
  }

  #give(map: ScriptMap): string {
    const key = this.#key(map);
    switch (map.value) {
      case "number":
        return this.#pick([
          `${key} = (int64)${this.#number(2)};`,
          `${key}++;`,
          `${key} += ${this.#number(1)};`,
        ]);
      case "text":
        return `${key} = ${this.#text(2)};`;
      case "tuple":
        return `${key} = ((int64)${this.#number(1)}, ${this.#text(1)});`;
      case "count":
        return `${key} = count();`;
      case "lhist":
        return `${key} = lhist(${this.#number(1)}, 0, 100, 10);`;
      case "hist":
        return `${key} = hist(${this.#number(1)}, 2);`;
      case "tseries":
        return `${key} = tseries((int64)${this.#number(1)}, 1s, 5, "sum");`;
      default:
        return `${key} = ${map.value}((int64)${this.#number(2)});`;
    }
  }

  #onMap(): string {
    const map = this.#pick(this.#maps);
    if (map.key === "none") return `clear(${map.name});`;
    const isBucketed = ["hist", "lhist", "tseries"].includes(map.value);
    const ask = isBucketed ? "" : `if (has_key(${this.#key(map)})) { print(len(${map.name})); }`;
    return this.#pick([`delete(${this.#key(map)});`, ask]);
  }

  #printable(): string {
    return this.#pick([
      () => this.#number(DEEPEST),
      () => this.#text(DEEPEST),
      () => `(${this.#number(1)}, ${this.#text(1)}, (${this.#number(1)}, 1))`,
      () =>
        this.#pick([
          `pton("1.2.3.4")`,
          "(uint8[8])nsecs",
          "ntop(0x0100007f)",
          "strerror(2)",
          "username",
        ]),
    ])();
  }

  #printf(): string {
    const parts = Array.from(
      { length: 1 + this.#random(4) },
      () =>
        this.#random(2) === 0
          ? [this.#pick(["%d", "%lu", "%5d", "%x", "%-8ld", "%c", "%p", "%llx"]), this.#number(2)]
          : [this.#pick(["%s", "%10s", "%-5.3s"]), this.#text(2)],
    );
    return `printf("${parts.map(([format]) => format).join(" ")}\\n", ${
      parts.map(([, value]) => value).join(", ")
    });`;
  }

  #number(depth: number): string {
    if (depth === 0 || this.#random(4) === 0) return this.#smallNumber();
    const inner = () => this.#number(depth - 1);
    switch (this.#random(10)) {
      case 0:
      case 1:
      case 2:
        return `(${inner()} ${this.#pick(BINARY)} ${inner()})`;
      case 3:
        return `(${inner()} ${this.#pick(COMPARISONS)} ${inner()})`;
      case 4:
        return `(${inner()} ? ${inner()} : ${inner()})`;
      case 5:
        return `${this.#pick(["-", "~", "!"])}(${inner()})`;
      case 6:
        return `(${this.#pick(TYPES)})(${inner()})`;
      case 7:
        return `(${this.#text(1)} ${this.#pick(["==", "!="])} ${this.#text(1)})`;
      case 8:
        return this.#pick([
          `strncmp(${this.#text(1)}, ${this.#text(0)}, ${1 + this.#random(20)})`,
          `strcontains(${this.#text(1)}, "e")`,
          `bswap(${inner()})`,
          `((uint8[8])nsecs)[${this.#random(8)}]`,
          `(${inner()}, ${inner()}).${this.#random(2)}`,
          `*(uint32 *)(${inner()})`,
        ]);
      default:
        return this.#readMap("number") ?? this.#smallNumber();
    }
  }

  #smallNumber(): string {
    const variable = this.#variableOf("number");
    if (variable !== undefined && this.#random(2) === 0) return variable;
    return this.#pick([this.#pick(CONSTANTS), this.#pick(NUMBERS), ...this.#probe.numbers]);
  }

  #text(depth: number): string {
    if (depth > 0) {
      if (this.#random(8) === 0) {
        return `(${this.#number(1)} ? ${this.#text(depth - 1)} : ${this.#text(depth - 1)})`;
      }
      const read = this.#random(6) === 0 ? this.#readMap("text") : undefined;
      if (read !== undefined) return read;
    }
    const variable = this.#variableOf("text");
    if (variable !== undefined && this.#random(2) === 0) return variable;
    return this.#pick([...TEXTS, ...this.#probe.texts]);
  }

  #readMap(value: "number" | "text"): string | undefined {
    const readable = value === "text" ? ["text"] : ["number", "count", "sum", "avg", "min"];
    const all = this.#maps.filter((map) => readable.includes(map.value));
    return all.length === 0 ? undefined : this.#key(this.#pick(all));
  }

  #mistake(): string {
    return this.#pick([
      `$s = "a" + 1;`,
      `print($undefined);`,
      `@m0 = @m1;`,
      `printf("%d\\n", comm);`,
      `print(args.nothing);`,
      `break;`,
      `print(foo(1));`,
      `$x = 1; $x = "a";`,
      `for ($i : @m0) { print($i.7); }`,
      `@m0["a", 1, 2] = 3;`,
      `unroll(1000) { }`,
      `@h = hist(1, 9);`,
      `$p = *"abc";`,
    ]);
  }
}

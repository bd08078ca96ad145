/**
 * Programs that bpftrace and gimlet must run alike. Each is a case of its own: what it prints is compared as it is, but for
 * what `unordered` and `normalise` say.
 */

import { NEWER } from "./newer.ts";

/** Something that bpftrace does otherwise, and what gimlet prints. */
export interface Difference {
  readonly reason: string;
  readonly output: string;
}

/** A program, and how its output is compared. */
export interface Case {
  readonly program: string;
  /** `$1`, `$2`, … */
  readonly parameters?: readonly string[];
  /** More options: `-f json`. */
  readonly options?: readonly string[];
  /** The order of lines is not said by the language: entries of equal value. */
  readonly unordered?: true;
  /** What differs from run to run is replaced. */
  readonly normalise?: readonly (readonly [RegExp, string])[];
  /** Why bpftrace 0.17 gives something else. */
  readonly difference?: Difference;
  /** Why bpftrace 0.23 does, where it does. */
  readonly later?: Difference;
}

/** The body of BEGIN, which prints and ends. */
function begin(body: string, rest: Omit<Case, "program"> = {}): Case {
  const later = ONLY_LATER[body];
  const known = later === undefined ? {} : { later };
  return { program: `BEGIN { ${body} exit(); }`, ...known, ...rest };
}

const TRUE_IS_NEGATIVE = {
  reason: "bpftrace 0.23 takes what a comparison gives for -1 where it is compared",
  output: "1",
} as const;

/** What bpftrace 0.23 alone does otherwise. */
const ONLY_LATER: Readonly<Record<string, Difference>> = {
  "print(1 < 2 == 1);": TRUE_IS_NEGATIVE,
  "$a = 1; print($a < 2 == 1);": TRUE_IS_NEGATIVE,
  "$a = 1; print($a ? 0 ? 1 : 2 : 3);": { reason: "bpftrace 0.23 crashes", output: "2" },
};

const ARITHMETIC = [
  "1 + 2",
  "7 - 9",
  "6 * 7",
  "7 / 2",
  "7 % 4",
  "1 << 10",
  "1 << 62",
  "1024 >> 3",
  "0xff & 0x0f",
  "0xf0 | 0x0f",
  "0xff ^ 0x0f",
  "~5",
  "-5",
  "- -5",
  "!0",
  "!5",
  "!!5",
  "1 + 2 * 3",
  "(1 + 2) * 3",
  "10 - 4 - 3",
  "100 / 10 / 2",
  "2 + 3 << 1",
  "1 | 2 & 3",
  "1 ^ 3 | 4",
  "5 & 3 ^ 1 | 8",
  "1 == 1",
  "1 != 1",
  "2 > 1",
  "2 < 1",
  "2 >= 2",
  "3 <= 2",
  "-1 < 1",
  "-1 > 1",
  "1 && 0",
  "1 && 2",
  "0 || 3",
  "0 || 0",
  "1 > 2 || 3 < 4 && !0",
  "1 < 2 == 1",
  "1 ? 10 : 20",
  "0 ? 10 : 20",
  "1 ? 0 ? 1 : 2 : 3",
  "0x10",
  "0xABCDEF",
  "010",
  "1e6",
  "1000000000000",
  "9223372036854775807",
  "-1 >> 1",
  "-8 / 2",
  "-7 % 3",
  "1 - 2",
  "(uint8)257",
  "(int8)200",
  "(uint16)65537",
  "(int16)40000",
  "(uint32)4294967297",
  "(int32)4294967295",
  "(uint64)5",
  "(int64)-5",
  "(uint8)255 + 1",
  "(int8)-1 < 0",
  "(uint8)1 << 8",
  "(uint8)257 + 1",
  "(int8)200 - 1",
  "sizeof(uint8)",
  "sizeof(uint64)",
  "sizeof(int32)",
];

const PRINTF = [
  `"%d\\n", 42`,
  `"%u\\n", 42`,
  `"%x\\n", 255`,
  `"%X\\n", 255`,
  `"%o\\n", 8`,
  `"%c%c\\n", 72, 105`,
  `"%p\\n", 4096`,
  `"%ld %lu %lx\\n", -1, 1, 255`,
  `"%lld %llu %llx\\n", -1, 1, 255`,
  `"%hhd %hd\\n", 511, 65537`,
  `"%5d|%-5d|%05d\\n", 1, 2, 3`,
  `"%s|%10s|%-10s|\\n", "abc", "abc", "abc"`,
  `"%.2s|%8.3s|\\n", "abcdef", "abcdef"`,
  `"%08llx\\n", 0xbeef`,
  `"a\\tb\\\\c\\"d\\n"`,
  `"%d %d %d %d %d %d\\n", 1, 2, 3, 4, 5, 6`,
  `"%s %d %s\\n", "x", 1, "yy"`,
  `"%d\\n", (uint8)200`,
  `"%d\\n", (int8)200`,
  `"%20s|\\n", "right"`,
  `"%-20s|\\n", "left"`,
  `"%lu\\n", 18446744073709551615`,
  `"%d\\n", 1 == 1`,
  `"no newline"`,
  `"\\x41\\102\\n"`,
];

const STATEMENTS = [
  `$i = 5; printf("%d\\n", $i);`,
  `$i = 1; $i = $i + 1; printf("%d\\n", $i);`,
  `$i = 1; $i += 4; $i -= 2; $i *= 10; $i /= 3; printf("%d\\n", $i);`,
  `$i = 0xff; $i &= 0x3c; $i |= 1; $i ^= 3; $i <<= 2; $i >>= 1; $i %= 50; printf("%d\\n", $i);`,
  `$i = 5; printf("%d\\n", $i++); printf("%d\\n", ++$i); printf("%d\\n", $i--); printf("%d\\n", --$i);`,
  `$i = 0; while ($i < 5) { printf("%d\\n", $i); $i++; }`,
  `$i = 0; while ($i < 10) { $i++; if ($i == 3) { continue; } if ($i == 6) { break; } printf("%d\\n", $i); }`,
  `$i = 0; unroll(4) { printf("%d\\n", $i); $i++; }`,
  `if (1) { printf("yes\\n"); } else { printf("no\\n"); }`,
  `if (0) { printf("yes\\n"); } else { printf("no\\n"); }`,
  `$x = 5; if ($x > 10) { printf("big\\n"); } else if ($x > 3) { printf("middle\\n"); } else { printf("small\\n"); }`,
  `$x = 1; if ($x == 1 && $x != 2) { printf("and\\n"); } if ($x == 3 || $x == 1) { printf("or\\n"); }`,
  `$x = 2; $y = $x > 1 ? $x * 10 : 0; printf("%d\\n", $y);`,
  `$s = "hello"; printf("%s\\n", $s);`,
  `$s = "hello"; if ($s == "hello") { printf("equal\\n"); } if ($s != "world") { printf("different\\n"); }`,
  `$s = "abc"; printf("%d %d\\n", $s == "abc", $s == "abd");`,
  `printf("%d %d\\n", strncmp("abcdef", "abcxyz", 3), strncmp("abc", "abd", 3) != 0);`,
  `$t = (1, "two", 3); printf("%d %s %d\\n", $t.0, $t.1, $t.2);`,
  `$t = (1, (2, 3)); printf("%d %d\\n", $t.0, $t.1.1);`,
  `$a = 1; $b = 2; $c = $a; $a = $b; $b = $c; printf("%d %d\\n", $a, $b);`,
  `/* a comment */ printf("after\\n");`,
  `$i = 3; while ($i) { $j = 0; while ($j < $i) { printf("%d", $j); $j++; } printf("\\n"); $i--; }`,
  `printf("%s\\n", 1 ? "yes" : "no");`,
  `$x = 10; $x = $x == 10 ? 1 : 2; printf("%d\\n", $x);`,
  `$i = 0; unroll(3) { $i += 2; } printf("%d\\n", $i);`,
  `printf("%s\\n", probe);`,
  `printf("%d\\n", pid == pid);`,
  `printf("%d %d\\n", uid, gid);`,
  `printf("%d\\n", nsecs > 0);`,
  `printf("%d\\n", elapsed < 60000000000);`,
  `printf("%d\\n", cpu < 1024);`,
  `printf("%d\\n", rand < 4294967296);`,
  `time("%%\\n");`,
  `printf("%d\\n", numaid);`,
];

const MAPS = [
  `@ = 1;`,
  `@a = 1; @b = 2;`,
  `@x = -1;`,
  `@x = "text";`,
  `@x[1] = 10; @x[2] = 20; @x[3] = 5;`,
  `@x["a"] = 1; @x["b"] = 2;`,
  `@x[1, "a"] = 1; @x[2, "b"] = 2;`,
  `@x[1, 2, 3] = 6;`,
  `@x = 1; @x++; ++@x; printf("%d\\n", @x);`,
  `@x = 10; @x--; --@x; printf("%d\\n", @x);`,
  `@x[5]++; @x[5]++; @x[6]++;`,
  `@x = 1; @x += 5; @x *= 2; @x -= 2; printf("%d\\n", @x);`,
  `@x = 5; printf("%d %d\\n", @x, @x + 1);`,
  `printf("%d\\n", @none); @none = 1;`,
  `@x = count(); @x = count(); @x = count();`,
  `@x[1] = count(); @x[2] = count(); @x[2] = count();`,
  `@x = sum(5); @x = sum(7);`,
  `@x = sum(-5); @x = sum(2);`,
  `@x["a"] = sum(1); @x["b"] = sum(2);`,
  `@x = min(5); @x = min(3); @x = min(9);`,
  `@x = max(5); @x = max(3); @x = max(9);`,
  `@x[1] = min(7);`,
  `@x = avg(4); @x = avg(8);`,
  `@x[1] = avg(4); @x[1] = avg(8); @x[2] = avg(100);`,
  `@x = stats(4); @x = stats(8);`,
  `@x[1] = stats(4); @x[2] = stats(80);`,
  `@x = hist(0);`,
  `@x = hist(1);`,
  `@x = hist(2); @x = hist(3); @x = hist(4);`,
  `@x = hist(-1); @x = hist(-100);`,
  `@x = hist(1000); @x = hist(1024); @x = hist(1000000);`,
  `@x[1] = hist(1); @x[2] = hist(100); @x[2] = hist(200);`,
  `@x["read"] = hist(10); @x["write"] = hist(20); @x["write"] = hist(25);`,
  `@x = lhist(5, 0, 10, 1);`,
  `@x = lhist(-1, 0, 10, 1); @x = lhist(10, 0, 10, 1); @x = lhist(11, 0, 10, 1);`,
  `@x = lhist(50, 0, 100, 10); @x = lhist(99, 0, 100, 10); @x = lhist(100, 0, 100, 10);`,
  `@x[1] = lhist(5, 0, 100, 25); @x[2] = lhist(80, 0, 100, 25); @x[2] = lhist(81, 0, 100, 25);`,
  `@x = lhist(2048, 0, 10240, 1024);`,
  `@x[1] = 1; @x[2] = 2; delete(@x[1]);`,
  `@x = 1; delete(@x);`,
  `@x[1] = 1; @x[2] = 2; clear(@x);`,
  `@x[1] = 1; @x[2] = 2; @x[3] = 0; zero(@x); delete(@x[1]); delete(@x[2]);`,
  `@x[1] = 10; print(@x);`,
  `@x[1] = 10; @x[2] = 20; @x[3] = 30; print(@x, 2); clear(@x);`,
  `@x[1] = 10; @x[2] = 20; @x[3] = 30; print(@x, 2, 5); clear(@x);`,
  `@x = 10; print(@x); clear(@x);`,
  `@x = hist(100); print(@x); clear(@x);`,
  `@t = (1, "two");`,
  `@t[1] = (1, 2); @t[2] = (3, 4); delete(@t[1]);`,
  `@s["key"] = "value"; printf("%s\\n", @s["key"]);`,
  `@s = "abc"; if (@s == "abc") { printf("equal\\n"); }`,
  `@a[1] = 5; @b[@a[1]] = 7; printf("%d\\n", @b[5]);`,
  `@a = 5; $x = @a; @a = 6; printf("%d %d\\n", $x, @a);`,
  `@h["a", 1] = hist(5);`,
  `@x[1] = 3; if (@x[1]) { printf("there\\n"); } if (@x[2]) { printf("wrong\\n"); }`,
  `@x = (uint8)300; @y = (int8)200;`,
  `@x[-1] = 1; @x[1] = 2;`,
  `@longer_name_of_a_map = 1;`,
  `@x = avg(-5); @x = avg(-7);`,
  `@x = stats(-5); @x = stats(5);`,
];

const PRINT = [
  `print(1);`,
  `print(-1);`,
  `print("text");`,
  `print((1, 2));`,
  `print((1, "a", (2, "b")));`,
  `$x = 5; print($x);`,
  `$s = "abc"; print($s);`,
  `print(1 + 1);`,
  `print((uint8)300);`,
  `print(1 == 1);`,
];

const JSON_CASES = [
  `printf("hi %d\\n", 1);`,
  `printf("quote \\" and \\\\ and \\t\\n");`,
  `@a = 1; @b = -2;`,
  `@x[1] = 2; @x[2] = 5;`,
  `@x["a", 1] = 2;`,
  `@s = "str";`,
  `@c = count();`,
  `@c["k"] = count();`,
  `@h = hist(5); @h = hist(100);`,
  `@h = hist(-5); @h = hist(0);`,
  `@h[1] = hist(5); @h[2] = hist(6); @h[2] = hist(7);`,
  `@l = lhist(5, 0, 10, 1); @l = lhist(50, 0, 10, 1);`,
  `@l = lhist(-5, 0, 10, 1);`,
  `@s = stats(5); @s = stats(6);`,
  `@s["a"] = stats(5);`,
  `@a = avg(5); @a = avg(7);`,
  `@t = (1, "a", (2, 3));`,
  `print(1); print("x"); print((1, 2));`,
  `time("%%");`,
  `@x[1] = 1; clear(@x);`,
  `@x = 1; print(@x); clear(@x);`,
  `@x[1] = 1; print(@x); clear(@x);`,
  `@mi = min(4); @ma = max(5); @su = sum(6);`,
];

/** What fires on several processors may have printed there as well before `exit()` is seen. */
const ONCE = { normalise: [[/^(.+\n)\1+/gm, "$1"]] } as const;

const PROBES: readonly Case[] = [
  { program: `BEGIN { printf("begin\\n"); exit(); } END { printf("end\\n"); }` },
  { program: `BEGIN { @x = 1; exit(); } END { @x = 2; printf("%d\\n", @x); }` },
  { program: `BEGIN { @x[1] = 1; exit(); } END { clear(@x); }` },
  {
    program:
      `BEGIN /1 == 1/ { printf("taken\\n"); } END /0/ { printf("wrong\\n"); } interval:ms:1 { exit(); }`,
  },
  {
    program:
      `interval:ms:10 { @n++; if (@n == 3) { printf("three\\n"); exit(); } } END { clear(@n); }`,
  },
  { program: `interval:us:1000 { printf("once\\n"); exit(); }` },
  { program: `interval:hz:50 { printf("once\\n"); exit(); }` },
  { program: `i:ms:5 { printf("short\\n"); exit(); }` },
  { program: `profile:hz:99 { @[1] = count(); } interval:ms:200 { exit(); } END { clear(@); }` },
  { program: `profile:ms:10 { printf("%d\\n", cpu >= 0); exit(); }`, ...ONCE },
  { program: `interval:ms:1 { printf("%s\\n", probe); exit(); }` },
  { program: `tracepoint:raw_syscalls:sys_enter { printf("%s\\n", probe); exit(); }`, ...ONCE },
  { program: `t:sched:sched_switch { printf("%d\\n", args->prev_pid >= 0); exit(); }`, ...ONCE },
  {
    program:
      `tracepoint:sched:sched_switch, tracepoint:sched:sched_waking { @seen = 1; } interval:ms:100 { exit(); }`,
  },
  { program: `tracepoint:sched:sched_sw* { printf("%s\\n", probe); exit(); }`, ...ONCE },
  { program: `software:cpu-clock:1000000 { printf("tick\\n"); exit(); }`, ...ONCE },
  { program: `BEGIN { exit(); printf("never\\n"); }` },
  { program: `BEGIN { if (1) { exit(); } printf("never\\n"); } END { printf("end\\n"); }` },
  { program: `BEGIN { return; printf("never\\n"); } interval:ms:1 { exit(); }` },
  { program: `BEGIN { printf("%d %d\\n", $1, $2); exit(); }`, parameters: ["5", "0x10"] },
  { program: `BEGIN { printf("%s!\\n", str($1)); exit(); }`, parameters: ["Reader"] },
  { program: `BEGIN { printf("%d\\n", $#); exit(); }`, parameters: ["a", "b", "c"] },
  { program: `BEGIN { printf("%d|%s|\\n", $1, str($2)); exit(); }` },
  { program: `BEGIN { if (str($1) == "x") { printf("it is x\\n"); } exit(); }`, parameters: ["x"] },
  { program: `#define DOZEN 12\nBEGIN { printf("%d\\n", DOZEN); exit(); }` },
  { program: `#!/usr/bin/env bpftrace\n/* text */\nBEGIN\n{\n\tprintf("a\\n");\n\texit();\n}` },
  {
    program:
      `struct pair { int a; int b; }; BEGIN { printf("%d\\n", sizeof(struct pair)); exit(); }`,
  },
  {
    program:
      `enum { ONE = 1, TWO, TEN = 10, ELEVEN }; BEGIN { printf("%d %d %d\\n", TWO, TEN, ELEVEN); exit(); }`,
  },
];

const FUNCTIONS = [
  `printf("%s, %s\\n", strerror(2), strerror(110));`,
  `printf("%s\\n", ntop(0x0100007f));`,
  `printf("%s\\n", ntop(2, 0x04030201));`,
  `printf("%x\\n", bswap((uint16)0x1234));`,
  `printf("%x\\n", bswap((uint32)0x12345678));`,
  `printf("%lx\\n", bswap(0x1122334455667788));`,
  `printf("%s\\n", username);`,
  `@[username] = count();`,
  `printf("%s\\n", strftime("%Y-%m-%d", nsecs));`,
  `printf("%d\\n", strncmp("hello", "hello world", 5));`,
  `printf("%d\\n", strncmp("hello", "help", 4) == 0);`,
  `$s = "abcdef"; printf("%d %d\\n", strncmp($s, "abc", 3), $s == "abcdef");`,
  `@s = "abc"; printf("%d\\n", strncmp(@s, "abx", 2));`,
  `@[1] = "one"; @[2] = "two"; printf("%s %s|\\n", @[1], @[3]); clear(@);`,
  `$t = ("a", 1); @x = $t; printf("%s\\n", @x.0); clear(@x);`,
  `@x["key"] = (1, "v"); $v = @x["key"]; printf("%d %s\\n", $v.0, $v.1); clear(@x);`,
  `$task = (struct task_struct *)curtask; printf("%d %d\\n", $task->pid == tid, $task->tgid == pid);`,
  `printf("%d\\n", ((struct task_struct *)curtask)->flags != 0);`,
  `$i = 0; while (1) { $i++; if ($i == 7) { break; } } printf("%d\\n", $i);`,
  `$i = 0; $sum = 0; while ($i <= 10) { $sum += $i; $i++; } printf("%d\\n", $sum);`,
  `$i = 0; while ($i < 3) { $j = 0; while ($j < 3) { @[$i, $j] = $i * 3 + $j; $j++; } $i++; }`,
];

const SEARCHES = [
  `print(strcontains("hello world", "o w")); print(strcontains("hello", "ex")); print(strcontains("hello", ""));`,
  `$s = "a text that is longer than a word"; print(strcontains($s, "longer than a w")); print(strcontains($s, "longer than b"));`,
  `$s = "abcabd"; $n = "abd"; print(strcontains($s, $n)); $m = "abe"; print(strcontains($s, $m));`,
  `if (strcontains("needle", "needle") && !strcontains("need", "needle")) { print("yes"); }`,
  `$a = pton("127.0.0.1"); print($a[0]); print($a[3]); print(ntop($a));`,
  `print(pton("1.2.3.4")); print(ntop(pton("fe80::1:2")));`,
  `$b = pton("::1"); print($b[15]);`,
  `@h[1] = hist(3); @h[2] = hist(4); delete(@h[2]);`,
  `@l[1] = lhist(3, 0, 10, 1); @l[2] = lhist(3, 0, 10, 1); delete(@l[2]);`,
  `@x = 5; delete(@x); $y = @x; print($y);`,
];

const CASTS = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]
  .flatMap((type) =>
    ["-1", "255", "65537", "$a * 300"].map((value) => `$a = 1000; print((${type})(${value}));`)
  );

const COMPARISONS = ["<", "<=", ">", ">=", "==", "!="].flatMap((sign) =>
  [[1, 2], [2, 1], [-1, 1], [5, 5]].map(([a, b]) =>
    `$a = ${a}; $b = ${b}; if ($a ${sign} $b) { print(1); } else { print(0); }`
  )
);

/** What bpftrace 0.17 does otherwise. */
const DIFFERENCES: readonly Case[] = [
  begin(`printf("100%%\\n");`, {
    later: { reason: "as in 0.17", output: "100%" },
    difference: {
      reason:
        "bpftrace 0.17 prints a format without arguments as it is, `%%` too; C and later versions print one `%`",
      output: "100%",
    },
  }),
  begin(`printf("%i\\n", -42);`, {
    later: { reason: "`%i` came later", output: "-42" },
    difference: { reason: "bpftrace 0.17 does not know `%i`", output: "-42" },
  }),
  begin(`printf("%#x\\n", 255);`, {
    later: { reason: "the flag `#` came later", output: "0xff" },
    difference: { reason: "bpftrace 0.17 does not know the flag `#`", output: "0xff" },
  }),
  begin(`printf("%+d|% d\\n", 5, 5);`, {
    later: { reason: "the flags `+` and blank came later", output: "+5| 5" },
    difference: {
      reason: "bpftrace 0.17 does not know the flags `+` and blank",
      output: "+5| 5",
    },
  }),
  begin(`printf("%s\\n", str("literal"));`, {
    later: { reason: "`str()` of a string came later", output: "literal" },
    difference: { reason: "later versions let `str()` take a string", output: "literal" },
  }),
  begin(`@k[(1, 2)] = 3;`, {
    difference: {
      reason: "later versions take a tuple for several keys",
      output: "\n\n@k[1, 2]: 3",
    },
  }),
  begin(`@x = max(-3);`, {
    difference: {
      reason: "in bpftrace 0.17 the largest number begins at 0",
      output: "\n\n@x: -3",
    },
  }),
  begin(`@x = hist(1 << 40); print(@x); clear(@x);`, {
    difference: {
      reason: "bpftrace 0.17 puts all from 2^31 on into one bucket",
      output: "@x: \n[1T, 2T)               1 |" + "@".repeat(52) + "|",
    },
  }),
  {
    program: `BEGIN { printf("first\\n"); } BEGIN { printf("second\\n"); exit(); }`,
    later: { reason: "several BEGINs came later", output: "first\nsecond" },
    difference: {
      reason: "later versions let a script have several BEGINs, run in their order",
      output: "first\nsecond",
    },
  },
  begin(
    `@n = count(); @n = count(); @m = max(3); @a = avg(4); @a = avg(6);
    if (@n > 1) { printf("%d %d %d\\n", @n, @m, @a); } clear(@n); clear(@m); clear(@a);`,
    {
      later: { reason: "`printf()` of such a map came later", output: "2 3 5" },
      difference: {
        reason: "later versions let maps that gather be read",
        output: "2 3 5",
      },
    },
  ),
  begin(`printf("%d\\n", nsecs(boot) <= nsecs(boot));`, {
    difference: { reason: "the clocks of `nsecs()` came later", output: "1" },
  }),
  {
    program: `begin { print(1); exit(); }`,
    later: { reason: "the spelling `begin` came later", output: "1" },
    difference: { reason: "the spelling `begin` came later", output: "1" },
  },
];

/** What bpftrace 0.23 has not, or does otherwise, of what came after 0.17. */
const LATER_STILL: readonly (readonly [RegExp, string])[] = [
  [/for \(\$\w+ : -?\d+\.\./, "loops over ranges came later"],
  [/for \(\$\w+ : @.*(?:continue|break);/s, "`continue` and `break` in loops over maps came later"],
  [/"%s %d %d\\n", \$kv/, "`printf()` of such a value came later"],
  [/avg\(20\); for/, "bpftrace 0.23 gives 0 for an average in a loop"],
  [/let \$x: uint8 = 300/, "bpftrace 0.23 refuses a value that does not fit"],
  [/has_key\(@x\[/, "`has_key()` of an entry came later"],
  [/^macro /, "macros came later"],
  [/print\(1s\)/, "numbers with units came later"],
  [/\(uint8\[8\]\)0x/, "the kernel refuses what bpftrace 0.23 makes of it"],
];

const LATER: readonly Case[] = NEWER.flatMap(({ reason, before = "", programs }) =>
  programs.map(([body, output]) => {
    const each = { program: before + begin(body).program, difference: { reason, output } };
    const [, why] = LATER_STILL.find(([pattern]) => pattern.test(each.program)) ?? [];
    return why === undefined ? each : { ...each, later: { reason: why, output } };
  })
);

/** All programs, in groups. */
export const GROUPS: Readonly<Record<string, readonly Case[]>> = {
  arithmetic: ARITHMETIC.map((expression) => begin(`print(${expression});`)),
  "arithmetic of variables": ARITHMETIC.filter((each) => /^\d+ .*\d/.test(each))
    .map((expression) => {
      const [value = ""] = expression.split(" ");
      return begin(`$a = ${value}; print($a${expression.slice(value.length)});`);
    }),
  printf: PRINTF.map((args) => begin(`printf(${args});`)),
  statements: STATEMENTS.map((body) => begin(body)),
  maps: MAPS.map((body) => begin(body)),
  print: PRINT.map((body) => begin(body)),
  json: JSON_CASES.map((body) => begin(body, { options: ["-f", "json"] })),
  functions: FUNCTIONS.map((body) => begin(body)),
  searches: SEARCHES.map((body) => begin(body)),
  casts: CASTS.map((body) => begin(body)),
  comparisons: COMPARISONS.map((body) => begin(body)),
  probes: PROBES,
  differences: DIFFERENCES,
  "later versions": LATER,
};

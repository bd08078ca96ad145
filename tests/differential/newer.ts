/** Programs in the language of later versions than Debian 12's bpftrace 0.17, with what they must print. */

/** What a body of BEGIN prints, and since when bpftrace has what it needs. */
export interface NewerCase {
  readonly reason: string;
  /** What stands before BEGIN. */
  readonly before?: string;
  readonly programs: readonly (readonly [body: string, output: string])[];
}

const BAR = "@".repeat(52);
const NOTHING = " ".repeat(52);

/** By what came later. Entries of maps have no order: where there are several, sums are printed. */
export const NEWER: readonly NewerCase[] = [
  {
    reason: "`for` loops over maps came later",
    programs: [
      [`@a[5] = 7; for ($kv : @a) { print($kv); } clear(@a);`, "(5, 7)"],
      [
        `@a[1] = 2; @a[3] = 4; $n = 0; for ($kv : @a) { $n += $kv.0 * $kv.1; } print($n); clear(@a);`,
        "14",
      ],
      [
        `@a["x", 1] = count(); @a["x", 1] = count(); for ($kv : @a) { printf("%s %d %d\\n", $kv.0.0, $kv.0.1, $kv.1); } clear(@a);`,
        "x 1 2",
      ],
      [
        `@a[1] = 1; @a[2] = 2; @b["p"] = 5; @b["q"] = 6; $n = 0;
        for ($x : @a) { for ($y : @b) { $n += $x.0 * $y.1; } } print($n); clear(@a); clear(@b);`,
        "33",
      ],
      [
        `@a[1] = 1; @a[2] = 2; @a[3] = 3; $n = 0; for ($x : @a) { if ($x.0 == 2) { continue; } $n += $x.1; } print($n); clear(@a);`,
        "4",
      ],
      [
        `@a[1] = 1; @a[2] = 2; $n = 0; for ($x : @a) { $n++; if ($n == 1) { break; } } print($n); clear(@a);`,
        "1",
      ],
      [
        `@a[1] = "one"; for ($kv : @a) { @b[$kv.1] = $kv.0; delete(@a[$kv.0]); } print(@b["one"]); clear(@b);`,
        "1",
      ],
      [
        `@a[1] = (2, "t"); for ($kv : @a) { print($kv.1.1); $t = $kv; print($t.1.0); } clear(@a);`,
        "t\n2",
      ],
      [
        `@a[4] = avg(10); @a[4] = avg(20); for ($kv : @a) { @s[$kv.0] = $kv.1; } print(@s[4]); clear(@a); clear(@s);`,
        "15",
      ],
      [`@a[1] = min(-3); @a[1] = min(9); for ($kv : @a) { print($kv.1); } clear(@a);`, "-3"],
      [`@a[1] = 1; for ($kv : @a) { if ($kv.0 == 1) { exit(); } } print("never");`, "\n\n@a[1]: 1"],
      [`for ($kv : @a) { print("never"); } @a[1] = 1; clear(@a);`, ""],
    ],
  },
  {
    reason: "loops over ranges came later",
    programs: [
      [`$s = 0; for ($i : 0..5) { $s += $i; } print($s);`, "10"],
      [`for ($i : 3..3) { print("no"); } for ($i : 3..1) { print("no"); }`, ""],
      [`for ($i : -2..1) { print($i); }`, "-2\n-1\n0"],
      [`$n = 5000; $s = 0; for ($i : 1..$n) { $s += $i; } print($s);`, "12497500"],
      [
        `$s = 0; for ($i : 0..1000) { if ($i % 2) { continue; } if ($i > 100) { break; } $s++; } print($s);`,
        "51",
      ],
      [`$s = 0; for ($i : 0..3) { for ($j : 0..200) { $s++; } } print($s);`, "600"],
      [`for ($i : 0..2) { $i = 7; print($i); }`, "7\n7"],
      [`$a = "text"; for ($i : 0..101) { if ($i == 100) { $b = $a; } } print($b);`, "text"],
    ],
  },
  {
    reason: "`let`, and variables that are known in their block only, came later",
    programs: [
      [`let $x = 5; print($x);`, "5"],
      [`let $x: uint8 = 300; print(sizeof($x));`, "1"],
      [`if (1) { let $x = 1; print($x); } if (1) { let $x = "two"; print($x); }`, "1\ntwo"],
      [`for ($i : 0..2) { let $y = $i; print($y); } let $y = "y"; print($y);`, "0\n1\ny"],
    ],
  },
  {
    reason: "`has_key()`, and a key behind the map of `delete()`, came later",
    programs: [
      [`@x[1] = 0; print(has_key(@x, 1)); print(has_key(@x, 2)); clear(@x);`, "1\n0"],
      [
        `@x[1, "a"] = 5; print(has_key(@x, (1, "a"))); print(has_key(@x[2, "a"])); clear(@x);`,
        "1\n0",
      ],
      [
        `@x[1] = 1; @x[2] = 2; delete(@x, 1); print(has_key(@x, 1)); print(@x[2]); clear(@x);`,
        "0\n2",
      ],
      [`@x[1, "a"] = 5; delete(@x, (1, "a"));`, ""],
    ],
  },
  {
    reason: "`len()` came later",
    programs: [
      [
        `@x[1] = 1; @x[2] = 2; @x[1] = 3; print(len(@x)); if (len(@x) == 2) { print("two"); } clear(@x);`,
        "2\ntwo",
      ],
      [`print(len(@x)); @x[1] = 1; clear(@x);`, "0"],
    ],
  },
  {
    reason: "several buckets for a power of two came later",
    programs: [
      [
        `@h = hist(5, 2); @h = hist(8, 2); @h = hist(9, 2);`,
        "\n\n@h: \n" + [
          `[5]                    1 |${"@".repeat(26)}${" ".repeat(26)}|`,
          `[6]                    0 |${NOTHING}|`,
          `[7]                    0 |${NOTHING}|`,
          `[8, 10)                2 |${BAR}|`,
        ].join("\n"),
      ],
      [`@h = hist(1000000, 5);`, `\n\n@h: \n[976K, 992K)           1 |${BAR}|`],
      [`@h = hist(1100, 2);`, `\n\n@h: \n[1024, 1280)           1 |${BAR}|`],
    ],
  },
  {
    reason: "macros came later",
    before: `macro add(x) { x + 1 } macro put(@m, $v) { @m = $v; $v += 1; }
      macro total(@m) { let $s = 0; for ($kv : @m) { $s += $kv.1; } $s } macro pair(x) { (x, "two") }\n`,
    programs: [
      [`print(add(3)); print(add(add(1)) * 2); if (add(0)) { print("if"); }`, "4\n6\nif"],
      [`$a = 3; put(@q, $a); print($a); $q = @q; print($q); clear(@q);`, "4\n3"],
      [`@m[1] = 5; @m[2] = 6; $s = 1; print(total(@m)); print($s); clear(@m);`, "11\n1"],
      [
        `$t = pair(7); print($t.1); @x[add(1)] = pair("a"); print(@x[2]); clear(@x);`,
        "two\n(a, two)",
      ],
    ],
  },
  {
    reason: "durations as numbers came later",
    programs: [[
      `print(1s); print(100us); print(2m); print(3ns); print(1h); print(1d); print(5ms);`,
      [
        ...[
          "1000000000",
          "100000",
          "120000000000",
          "3",
          "3600000000000",
          "86400000000000",
          "5000000",
        ],
      ].join("\n"),
    ]],
  },
  {
    reason: "casts between numbers and arrays came later",
    programs: [
      [
        `$x = (uint8[8])0x01020304; print($x[0]); print($x); print((uint64)$x);`,
        "4\n[4,3,2,1,0,0,0,0]\n16909060",
      ],
      [
        `print((uint8[2])(uint16)0x102); @a = (uint16[4])1; print(@a); clear(@a);`,
        "[2,1]\n@a: [1,0,0,0]",
      ],
      [`$x = (uint8[])(uint32)7; print(sizeof($x));`, "4"],
    ],
  },
  {
    reason: "`print()` of one entry of a map came later",
    programs: [[`@a[1] = avg(3); @a[1] = avg(5); print(@a[1]); clear(@a);`, "4"], [
      `@x[1] = 5; @c[1] = count(); @s[2] = sum(7); print(@x[1]); print(@c[1]); print(@s[2]); clear(@x); clear(@c); clear(@s);`,
      "5\n1\n7",
    ]],
  },
];

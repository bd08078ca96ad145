/** Functions of a script's own that return in loops: what they give, on any kernel. */

/** Their definitions. */
export const RETURNING = `
fn root($n : int64) : int64 { for ($i : 0..20) { if ($i * $i >= $n) { return $i; } } return -1; }
fn long_root($n : int64) : int64 {
  for ($i : 0..2000000) { unroll(2) { if ($i * $i >= $n) { return $i; } } @rounds++; }
  return -1;
}
fn factor($n : int64) : int64 {
  $tried = 0;
  while ($tried < 3) {
    $tried++;
    for ($i : 2..1000) {
      for ($j : 2..1000) {
        if ($i * $j == $n) { return $i * 1000 + $j; }
        if ($j > 8) { break; }
      }
      if ($i > 8) { break; }
    }
    @passes++;
  }
  return 0;
}
fn key_of($v : int64) : int64 { for ($kv : @of) { if ($kv.1 == $v) { return $kv.0; } } return -1; }
fn note_each($least : int64) { for ($kv : @of) { if ($kv.1 < $least) { return; } @kept++; } @all++; }
fn nested($n : int64) : int64 { for ($i : 0..1000) { if (root($i) == $n) { return $i; } } return -1; }
`;

/** Bodies of BEGIN, and what they print. The kernel runs the bodies of most loops as functions, which needs Linux >= 5.17. */
export const RETURNS: readonly {
  readonly body: string;
  readonly output: string;
  /** The loop is short enough for older kernels. */
  readonly isShort?: true;
}[] = [
  { body: "print(root(50)); print(root(999)); print(root(0));", output: "8\n-1\n0", isShort: true },
  {
    body: "print(long_root(1000)); print(@rounds); print(long_root(0)); clear(@rounds);",
    output: "32\n@rounds: 32\n0",
  },
  {
    body: "print(factor(35)); print(factor(97)); print(@passes); clear(@passes);",
    output: "5007\n0\n@passes: 3",
  },
  {
    body: "@of[3] = 30; @of[4] = 40; print(key_of(40)); print(key_of(5)); clear(@of);",
    output: "4\n-1",
  },
  {
    body:
      "@of[3] = 30; @of[4] = 40; note_each(30); note_each(50); print((@kept, @all)); clear(@of); clear(@kept); clear(@all);",
    output: "(2, 1)",
  },
  { body: "print(nested(7)); print(nested(99));", output: "37\n-1" },
  { body: "for ($k : 1..4) { print(root($k * 10)); }", output: "4\n5\n6", isShort: true },
  {
    body: "$i = 0; while ($i < 3) { $i++; if (root($i * 10) == 5) { break; } print($i); }",
    output: "1",
    isShort: true,
  },
];

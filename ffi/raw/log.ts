/** libbpf's messages, captured instead of printed: they are the best explanation of what went wrong. */

import { bytesToText } from "../wire/cstring.ts";
import { libbpf } from "./libbpf.ts";
import { libc } from "./libc.ts";
import { memoryAt } from "./memory.ts";

const LIBBPF_INFO = 1; // enum libbpf_print_level: WARN 0, INFO 1, DEBUG 2
const VA_LIST_SIZE = 32; // 24 bytes on x86-64, 32 on arm64

let lines: string[] = [];
let failure: unknown;
let installed = false;

const PRINT_FN = { parameters: ["i32", "pointer", "pointer"], result: "i32" } as const;

// The callback must live as long as libbpf may call it: always.
let callback: Deno.UnsafeCallback<typeof PRINT_FN> | undefined;

/** Starts to capture; safe to call again. */
export function captureLog(): void {
  if (installed) return;
  installed = true;
  callback = new Deno.UnsafeCallback(PRINT_FN, (level, format, args) => {
    // An exception in a callback would vanish: keep the first for whoever takes the log.
    try {
      if (level <= LIBBPF_INFO) lines.push(formatted(format, args));
    } catch (error) {
      failure ??= error;
    }
    return 0;
  });
  libbpf().libbpf_set_print(callback.pointer);
}

/** What libbpf has said since the last call, without "libbpf: " in front of every line. */
export function takeLog(): string {
  const text = lines.join("").replaceAll(/^libbpf: /gm, "").trimEnd();
  lines = [];
  if (failure !== undefined) {
    const error = failure;
    failure = undefined;
    throw error;
  }
  return text;
}

/** `vsnprintf`, twice: once for the length. It uses the argument list up, so each call gets a copy of its own. */
function formatted(format: Deno.PointerValue, args: Deno.PointerValue): string {
  if (args === null) return "";
  const list = new Uint8Array(memoryAt(args, VA_LIST_SIZE)).slice();
  const length = libc().vsnprintf(null, 0n, format, list.slice());
  if (length <= 0) return "";
  const text = new Uint8Array(length + 1);
  libc().vsnprintf(text, BigInt(text.length), format, list);
  return bytesToText(text.subarray(0, length));
}

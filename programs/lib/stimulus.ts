/** Small deeds that make a tool's event happen: what `gimlet selftest` has a second process of gimlet do. */

import { callStrlen, readDirect, sync } from "../../ffi/host/exercise.ts";

/** The string that the stimulus `strlen` measures. */
export const STRLEN_TEXT = "gimlet selftest";
/** How often it does that: a prime, so that no other count is a multiple by accident. */
export const STRLEN_TIMES = 997;

/** This machine has not what the deed needs. */
export class CannotStimulate extends Error {
  override readonly name = "CannotStimulate";
}

/** The name of a deed. */
export type StimulusName =
  | "clone"
  | "sync"
  | "disk"
  | "urandom"
  | "read"
  | "strlen"
  | "switch"
  | "http";

/** The deeds by name. */
export const STIMULI = {
  /** Makes a process; that it can run no folder is its own matter, and takes no time. */
  clone: async () => {
    try {
      await new Deno.Command("/").output();
    } catch (error) {
      if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    }
  },
  /** Syncs three times in a row: the first may have so much to write that the second comes late. */
  sync: () => {
    for (let i = 0; i < 3; i++) sync();
  },
  /** Reads from a disk, past the page cache. */
  disk: readSomeDisk,
  /** Reads random bytes. */
  urandom: () => readOnce("/dev/urandom"),
  /** Reads a file. */
  read: () => readOnce("/proc/self/status"),
  /** Measures a string. */
  strlen: () => callStrlen(STRLEN_TEXT, STRLEN_TIMES),
  /** Lets another thread run, and waits for it. */
  switch: async () => {
    for (let i = 0; i < 23; i++) await Deno.stat("/proc/self");
  },
  /** Serves one HTTP request. */
  http: async () => {
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response("hello"),
    );
    const { port } = server.addr;
    await (await fetch(`http://127.0.0.1:${port}/index.html`)).text();
  },
} as const satisfies Readonly<Record<StimulusName, () => void | Promise<void>>>;

function readOnce(path: string): void {
  using file = Deno.openSync(path);
  file.readSync(new Uint8Array(64));
}

/** Where no disk may be opened, as in containers, this program's own file will do: it lies on one. */
function readSomeDisk(): void {
  for (const path of [...disks(), Deno.execPath()]) {
    try {
      return readDirect(path, 4096);
    } catch {
      // The next one.
    }
  }
  throw new CannotStimulate("this process may read no disk");
}

/** The block devices with something on them; those that live in memory make no requests. */
function disks(): string[] {
  const names = [...Deno.readDirSync("/sys/block")].map(({ name }) => name)
    .filter((name) => !/^(z?ram|loop|sr)\d/.test(name))
    .filter((name) => Number(Deno.readTextFileSync(`/sys/block/${name}/size`)) > 0);
  if (names.length === 0) throw new CannotStimulate("this machine has no disk");
  return names.map((name) => `/dev/${name}`);
}

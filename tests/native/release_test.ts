/** What a release is made of: the same bytes wherever it is built, and a true list of its parts. */

import { copySources, partsList } from "../../.ci/release.ts";
import { filesUnder } from "../../build.ts";
import { VERSION } from "../../programs/lib/version.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "../assert.ts";
import { run } from "../gimlet.ts";
import { clang, needsProgram, test } from "../support.ts";

const ROOT = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "gimlet-test-" });
  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** Builds the objects in a copy of the sources; gives all that was made, by its path. */
async function objectsIn(folder: string, arch: string): Promise<Map<string, Uint8Array>> {
  await copySources(ROOT, folder);
  const words = [Deno.execPath(), "run", "-A", "build.ts", "objects", "--arch", arch];
  const { status, stderr } = await run(words, { cwd: folder });
  assertEquals(status, 0, stderr);
  const made = [".bpf.o", ".gen.ts"].flatMap((end) => filesUnder(folder, end));
  return new Map(
    made.sort().map((path) => [path.slice(folder.length), Deno.readFileSync(path)]),
  );
}

test("built twice, in two places, all that is made is the same", { needs: [clang] }, async () => {
  using one = new Folder();
  using two = new Folder();
  const first = await objectsIn(one.path, "x86");
  const second = await objectsIn(`${two.path}/a/longer/path`, "x86");
  assert([...first.keys()].some((path) => path.endsWith("/bitehist.bpf.o")));
  assertEquals([...first.keys()], [...second.keys()]);
  for (const [path, bytes] of first) assertEquals(bytes, second.get(path), path);
});

test(
  "objects for arm64 are others, and described by the same types",
  { needs: [clang] },
  async () => {
    using x86 = new Folder();
    using arm = new Folder();
    const ours = await objectsIn(x86.path, "x86");
    const theirs = await objectsIn(arm.path, "arm64");
    const differ = [...ours].filter(([path, bytes]) => {
      const other = theirs.get(path)!;
      return bytes.length !== other.length || bytes.some((byte, i) => byte !== other[i]);
    });
    assert(differ.length > 0);
    assertEquals(differ.filter(([path]) => path.endsWith(".gen.ts")), []);
  },
);

test("a release has true checksums, parts and commit", {
  needs: [clang, needsProgram("sha256sum"), needsProgram("git")],
}, async () => {
  using folder = new Folder();
  const words = [Deno.execPath(), "run", "-A", `${ROOT}/.ci/release.ts`, folder.path];
  const { status, stdout, stderr } = await run(words, { env: { NO_COLOR: "1" } });
  assertEquals(status, 0, stderr);
  const arm = `gimlet-${VERSION}-aarch64-linux`;
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();
  if (!names.includes(arm)) assertMatch(stdout, /^left out +aarch64: Cannot get denort/m);
  const here = `gimlet-${VERSION}-${Deno.build.arch}-linux`;
  assertEquals(names.filter((name) => name !== arm), [
    "SHA256SUMS",
    `gimlet-${VERSION}-x86_64-linux`,
    `gimlet-${VERSION}.cdx.json`,
  ]);
  const sums = await run(["sha256sum", "--strict", "-c", "SHA256SUMS"], { cwd: folder.path });
  assertEquals(sums.stdout.trimEnd().split("\n").length, names.length - 1);
  assertEquals(sums.status, 0, sums.stderr);
  const head = await run(["git", "rev-parse", "HEAD"], { cwd: ROOT });
  const commit = head.status === 0 ? head.stdout.trim() : "unknown";
  const version = await run([`${folder.path}/${here}`, "version", "--json"]);
  assertStringIncludes(version.stdout, `"gimlet":"${VERSION}","commit":"${commit}`);
  const list = Deno.readTextFileSync(`${folder.path}/gimlet-${VERSION}.cdx.json`);
  assertStringIncludes(list, `"value": "${commit}`);
  const { deno } = JSON.parse(version.stdout) as { deno: string };
  assertStringIncludes(list, `pkg:github/denoland/deno@v${deno}`);
});

Deno.test("partsList() names the packages of deno.lock with their hashes", () => {
  const integrity = `sha512-${btoa("\x00\xff")}`;
  const lock = JSON.stringify({ npm: { "@scope/name@1.2.3": { integrity } } });
  const files = new Map([["gimlet-x", "abcd"]]);
  const list = JSON.parse(partsList({ commit: "c0ffee", deno: "2.9.6", lock, files })) as {
    components: { name: string; purl?: string; hashes?: unknown }[];
  };
  assertEquals(list.components.map(({ name }) => name), [
    "denort",
    "@scope/name",
    "libbpf",
    "gimlet-x",
  ]);
  assertEquals(list.components[1]!.purl, "pkg:npm/%40scope/name@1.2.3");
  assertEquals(list.components[1]!.hashes, [{ alg: "SHA-512", content: "00ff" }]);
  assertEquals(list.components[3]!.hashes, [{ alg: "SHA-256", content: "abcd" }]);
});

test("a word that is no folder's name makes no release, and no folder", {}, async () => {
  using folder = new Folder();
  const script = new URL("../../.ci/release.ts", import.meta.url).pathname;
  const release = (word: string) =>
    run([Deno.execPath(), "run", "-A", script, word], { cwd: folder.path });
  const help = await release("--help");
  assertEquals([help.status, help.stderr], [0, ""]);
  assertMatch(help.stdout, /^Usage: deno task release \[FOLDER\]\n/);
  const mistaken = await release("--hlep");
  assertEquals([mistaken.status, mistaken.stdout, mistaken.stderr], [2, "", help.stdout]);
  for (const made of ["--help", "--hlep"]) assertThrows(() => Deno.statSync(`${ROOT}/${made}`));
});

/** A machine within this one that has the binary, the libraries that it needs, and nothing else. */

import { librariesOf, librarySource } from "../../cmd/vm/libraries.ts";
import { BINARY, type Finished, inOwnMounts, run } from "../gimlet.ts";

const ENTER = `root=$1; shift
  mount -t proc proc "$root/proc"; mount --rbind /sys "$root/sys"; mount --bind /dev "$root/dev"
  exec chroot "$root" "$@"`;

/** A root file system in a folder; `/gimlet` is the binary. */
export class MiniRoot implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes one, with or without libbpf.so.1. */
  static async make({ libbpf = true } = {}): Promise<MiniRoot> {
    const root = new MiniRoot(await Deno.makeTempDir({ dir: "/var/tmp", prefix: "gimlet-root-" }));
    for (const folder of ["proc", "sys", "dev"]) await Deno.mkdir(`${root.#folder}/${folder}`);
    const program = { path: "/gimlet", data: await Deno.readFile(BINARY) };
    const libraries = librariesOf({
      programs: [program],
      extra: libbpf ? ["libbpf.so.1"] : [],
      source: librarySource(),
    });
    for (const { path, data } of [program, ...libraries]) await root.#write(path, data);
    await Deno.chmod(`${root.#folder}/gimlet`, 0o755);
    return root;
  }

  /** Runs a command inside, as root. */
  run(words: readonly string[]): Promise<Finished> {
    return inOwnMounts(ENTER, [this.#folder, ...words]);
  }

  /** Adds a library that has its name and no function. */
  async stubLibrary(name: string): Promise<void> {
    const path = `${this.#folder}/usr/lib/${Deno.build.arch}-linux-gnu/${name}`;
    await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
    const flags = ["-shared", "-nostdlib", `-Wl,-soname,${name}`, "-x", "c", "/dev/null"];
    const { status, stderr } = await run(["gcc", ...flags, "-o", path]);
    if (status !== 0) throw new Error(`Cannot make ${name}: ${stderr}`);
  }

  async #write(path: string, data: Uint8Array): Promise<void> {
    const target = this.#folder + path;
    await Deno.mkdir(target.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeFile(target, data, { mode: 0o755 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

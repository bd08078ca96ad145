/** A disk for tests that count what happens on it. */

import { assertEquals } from "./assert.ts";
import { run } from "./gimlet.ts";

/** How often {@linkcode LoopDisk.words} writes 64 KiB. */
export const WRITES = 61;
/** How often it then reads 4 KiB. */
export const READS = 67;

/** A disk that nobody else uses: a loop device on an empty file. */
export class LoopDisk implements AsyncDisposable {
  private constructor(readonly path: string, readonly id: string, readonly file: string) {}

  static async make(): Promise<LoopDisk> {
    const file = await Deno.makeTempFile({ dir: "/var/tmp", prefix: "gimlet-disk-" });
    await Deno.truncate(file, 64 << 20);
    const { status, stdout, stderr } = await run(["losetup", "--find", "--show", file]);
    assertEquals(status, 0, stderr);
    const path = stdout.trim();
    const id = await Deno.readTextFile(`/sys/block/${path.replace("/dev/", "")}/dev`);
    return new LoopDisk(path, id.trim(), file);
  }

  /** Past the page cache: what dd asks for is what the disk gets, one after another. */
  writing(size = "64k", count = WRITES): string {
    return `dd if=/dev/zero of=${this.path} bs=${size} count=${count} oflag=direct status=none`;
  }

  reading(): string {
    return `dd if=${this.path} of=/dev/null bs=4k count=${READS} iflag=direct status=none`;
  }

  /** The command that does both. */
  get words(): string[] {
    return ["sh", "-c", `${this.writing()} && ${this.reading()}`];
  }

  /** Sets the size of the largest request, in KiB; the device keeps it longer than its file. */
  async limitRequests(kib: string): Promise<AsyncDisposable> {
    const path = `/sys/block/${this.path.replace("/dev/", "")}/queue/max_sectors_kb`;
    const before = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, kib);
    return { [Symbol.asyncDispose]: () => Deno.writeTextFile(path, before) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run(["losetup", "--detach", this.path]);
    await Deno.remove(this.file);
  }
}

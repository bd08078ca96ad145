/** A folder for what lives only as long as a machine starts. */

/** A folder that only we can read; removed when it is disposed. */
export class TemporaryFolder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "gimlet-vm-" });

  /** Removes it now. */
  remove(): void {
    try {
      Deno.removeSync(this.path, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.remove();
  }
}

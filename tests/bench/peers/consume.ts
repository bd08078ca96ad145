/** The way into a ring buffer that libbpf offers: `ring_buffer__consume`, which calls back for each record. */

/** What of libbpf it takes. */
const SYMBOLS = {
  ring_buffer__new: {
    parameters: [
      "i32", // int map_fd
      "function", // ring_buffer_sample_fn sample_cb
      "pointer", // void *ctx
      "pointer", // const struct ring_buffer_opts *opts
    ],
    result: "pointer",
  },
  ring_buffer__consume: { parameters: ["pointer"], result: "i32" },
  ring_buffer__free: { parameters: ["pointer"], result: "void" },
} as const satisfies Deno.ForeignLibraryInterface;

const CALLBACK = {
  parameters: ["pointer", "pointer", "usize"], // void *ctx, void *data, size_t size
  result: "i32",
} as const satisfies Deno.UnsafeCallbackDefinition;

/**
 * Reads what is in a ring buffer, each record by a callback in JavaScript that gets a copy of its bytes: of the ways to have
 * them, the quickest. Gives how many there were.
 */
export function consume(mapFd: number, size: number, take: (record: DataView) => void): number {
  const library = Deno.dlopen("libbpf.so.1", SYMBOLS);
  const bytes = new Uint8Array(size);
  const record = new DataView(bytes.buffer);
  const callback = new Deno.UnsafeCallback(CALLBACK, (_context, data) => {
    Deno.UnsafePointerView.copyInto(data!, bytes);
    take(record);
    return 0;
  });
  try {
    const { ring_buffer__new, ring_buffer__consume, ring_buffer__free } = library.symbols;
    const ring = ring_buffer__new(mapFd, callback.pointer, null, null);
    if (ring === null) throw new Error("Cannot open a ring buffer by libbpf");
    const count = ring_buffer__consume(ring);
    ring_buffer__free(ring);
    return count;
  } finally {
    callback.close();
    library.close();
  }
}

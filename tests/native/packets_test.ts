/** `skboutput()`: packets in files, on this machine's kernel. */

import { LONGEST_PACKET } from "../../programs/script/plan.ts";
import { assertEquals, assertMatch } from "../assert.ts";
import { gimlet, gimletRecords } from "../gimlet.ts";
import { checkDatagrams, forDatagrams, readPcap, SEND } from "../packets.ts";
import { binary, capabilities, needsProgram, root, test } from "../support.ts";

const needs = [root, capabilities, binary, needsProgram("bash")];
const SENDER = `bash -c '${SEND}'`;
/** The frame of Ethernet in front of what is sent. */
const ETHERNET = 14;

/** Does something with a folder that is gone afterwards. */
async function inFolder(action: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "gimlet-packets-" });
  try {
    await action(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

test("skboutput() writes every packet, and no byte more", { needs }, async () => {
  await inFolder(async (folder) => {
    const [whole, short, late] = ["whole", "short", "late"].map((name) => `${folder}/${name}.pcap`);
    const before = Date.now() * 1000;
    const { stdout, stderr, status } = await gimlet([
      ...["-q", "-c", SENDER, "-e"],
      `rawtracepoint:net_dev_queue { ${
        forDatagrams(
          "args.skb",
          `@whole[skboutput("${whole}", $skb, $skb->len, ${ETHERNET})] = count();
           @short[skboutput("${short}", args.skb, ${ETHERNET + 29}, ${ETHERNET})] = count();
           @late[skboutput("${late}", (struct sk_buff *)arg0, 20, 20)] = count();
           @more[skboutput("${late}", $skb, $skb->len + 1, 0)] = count();`,
        )
      } }`,
    ]);
    assertEquals([status, stderr], [0, ""]);
    assertEquals(stdout.trim().split(/\n+/), [
      "@late[0]: 23",
      "@more[-14]: 23",
      "@short[0]: 23",
      "@whole[0]: 23",
    ]);
    const packets = readPcap(await Deno.readFile(whole!));
    checkDatagrams(packets);
    const times = [before, ...packets.map(({ time }) => time), Date.now() * 1000];
    assertEquals(times, times.toSorted((a, b) => a - b));
    checkDatagrams(readPcap(await Deno.readFile(short!)), 29);
    // Behind the offset there is nothing left of them.
    assertEquals(readPcap(await Deno.readFile(late!)), []);
  });
});

test(
  "skboutput() writes the packets before the last event that was asked for",
  { needs },
  async () => {
    await inFolder(async (folder) => {
      const file = `${folder}/some.pcap`;
      const { status, stderr } = await gimlet([
        ...["-q", "--max-events", "5", "-c", SENDER, "-e"],
        `rawtracepoint:net_dev_queue { ${
          forDatagrams("args.skb", `skboutput("${file}", $skb, $skb->len, 14); printf("sent\\n");`)
        } }`,
      ]);
      assertEquals([status, stderr], [0, ""]);
      const lengths = readPcap(await Deno.readFile(file)).map(({ length }) => length);
      assertEquals(lengths.slice(0, 5), [29, 30, 31, 32, 33]);
    });
  },
);

test(
  "skboutput() takes as much of a packet as a record can hold, also in loops",
  { needs },
  async () => {
    await inFolder(async (folder) => {
      const file = `${folder}/longest.pcap`;
      const send = "dd if=/dev/zero bs=65507 count=1 status=none >/dev/udp/127.0.0.1/4711";
      const { status, stdout, stderr } = await gimlet([
        ...["-q", "-c", `bash -c '${send}'`, "-e"],
        `BEGIN { @twice[1] = 1; @twice[2] = 2; }
      rawtracepoint:net_dev_queue { ${
          forDatagrams(
            "args.skb",
            `for ($kv : @twice) { @[skboutput("${file}", args.skb, args.skb->len, ${ETHERNET})] = count(); }`,
          )
        } } END { clear(@twice); }`,
      ]);
      assertEquals([status, stderr, stdout.trim()], [0, "", "@[0]: 2"]);
      const packets = readPcap(await Deno.readFile(file));
      const sizes = packets.map(({ bytes, length }) => [bytes.length, length]);
      assertEquals(sizes, Array(2).fill([LONGEST_PACKET - ETHERNET, 65535]));
      for (const { bytes } of packets) {
        assertEquals(bytes.slice(28).every((byte) => byte === 0), true);
      }
    });
  },
);

test("packets that find no room are counted and told", { needs }, async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/large.pcap`;
    // Longer than the page that there is for each CPU.
    const send =
      "for i in {1..7}; do dd if=/dev/zero bs=5000 count=1 status=none >/dev/udp/127.0.0.1/4711; done";
    const { status, records } = await gimletRecords([
      ...["--json", "--fail-on-loss", "-c", `bash -c '${send}'`, "-e"],
      `config = { perf_rb_pages = 1 } rawtracepoint:net_dev_queue { ${
        forDatagrams(
          "args.skb",
          `@[skboutput("${file}", $skb, $skb->len, 0)] = count(); skboutput("${file}", $skb, 60, 0);`,
        )
      } }`,
    ]);
    const lost = records.filter(({ type }) => type === "lost");
    assertEquals(lost.map(({ reason }) => reason).at(0), "buffer_full");
    assertEquals(lost.reduce((sum, { count }) => sum + Number(count), 0), 7);
    assertEquals(status, 6);
    const packets = readPcap(await Deno.readFile(file));
    assertEquals(
      packets.map(({ bytes, length }) => [bytes.length, length]),
      Array(7).fill([60, 5042]),
    );
  });
});

test("a file for packets that cannot be written is named", { needs }, async () => {
  const probe = `rawtracepoint:net_dev_queue { skboutput($1, args.skb, 14, 0); }`
    .replace("$1", "str($1)");
  const missing = await gimlet(["-e", probe, "/nowhere/x.pcap"]);
  assertEquals(missing.status, 2);
  assertMatch(missing.stderr, /Cannot write to "\/nowhere\/x\.pcap": No such file or directory/);
  const full = await gimlet(["-e", probe, "/dev/full"]);
  assertEquals(full.status, 74);
  assertMatch(full.stderr, /Cannot write \/dev\/full: No space left on device/);
  const dry = await gimlet(["--dry-run", "-e", probe, "/nowhere/x.pcap"]);
  assertEquals([dry.status, dry.stderr], [0, ""]);
});

test("-k tells of packets that are shorter than was asked for", { needs }, async () => {
  await inFolder(async (folder) => {
    const { status, stderr } = await gimlet([
      ...["-q", "-k", "-c", SENDER, "-e"],
      `rawtracepoint:net_dev_queue { ${
        forDatagrams("args.skb", `skboutput("${folder}/x.pcap", $skb, 60000, 0);`)
      } }`,
    ]);
    assertEquals(status, 0);
    assertMatch(stderr, /WARNING: Failed to skb_output: Bad address \(-14\)/);
  });
});

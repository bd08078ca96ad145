import { diskFields, diskTable, rwbsOperation } from "../../../programs/lib/disk.ts";
import { assertEquals } from "../../assert.ts";

const event = (ts: bigint, latency_ns: bigint, bytes: number, op: string) => ({
  ts,
  latency_ns,
  sector: 2_048n,
  dev: 259 << 20 | 3,
  bytes,
  op,
});
type Event = ReturnType<typeof event>;
const operation = ({ op }: Event) => op;

Deno.test("diskTable() prints as BCC's disksnoop does", () => {
  const { header, line } = diskTable<Event>(operation);
  const events = [
    event(16_458_043_436_012_000n, 3_134_000n, 4096, "W"),
    event(1_126_545_678n, 42_824_999n, 131_072, "R"),
    event(16_458_044_129_872_001n, 1_234_567_890_123n, 123_456_789, "R"),
    event(999n, 0n, 0, "M"),
  ];
  // Made by Python: "%-18s %-2s %-7s %8s", and "%-18.9f %-2s %-7s %8.2f"
  assertEquals([header, ...events.map((each) => line(each, events[0]!))], [
    "TIME(s)            T  BYTES    LAT(ms)",
    "16458043.436012000 W  4096        3.13",
    "1.126545678        R  131072     42.82",
    "16458044.129872001 R  123456789 1234567.89",
    "0.000000999        M  0           0.00",
  ]);
});

Deno.test("diskFields() names the disk as lsblk does, and keeps integers exact", () => {
  assertEquals(diskFields(event(2n ** 63n, 7n, 512, "R"), operation), {
    ts: 2n ** 63n,
    dev: 259 << 20 | 3,
    disk: "259:3",
    sector: 2_048n,
    bytes: 512,
    op: "R",
    latency_ns: 7n,
  });
  // The largest numbers that a dev_t holds.
  const largest = { ...event(1n, 1n, 512, "R"), dev: 0xffff_ffff };
  assertEquals(diskFields(largest, operation)["disk"], "4095:1048575");
});

Deno.test("rwbsOperation() reads the kernel's letters", () => {
  const letters = {
    W: "W",
    WS: "W",
    WSM: "W",
    FWFS: "W",
    D: "W",
    DE: "W",
    R: "R",
    RA: "R",
    N: "R",
  };
  for (const [rwbs, op] of Object.entries(letters)) assertEquals(rwbsOperation(rwbs, 512), op);
  for (const rwbs of ["F", "FF", "N"]) assertEquals(rwbsOperation(rwbs, 0), "M");
});

/** Times as C's `strftime` writes them, in the time zone of the machine and the C locale. */

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  ...["January", "February", "March", "April", "May", "June", "July"],
  ...["August", "September", "October", "November", "December"],
];

/** Writes a time; `nanoseconds` are since 1970. `%f` and `%k` are the micro- and nanoseconds. */
export function strftime(format: string, nanoseconds: bigint): string {
  const date = new Date(Number(nanoseconds / 1_000_000n));
  const micros = (nanoseconds / 1000n % 1_000_000n).toString().padStart(6, "0");
  const nanos = (nanoseconds % 1_000_000_000n).toString().padStart(9, "0");
  const write = (text: string): string =>
    text.replaceAll(/%([a-zA-Z%])/g, (whole, letter: string) => {
      if (letter === "f") return micros;
      if (letter === "k") return nanos;
      const combined = COMBINED[letter];
      if (combined !== undefined) return write(combined);
      return PARTS[letter]?.(date) ?? whole;
    });
  return write(format);
}

const COMBINED: Readonly<Record<string, string>> = {
  T: "%H:%M:%S",
  R: "%H:%M",
  F: "%Y-%m-%d",
  D: "%m/%d/%y",
  c: "%a %b %e %H:%M:%S %Y",
  x: "%m/%d/%y",
  X: "%H:%M:%S",
  r: "%I:%M:%S %p",
};

const PARTS: Readonly<Record<string, (date: Date) => string>> = {
  "%": () => "%",
  n: () => "\n",
  t: () => "\t",
  H: (date) => two(date.getHours()),
  I: (date) => two(date.getHours() % 12 || 12),
  M: (date) => two(date.getMinutes()),
  S: (date) => two(date.getSeconds()),
  p: (date) => date.getHours() < 12 ? "AM" : "PM",
  Y: (date) => String(date.getFullYear()),
  C: (date) => two(Math.floor(date.getFullYear() / 100)),
  y: (date) => two(date.getFullYear() % 100),
  m: (date) => two(date.getMonth() + 1),
  d: (date) => two(date.getDate()),
  e: (date) => String(date.getDate()).padStart(2),
  j: (date) => String(dayOfYear(date)).padStart(3, "0"),
  a: (date) => DAYS[date.getDay()]!.slice(0, 3),
  A: (date) => DAYS[date.getDay()]!,
  b: (date) => MONTHS[date.getMonth()]!.slice(0, 3),
  h: (date) => MONTHS[date.getMonth()]!.slice(0, 3),
  B: (date) => MONTHS[date.getMonth()]!,
  u: (date) => String(date.getDay() || 7),
  w: (date) => String(date.getDay()),
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  z: (date) => zone(-date.getTimezoneOffset()),
  Z: (date) => /\(([^)]+)\)/.exec(date.toString())?.[1]?.replaceAll(/[a-z ]/g, "") ?? "",
};

function two(number: number): string {
  return String(number).padStart(2, "0");
}

function zone(minutes: number): string {
  const [sign, size] = minutes < 0 ? ["-", -minutes] : ["+", minutes];
  return `${sign}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

function dayOfYear(date: Date): number {
  const start = Date.UTC(date.getFullYear(), 0, 1);
  return (Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - start) / 86_400_000 + 1;
}

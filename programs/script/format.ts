/** The formats of `printf()`: what they ask for, and what becomes of it. */

/** One conversion of a format: `%-8.3s`. */
export interface Conversion {
  readonly flags: string;
  /** `*` where an argument says it. */
  readonly width: string;
  readonly precision: string | undefined;
  readonly length: string;
  /** Its last letter. */
  readonly conversion: string;
}

const CONVERSION = /%([-+ #0]*)(\d*)(?:\.(\d*))?(hh|h|ll|l|j|z|t|L)?([a-zA-Z%])/g;

/** A format, cut into text and conversions. */
export function parseFormat(format: string): (string | Conversion)[] {
  const parts: (string | Conversion)[] = [];
  let end = 0;
  for (const match of format.matchAll(CONVERSION)) {
    parts.push(format.slice(end, match.index));
    end = match.index + match[0].length;
    const [, flags = "", width = "", precision, length = "", conversion = ""] = match;
    if (conversion === "%") parts.push("%");
    else {
      // %rx and %rh are %r with another way to write bytes.
      const hex = conversion === "r" ? /^[xh]/.exec(format.slice(end))?.[0] ?? "" : "";
      end += hex.length;
      parts.push({ flags, width, precision, length: length + hex, conversion });
    }
  }
  parts.push(format.slice(end));
  return parts.filter((part) => part !== "");
}

/** The conversions of a format, which each take an argument. */
export function conversionsOf(format: string): Conversion[] {
  return parseFormat(format).filter((part) => typeof part !== "string");
}

// How many bits C takes of an argument; without a letter it is an int.
const LENGTH_BITS: Readonly<Record<string, number>> = { hh: 8, h: 16, "": 32 };

/** How many bits of an integer a conversion prints. */
export function bitsOf({ length }: Conversion): number {
  return LENGTH_BITS[length] ?? 64;
}

/** Whether a conversion says nothing of how wide its text is to be, or of signs. */
export function isPlain({ flags, width, precision }: Conversion): boolean {
  return flags === "" && width === "" && precision === undefined;
}

/** An integer, as C's printf prints it. */
export function formatInteger(conversion: Conversion, value: bigint): string {
  const bits = bitsOf(conversion);
  const unsigned = BigInt.asUintN(bits, value);
  switch (conversion.conversion) {
    case "d":
    case "i": {
      const signed = BigInt.asIntN(bits, value);
      const sign = signed < 0n ? "-" : /[+ ]/.exec(conversion.flags)?.[0] ?? "";
      return padNumber(conversion, sign, (signed < 0n ? -signed : signed).toString());
    }
    case "x":
      return padNumber(conversion, alternate(conversion, unsigned, "0x"), unsigned.toString(16));
    case "X": {
      const digits = unsigned.toString(16).toUpperCase();
      return padNumber(conversion, alternate(conversion, unsigned, "0X"), digits);
    }
    case "o":
      return padNumber(conversion, alternate(conversion, unsigned, "0"), unsigned.toString(8));
    case "p": {
      const address = BigInt.asUintN(64, value);
      if (address === 0n) return pad(conversion, "(nil)");
      return pad(conversion, `0x${address.toString(16)}`);
    }
    case "c":
      return pad(conversion, String.fromCharCode(Number(BigInt.asUintN(8, value))));
    default:
      return padNumber(conversion, "", unsigned.toString());
  }
}

/** A string, as C's printf prints it. Widths count characters. */
export function formatString(conversion: Conversion, text: string): string {
  const { precision } = conversion;
  return pad(conversion, precision === undefined ? text : text.slice(0, Number(precision)));
}

function alternate({ flags }: Conversion, value: bigint, prefix: string): string {
  return flags.includes("#") && value !== 0n ? prefix : "";
}

function padNumber(conversion: Conversion, sign: string, digits: string): string {
  const { flags, precision, width } = conversion;
  const precise = precision === undefined ? digits : digits.padStart(Number(precision), "0");
  const zeros = flags.includes("0") && !flags.includes("-") && precision === undefined;
  if (!zeros) return pad(conversion, sign + precise);
  return sign + precise.padStart(Number(width) - sign.length, "0");
}

function pad({ flags, width }: Conversion, text: string): string {
  const columns = Number(width);
  return flags.includes("-") ? text.padEnd(columns) : text.padStart(columns);
}

import { z } from "zod";
import { once } from "../../../platform/once.ts";
import { DIRECTIONS, ROLES } from "./roles.ts";
import { UNITS } from "./unit.ts";

/** Types of registers as a profile writes them. */
const TYPES = [
  ...["bit", "u16", "i16", "u32", "i32", "u64", "i64", "acc32", "acc64", "f32", "f64", "bcd16", "bcd32", "string"],
] as const;

/** What registers, probes and controls are made of. */
export const fields = once(() => {
  /** A register's name: what expressions, settings and people call it. */
  const Name = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,47}$/, "must be a letter, then letters, digits or _");
  const Address = z.int().min(0).max(65_535).describe("zero-based, as it is sent");
  const Table = z.enum(["holding", "input", "coil", "discrete"]);
  const Type = z.enum(TYPES);
  const Order = z.enum(["high_first", "low_first"]).describe("of the words of one value");
  const Bytes = z.enum(["normal", "swapped"]).describe("swapped: the low byte of each word comes first");
  const WriteFunction = z.union([z.literal(6), z.literal(16)]);
  const Raw = z.number().describe("a raw value; a negative one may be written as its bits");

  /** Raw values and ranges of them: `5`, `0x0D03-0x0D1F`. */
  const RawSet = z.array(z.union([
    z.int(),
    z.string().regex(/^(0x[0-9A-Fa-f]+|\d+)\s*-\s*(0x[0-9A-Fa-f]+|\d+)$/, "must be a number or a range such as 3-9"),
  ])).min(1).max(256);

  /** The meaning of a value or a bit, after how bad it is: `ok running`, `asleep night`, `warning hot`, `fault no grid`. */
  const Meaning = z.string().min(1).max(120);
  return { Name, Address, Table, Type, Order, Bytes, WriteFunction, RawSet, Meaning, Raw };
});

/**
 * A record of at most so many entries.
 *
 * @example
 * ```ts
 * import { z } from "zod";
 * const few = atMost(1, z.record(z.string(), z.number()));
 * few.safeParse({ a: 1, b: 2 }).success; // => false
 * ```
 */
export function atMost<S extends z.ZodRecord>(entries: number, record: S): S {
  return record.refine((written) => Object.keys(written).length <= entries, `has more than ${entries} entries`)
    .meta({ maxProperties: entries });
}

/** One register of a device. */
export const registerDocument = once(() => {
  const { Name, Address, Table, Type, Order, Bytes, WriteFunction, RawSet, Meaning, Raw } = fields();
  return z.strictObject({
    title: z.string().min(1).max(80).optional().describe("what people call it; default: its role, or its name"),
    note: z.string().max(400).optional().describe("what is worth knowing about it"),
    confidence: z.enum(["high", "medium", "low"]).optional().describe("high: two independent sources agree"),
    table: Table.optional().describe("default: as `defaults` say, else holding"),
    unit_id: Name.optional().describe("one of `link.units`, where it is not the device's own unit id"),
    address: z.union([Address, z.array(Address).length(2)]).describe(
      "of the first word; or of the high and the low word, where they do not adjoin",
    ),
    type: Type,
    words: z.int().min(1).max(64).optional().describe("of a string"),
    order: Order.optional(),
    bytes: Bytes.optional(),
    mask: z.int().min(1).max(0xffff_ffff).optional().describe("which bits of it are the value"),
    shift: z.int().min(1).max(31).optional().describe("so many bits to the right, after the mask"),
    scale: z.number().positive().optional().describe("value = raw × scale + offset"),
    offset: z.number().optional(),
    exponent: Name.optional().describe("register with the power of ten to multiply by"),
    absent: z.union([Raw, z.array(Raw).min(1).max(8), z.literal("none")]).optional().describe(
      "raw values that mean that there is none; default: as `defaults` say for the type",
    ),
    unit: z.enum(UNITS).optional(),
    role: z.enum([...ROLES.keys()]).optional().describe("what it is; none: shown, and nothing else"),
    positive: z.enum(DIRECTIONS).optional().describe("which way a positive value goes"),
    negative_when: z.record(Name, RawSet).optional().describe(
      "the value counts as negative when that register has one of those",
    ),
    counts: z.enum(["lifetime", "day", "month", "year"]).optional().describe("a counter, since when"),
    midnight: z.enum(["device", "utc"]).optional().describe("whose midnight a counter of the day starts at"),
    wraps: z.boolean().optional().describe("a lifetime counter starts again from 0 when its type is full"),
    range: z.tuple([z.number(), z.number()]).optional().describe("values that can be true, in `unit`"),
    step: z.number().positive().optional().describe("largest believable change within a minute, in `unit`"),
    values: atMost(256, z.record(z.string().regex(/^-?\d+$/, "must be a number"), Meaning)).optional().describe(
      "meanings of its values",
    ),
    bits: atMost(64, z.record(z.string().regex(/^\d+$/, "must be the number of a bit"), Meaning)).optional().describe(
      "meanings of its bits",
    ),
    access: z.enum(["read", "read_write", "write"]).optional().describe("default: read"),
    write: z.strictObject({
      function: WriteFunction.optional().describe("6 or 16; default: as `defaults` say"),
      address: Address.optional().describe("where it is written, if not where it is read"),
    }).optional(),
    overlaps: z.boolean().optional().describe("it shares words with another register on purpose"),
    synonyms: z.array(z.string().regex(/^[A-Za-z0-9_.:-]{1,64}$/)).max(8).optional().describe("other names for it"),
  });
});
export type RegisterDocument = Readonly<z.infer<ReturnType<typeof registerDocument>>>;

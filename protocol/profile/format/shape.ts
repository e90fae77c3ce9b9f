import { z } from "zod";
import { once } from "../../../platform/once.ts";
import { duration } from "../../../platform/quantity.ts";
import { controlDocument } from "./control_document.ts";
import { linkDocument } from "./link_document.ts";
import { probeDocument } from "./probe_document.ts";
import { atMost, fields, registerDocument } from "./register_document.ts";
import { DIRECTIONS, ROLES } from "./roles.ts";
import { UNITS } from "./unit.ts";

/** Of what a document has at most: a gateway takes it from whoever has a key. */
const MOST = { registers: 512, variants: 16, derived: 64, controls: 32 } as const;

/** Most words that a device takes in one read (Modbus application protocol 1.1b3 §6.3). */
const MAX_READ = 125;

/** What holds for every register that does not say otherwise. */
const defaultsDocument = once(() => {
  const { Bytes, Order, Table, WriteFunction } = fields();
  const Absent = z.union([z.number(), z.array(z.number()).min(1).max(8)]);
  return z.strictObject({
    table: Table.optional(),
    order: Order.optional(),
    bytes: Bytes.optional(),
    absent: z.partialRecord(
      z.enum(["u16", "i16", "u32", "i32", "u64", "i64", "acc32", "acc64", "f32", "f64", "bcd16", "bcd32"]),
      Absent,
    )
      .optional().describe("by type; floats that are no number are absent always"),
    write_function: WriteFunction.optional(),
  });
});

/** A text of the device. */
const textDocument = once(() => {
  const { Address, Bytes, Name, Table } = fields();
  return z.strictObject({
    table: Table.optional(),
    unit_id: Name.optional(),
    address: Address,
    words: z.int().min(1).max(64),
    bytes: Bytes.optional(),
  });
});

/** The texts that say what the device is. */
const identityDocument = once(() =>
  z.strictObject({
    manufacturer: textDocument().optional(),
    model: textDocument().optional(),
    serial: textDocument().optional(),
    firmware: textDocument().optional(),
  })
);

/** A value that is computed. */
const derivedDocument = once(() => {
  return z.strictObject({
    is: z.string().min(1).max(400).describe("arithmetic over registers: + - * / ( ) min max abs first"),
    title: z.string().min(1).max(80).optional(),
    unit: z.enum(UNITS).optional(),
    role: z.enum([...ROLES.keys()]).optional(),
    positive: z.enum(DIRECTIONS).optional(),
  });
});

/** What is read how often. */
const pollDocument = once(() => {
  const names = z.array(fields().Name).max(64);
  return z.strictObject({
    fast: names.optional().describe("with every poll; default: all that is measured"),
    slow: z.strictObject({ every: duration("1s", "1h"), of: names.min(1) }).optional().describe("less often"),
  });
});

/** What differs in one kind of the device. */
const variantDocument = once(() => {
  const { Name, RawSet } = fields();
  return z.strictObject({
    title: z.string().min(1).max(120).optional(),
    when: RawSet.describe("raw values of the register that tells"),
    defaults: defaultsDocument().optional(),
    registers: atMost(MOST.registers, z.record(Name, registerDocument().partial().nullable())).default({}).describe(
      "what differs: some keys of a register, a whole new one, or null for one that is not there",
    ),
  });
});

/** A device as data, as it is written, key by key: `ecowatt-profile/1`. Whether its parts fit together is another question. */
export const shape = once(() => {
  const { Address, Name, Table } = fields();
  return z.strictObject({
    profile: z.literal("ecowatt-profile/1"),
    name: z.string().regex(/^[a-z][a-z0-9-]{0,47}$/, "must be a small letter, then small letters, digits or -"),
    title: z.string().min(1).max(120),
    maker: z.string().min(1).max(80).optional(),
    models: z.array(z.string().min(1).max(120)).max(64).default([]).describe("families that the map is for"),
    class: z.enum(["inverter", "hybrid", "meter", "battery", "gateway", "sensor", "charger"]),
    status: z.enum(["transcribed", "dumped", "proven"]).describe(
      "from documents only; with a dump of a real device; with dumps of two owners",
    ),
    confidence: z.enum(["high", "medium", "low"]).default("medium"),
    sources: z.array(z.string().min(1).max(400)).max(32).default([]),
    quirks: z.array(z.string().min(1).max(400)).max(32).default([]).describe("what its owner should know"),
    link: linkDocument().prefault({}),
    max_read: z.int().min(1).max(MAX_READ).default(MAX_READ).describe("words that it takes in one read"),
    cuts: z.array(z.tuple([Table, Address])).max(64).default([]).describe(
      "no read holds this address and the one before it",
    ),
    holes: z.array(z.tuple([Table, Address, Address])).max(64).default([]).describe(
      "first and last of what is never read",
    ),
    defaults: defaultsDocument().default({}),
    identity: identityDocument().default({}).describe("texts that are read once"),
    registers: atMost(MOST.registers, z.record(Name, registerDocument())),
    detect: z.array(probeDocument()).max(8).default([]).describe(
      "what tells it from other devices, the cheapest first",
    ),
    fit: z.array(probeDocument()).max(16).default([]).describe(
      "what holds besides, before anything is stored or written",
    ),
    poll: pollDocument().default({}),
    derive: atMost(MOST.derived, z.record(Name, derivedDocument())).default({}).describe(
      "values that are computed from others of the same poll",
    ),
    variants: z.strictObject({
      by: Name.describe("the register that tells which it is"),
      of: atMost(MOST.variants, z.record(z.string().regex(/^[a-z][a-z0-9-]{0,31}$/), variantDocument())),
    }).optional(),
    controls: atMost(MOST.controls, z.record(z.string().regex(/^[a-z][a-z0-9_]{0,47}$/), controlDocument())).default(
      {},
    ),
  });
});
export type Shape = Readonly<z.infer<ReturnType<typeof shape>>>;

import { z } from "zod";
import { LineSettings } from "../serial/settings.ts";
import { FaultRule } from "./fault.ts";

const Port = z.number().int().min(0).max(65_535);
const Unit = z.number().int().min(1).max(247);

/** The simulated inverter and where it stands. */
const PlantOptions = z.strictObject({
  /** Degrees; the default is Colombo. */
  latitude: z.number().min(-66).max(66).default(6.9),
  longitude: z.number().min(-180).max(180).default(79.9),
  ratedWatts: z.number().min(100).max(20_000).default(5_000),
  /** Over SunSpec; the ten registers are always those of one phase. */
  phases: z.union([z.literal(1), z.literal(3)]).default(3),
  /** Grid faults that trip the inverter for two minutes, on average a day. */
  tripsPerDay: z.number().min(0).max(144).default(0),
});
type PlantOptions = z.infer<typeof PlantOptions>;

/** How the SunSpec map deviates from the book; inverters in the field show each of these. */
export const SunSpecOptions = z.strictObject({
  base: z.union([z.literal(0), z.literal(40_000), z.literal(50_000)]).default(40_000),
  /** 65 leaves the pad out, which moves all that follows. */
  identityLength: z.union([z.literal(65), z.literal(66)]).default(66),
  /** After the last model: the end marker, only its ID, an ID of 0, or nothing (exception 02). */
  end: z.enum(["marker", "bare", "zero", "none"]).default("marker"),
  /** Models 111 and 113 instead of 101 and 103. */
  float: z.boolean().default(false),
  /** Scale factors that are not implemented (0x8000), by name: `103.W_SF`. */
  unusableFactors: z.array(z.string()).default([]),
});
export type SunSpecOptions = z.infer<typeof SunSpecOptions>;

/** A simulated inverter and the interfaces it is served on. Ports: 0 takes a free one, `null` serves none. */
export const SimulatorOptions = z.strictObject({
  host: z.string().default("127.0.0.1"),
  port: Port.nullable().default(5020),
  httpPort: Port.nullable().default(8090),
  /** What `Authorization` must be over HTTP; without it any key will do. */
  apiKey: z.string().min(1).optional(),
  /** Path of a serial port, or `pty` for a new pseudo terminal. */
  serial: z.string().min(1).optional(),
  line: LineSettings.prefault({}),
  /** Lets a pty take as long as a wire of that speed would. */
  paced: z.boolean().default(false),
  /** Times as fast as the real clock. */
  speed: z.number().min(0.001).max(100_000).default(1),
  /** Simulated time at the start, ISO 8601; now unless given. */
  start: z.iso.datetime({ offset: true }).optional(),
  seed: z.number().int().min(0).max(0xffff_ffff).default(1),
  profile: z.enum(["ecowatt", "sunspec", "both"]).default("ecowatt"),
  /** Unit id of the ten registers. */
  unit: Unit.default(17),
  /** Unit id of the SunSpec map. */
  sunspecUnit: Unit.default(1),
  plant: PlantOptions.prefault({}),
  sunspec: SunSpecOptions.prefault({}),
  faults: z.array(FaultRule).default([]),
  /** Modbus TCP connections at a time; many real inverters take one. */
  maxClients: z.number().int().min(1).max(1_000).default(32),
}).refine((options) => options.profile !== "both" || options.unit !== options.sunspecUnit, {
  path: ["sunspecUnit"],
  message: "must differ from unit",
});
export type SimulatorOptions = z.infer<typeof SimulatorOptions>;

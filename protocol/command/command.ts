import { z } from "zod";

/** Most words that one read may ask for (Modbus application protocol 1.1b3 §6.3). */
const MAX_READ_COUNT = 125;

/** A zero-based register address of the PDU. */
export const RegisterAddress = z.int().min(0).max(0xffff);
/** What 32 bits can hold, signed or not; the register's own range is checked with its profile. */
const Integer = z.int().min(-0x8000_0000).max(0xffff_ffff);

/** Limits the output power. */
export const SetPower = z.strictObject({
  power_value: Integer.describe("the limit, in the unit of the inverter's limit register, or in `unit`"),
  unit: z.enum(["%", "W"]).optional().describe("of power_value; W is turned into % of the inverter's rating"),
  revert_s: z.int().min(0).max(0xffff).optional()
    .describe(
      "seconds after which the limit is lifted, by the inverter's own timer where it has one and by its node, unless it is set again; a node that starts lifts it at once; 0 or nothing: never",
    ),
  unverified: z.literal(true).optional()
    .describe("also where nobody has tried the limit on hardware: the operator insists"),
});

/** Writes one register, raw. */
export const WriteRegister = z.strictObject({
  register_address: RegisterAddress,
  value: Integer.describe("raw, as the register's encoding says; high word first where it has two"),
});

/** Reads consecutive holding registers. */
export const ReadRegister = z.strictObject({
  register_address: RegisterAddress,
  count: z.int().min(1).max(MAX_READ_COUNT).optional().describe("words; 1 when left out"),
});

/** The types of commands with their parameters, as they are on the wire (contract/1-link §6). */
export const COMMAND_SHAPES = {
  set_power: { command_type: z.literal("set_power"), parameters: SetPower },
  write_register: { command_type: z.literal("write_register"), parameters: WriteRegister },
  read_register: { command_type: z.literal("read_register"), parameters: ReadRegister },
} as const;

/** What an inverter is to do. */
export const Command = z.discriminatedUnion("command_type", [
  z.object(COMMAND_SHAPES.set_power),
  z.object(COMMAND_SHAPES.write_register),
  z.object(COMMAND_SHAPES.read_register),
]);
export type Command = z.infer<typeof Command>;
type CommandType = Command["command_type"];

/** The name of a command: unguessable, never given twice, short because boards echo it. */
export const CommandId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 _ -");

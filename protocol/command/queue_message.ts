import { z } from "zod";
import { DeviceId } from "../device_id.ts";
import { InverterName } from "../messages/sample_blocks.ts";
import { COMMAND_SHAPES } from "./command.ts";

/** Most commands of one batch. */
const MAX_BATCH = 100;

const Time = z.iso.datetime({ offset: true, error: "must be an RFC 3339 time" });

const common = {
  device_id: DeviceId,
  inverter: InverterName.optional().describe("which inverter of a node; may be left out when it has one"),
  profile: z.string().min(1).max(1024).optional()
    .describe("what to check against while nothing of this inverter is known yet"),
  priority: z.int().min(0).max(9).default(5).describe("9 goes first"),
  not_before: Time.optional(),
  expires_at: Time.optional().describe("not executed from this time on"),
  idempotency_key: z.string().min(1).max(128).optional().describe(
    "queued once per device and key, however often it is sent",
  ),
  override_budget: z.boolean().default(false).describe(
    "also when the register's writes of the day are used up; admins only",
  ),
};

/** One command as an operator queues it. */
export const QueuedCommand = z.discriminatedUnion("command_type", [
  z.strictObject({ ...common, ...COMMAND_SHAPES.set_power }),
  z.strictObject({ ...common, ...COMMAND_SHAPES.write_register }),
  z.strictObject({ ...common, ...COMMAND_SHAPES.read_register }),
]);
export type QueuedCommand = z.infer<typeof QueuedCommand>;

/** A batch: all of it is queued, or nothing. */
export const CommandBatch = z.strictObject({ commands: z.array(QueuedCommand).min(1).max(MAX_BATCH) });
export type CommandBatch = z.infer<typeof CommandBatch>;

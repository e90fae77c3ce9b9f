import { z } from "zod";
import { DeviceId } from "../device_id.ts";
import { InverterName } from "../messages/sample_blocks.ts";
import { COMMAND_SHAPES, CommandId, RegisterAddress } from "./command.ts";

/** Longest that a `/command/get` may wait, in seconds. */
const MAX_WAIT_S = 30;
/** Most commands in one answer, and most that a node may hold. */
const MAX_HANDED_OUT = 64;

/** What a device posts to `/command/get`. */
export const CommandGet = z.object({
  device_id: DeviceId,
  wait_s: z.number().min(0).max(MAX_WAIT_S).default(0).describe("how long to wait for a command, in seconds"),
  holding: z.array(CommandId).max(256).optional().describe(
    "every command in the node's journal whose report was not answered yet. The others that were handed out got lost " +
      "on the way, and come again at once; without this key they come again when their lease ends",
  ),
});
export type CommandGet = z.infer<typeof CommandGet>;

const Millis = z.int().min(0);

const handed = {
  command_id: CommandId,
  inverter: InverterName.optional(),
  priority: z.int().min(0).max(9).optional(),
  queued_ms: Millis.optional().describe("unix milliseconds of the gateway"),
  expires_at_ms: Millis.optional().describe("unix milliseconds; not executed from this time on"),
  expires_in_ms: Millis.optional().describe("the same, counted from this answer, for a node whose clock is wrong"),
  override_budget: z.boolean().optional().describe("an admin allows this write beyond the day's budget"),
};

/** A command as a node gets it. */
export const HandedCommand = z.discriminatedUnion("command_type", [
  z.object({ ...handed, ...COMMAND_SHAPES.set_power }),
  z.object({ ...handed, ...COMMAND_SHAPES.write_register }),
  z.object({ ...handed, ...COMMAND_SHAPES.read_register }),
]);
export type HandedCommand = z.infer<typeof HandedCommand>;

/** The answer to `/command/get`: to be executed in this order. */
export const CommandGetAnswer = z.object({
  status: z.literal("success"),
  device_id: DeviceId,
  command_count: z.int().min(0),
  commands: z.array(HandedCommand).max(MAX_HANDED_OUT),
  waited_ms: z.number().min(0).optional().describe(
    "how long the gateway held the request. The node sent it at least so long before the answer was made: that bounds the " +
      "age of `expires_in_ms`, however slow the answer is",
  ),
  write_budget: z.int().min(1).optional().describe("writes that one register takes in a UTC day"),
});
export type CommandGetAnswer = z.infer<typeof CommandGetAnswer>;

/** A register as it was read, or read back after a write. */
export const ReadBack = z.object({
  address: RegisterAddress,
  words: z.array(z.int().min(0).max(0xffff)).min(1).max(125).describe("as the inverter holds them"),
  register: z.string().max(64).optional().describe("its name in the profile"),
  value: z.number().optional().describe("in `unit`"),
  unit: z.string().max(16).optional(),
});
export type ReadBack = z.infer<typeof ReadBack>;

/** What a node tells of an executed command: a line for people, and what the registers hold. */
export const CommandResult = z.object({
  message: z.string().max(500),
  registers: z.array(ReadBack).max(125).default([]),
});
export type CommandResult = z.infer<typeof CommandResult>;

/** How a device found a command to end. `expired`: noticed in time by the node, not executed. */
const REPORT_STATUSES = ["completed", "failed", "expired"] as const;
export type ReportStatus = typeof REPORT_STATUSES[number];

/** What a device posts to `/command/report`. Boards send a text as `result`, nodes a `CommandResult`. */
export const CommandReport = z.object({
  device_id: DeviceId,
  command_id: CommandId,
  status: z.enum(REPORT_STATUSES),
  result: z.union([z.string().max(1000), CommandResult]).nullish(),
  error_message: z.string().max(1000).nullish(),
  execution_time_ms: z.int().min(0).max(86_400_000).optional().describe("as the node measured it"),
});
export type CommandReport = z.infer<typeof CommandReport>;

/** The answer to a report: the device may forget the command. A repeat is answered the same. */
export const CommandReportAnswer = z.object({
  status: z.literal("success"),
  message: z.string(),
  command_id: CommandId,
});
export type CommandReportAnswer = z.infer<typeof CommandReportAnswer>;

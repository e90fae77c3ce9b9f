import { z } from "zod";
import { InverterName } from "./sample_blocks.ts";

/** How an inverter is doing, as its node sees it. `stale`: it has never answered, and it may be night. */
export const InverterState = z.enum(["ok", "asleep", "stale", "fault"]);
export type InverterState = z.infer<typeof InverterState>;

/** Most inverters that one node tells of. */
const MAX_INVERTERS = 1_024;
/** Longest reason, in characters. */
export const MAX_REASON = 300;

/** Most names that a node tells which an inverter had. */
export const MAX_FORMER_NAMES = 16;

const Time = z.int().min(0).max(2 ** 44 - 1);

/** One inverter of a node. */
export const InverterHealth = z.object({
  inverter: InverterName,
  state: InverterState,
  since_ms: Time.describe("unix milliseconds, by the node's clock"),
  reason: z.string().max(MAX_REASON).describe("one sentence for people"),
  formerly: z.array(InverterName).max(MAX_FORMER_NAMES).optional()
    .describe("names that the same inverter had before, which none of the node has now: its meter goes on"),
});
export type InverterHealth = Readonly<z.infer<typeof InverterHealth>>;

/** Samples of a node on their way to its gateway. */
export const OutboxHealth = z.object({
  waiting: z.int().min(0).describe("blocks of samples that the gateway has yet to take"),
  oldest_ms: Time.optional().describe("time of the oldest sample in them, unix milliseconds; left out when none waits"),
  dropped: z.int().min(0).describe("samples that were dropped because no more had room, ever"),
});
export type OutboxHealth = Readonly<z.infer<typeof OutboxHealth>>;

/**
 * What a node tells of itself whenever it asks for changes (contract/1-link §5): then its gateway knows night from
 * trouble.
 */
export const NodeHealth = z.object({
  upload_interval_s: z.number().min(1).max(86_400).describe("seconds between two uploads, as in force"),
  inverters: z.array(InverterHealth).max(MAX_INVERTERS),
  outbox: OutboxHealth.optional(),
});
export type NodeHealth = Readonly<z.infer<typeof NodeHealth>>;

import { z } from "zod";
import { Command } from "../../protocol/command/command.ts";
import { CommandResult } from "../../protocol/command/device_messages.ts";
import { COMMAND_STATES, isFinished, type Life, type Terms } from "../../protocol/command/life.ts";

const json = z.string().transform((text): unknown => JSON.parse(text));

/** A row of the table, with the name of its device. */
export const CommandRow = z.object({
  id: z.number(),
  command_id: z.string(),
  device: z.number(),
  device_id: z.string(),
  inverter: z.string(),
  content: json.pipe(Command),
  priority: z.number(),
  not_before: z.number().nullable(),
  expires_at: z.number().nullable(),
  override_budget: z.number(),
  fingerprint: z.string(),
  queued_by: z.string(),
  queued_at: z.number(),
  state: z.enum(COMMAND_STATES),
  started_at: z.number().nullable(),
  lease_until: z.number().nullable(),
  hand_outs: z.number(),
  last_hand_out: z.number().nullable(),
  finished_at: z.number().nullable(),
  reported: z.number(),
  execution_ms: z.number().nullable(),
  result: json.pipe(z.union([z.string(), CommandResult])).nullable(),
  error_message: z.string().nullable(),
}).transform((row) => ({
  id: row.id,
  commandId: row.command_id,
  /** Row of the device. */
  device: row.device,
  deviceId: row.device_id,
  inverter: row.inverter,
  content: row.content,
  priority: row.priority,
  terms: {
    ...(row.not_before === null ? {} : { notBefore: row.not_before }),
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
  } satisfies Terms,
  overrideBudget: row.override_budget === 1,
  /** Everything the operator asked for, to tell a repeat from another command under the same key. */
  fingerprint: row.fingerprint,
  queuedBy: row.queued_by,
  queuedAt: row.queued_at,
  life: lifeOf(row),
  /** Counts all hand-outs of the gateway: which of two commands a device got later. */
  lastHandOut: row.last_hand_out ?? undefined,
  executionMs: row.execution_ms ?? undefined,
  result: row.result ?? undefined,
  errorMessage: row.error_message ?? undefined,
}));

/** A command with everything that is known of it; times in unix milliseconds. */
export type StoredCommand = Readonly<z.infer<typeof CommandRow>>;

/** What comes with a change of a command's life. */
export interface Outcome {
  readonly executionMs?: number | undefined;
  readonly result?: string | CommandResult | undefined;
  readonly errorMessage?: string | undefined;
}

interface LifeRow {
  readonly state: Life["state"];
  readonly started_at: number | null;
  readonly lease_until: number | null;
  readonly hand_outs: number;
  readonly finished_at: number | null;
  readonly reported: number;
}

function lifeOf({ state, started_at, lease_until, hand_outs, finished_at, reported }: LifeRow): Life {
  if (state === "pending") return { state };
  if (state === "executing") {
    return { state, startedAt: started_at ?? 0, leaseUntil: lease_until ?? 0, handOuts: hand_outs };
  }
  return {
    state,
    startedAt: started_at ?? undefined,
    finishedAt: finished_at ?? 0,
    handOuts: hand_outs,
    reported: reported === 1,
  };
}

/** The columns that tell a life, from `state` to `reported`. */
export function lifeColumns(life: Life): [string, number | null, number | null, number, number | null, number] {
  if (life.state === "pending") return [life.state, null, null, 0, null, 0];
  if (isFinished(life)) {
    return [life.state, life.startedAt ?? null, null, life.handOuts, life.finishedAt, life.reported ? 1 : 0];
  }
  return [life.state, life.startedAt, life.leaseUntil, life.handOuts, null, 0];
}

/** The columns `execution_ms`, `result`, `error_message`. */
export function outcomeColumns(
  { executionMs, result, errorMessage }: Outcome,
): [number | null, string | null, string | null] {
  return [executionMs ?? null, result === undefined ? null : JSON.stringify(result), errorMessage ?? null];
}

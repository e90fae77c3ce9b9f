import { z } from "@hono/zod-openapi";
import { ReadRegister, SetPower, WriteRegister } from "../../protocol/command/command.ts";
import { CommandResult } from "../../protocol/command/device_messages.ts";
import { COMMAND_STATES } from "../../protocol/command/life.ts";
import type { CommandRecord } from "../command/command_service.ts";
import { STEPS } from "../store/command_steps.ts";

const Time = z.string().nullable().describe("RFC 3339 UTC");
const Timestamp = z.number().nullable().describe("The same in unix seconds");

/** A command as operators see it (contract/1-link §6). */
export const CommandView = z.object({
  command_id: z.string(),
  device_id: z.string(),
  inverter: z.string(),
  command_type: z.enum(["set_power", "write_register", "read_register"]),
  parameters: z.union([SetPower, WriteRegister, ReadRegister]),
  priority: z.number().int(),
  not_before: Time,
  expires_at: Time,
  override_budget: z.boolean(),
  queued_by: z.string(),
  status: z.enum(COMMAND_STATES),
  queued_time: z.string().describe("RFC 3339 UTC"),
  queued_timestamp: z.number().describe("The same in unix seconds"),
  execution_start: Time,
  execution_start_timestamp: Timestamp,
  completed_time: Time,
  completed_timestamp: Timestamp,
  execution_time_ms: z.number().int().nullable(),
  hand_outs: z.number().int().describe("How often the device got it"),
  lease_until: Time.describe("RFC 3339 UTC; until when the device has it, while it is executing"),
  reported: z.boolean().describe("Whether the device said how it ended"),
  result: z.union([z.string(), CommandResult]).nullable(),
  error_message: z.string().nullable(),
  steps: z.array(z.object({
    time: z.string().describe("RFC 3339 UTC"),
    step: z.enum(STEPS),
    detail: z.string(),
  })).describe("Everything that happened to it, in order"),
}).openapi("Command");

export function commandView({ command, steps }: CommandRecord): z.infer<typeof CommandView> {
  const { life, content, terms } = command;
  const startedAt = life.state === "pending" ? undefined : life.startedAt;
  const finishedAt = "finishedAt" in life ? life.finishedAt : undefined;
  return {
    command_id: command.commandId,
    device_id: command.deviceId,
    inverter: command.inverter,
    command_type: content.command_type,
    parameters: content.parameters,
    priority: command.priority,
    not_before: timeOf(terms.notBefore),
    expires_at: timeOf(terms.expiresAt),
    override_budget: command.overrideBudget,
    queued_by: command.queuedBy,
    status: life.state,
    queued_time: new Date(command.queuedAt).toISOString(),
    queued_timestamp: command.queuedAt / 1000,
    execution_start: timeOf(startedAt),
    execution_start_timestamp: secondsOf(startedAt),
    completed_time: timeOf(finishedAt),
    completed_timestamp: secondsOf(finishedAt),
    execution_time_ms: command.executionMs ?? null,
    hand_outs: life.state === "pending" ? 0 : life.handOuts,
    lease_until: timeOf("leaseUntil" in life ? life.leaseUntil : undefined),
    reported: "reported" in life && life.reported,
    result: command.result ?? null,
    error_message: command.errorMessage ?? null,
    steps: steps.map(({ at, step, detail }) => ({ time: new Date(at).toISOString(), step, detail })),
  };
}

function timeOf(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}

function secondsOf(at: number | undefined): number | null {
  return at === undefined ? null : at / 1000;
}

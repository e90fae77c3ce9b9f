import type { CommandReport, CommandReportAnswer } from "../../protocol/command/device_messages.ts";
import { Fault } from "../fault.ts";
import type { Outcome, StoredCommand } from "../store/command_row.ts";
import type { Commands } from "../store/commands.ts";
import type { Device } from "../store/devices.ts";
import { change } from "./change.ts";

/**
 * Takes the report of a device, inside the transaction of the caller. The first report stands; a repeat is answered as it was,
 * and so is one for a command that has ended otherwise. Throws `Fault` `not_found` for a command that this device never had.
 */
export function takeReport(
  { device, body, now }: { readonly device: Device; readonly body: CommandReport; readonly now: number },
  commands: Commands,
): CommandReportAnswer {
  const command = commands.find(body.command_id);
  if (!command || command.device !== device.row) {
    throw new Fault("not_found", "This device has no such command");
  }
  const event = { kind: "report", at: now, status: body.status } as const;
  if (!change(commands, command, event, { outcome: outcomeOf(body, command, now), detail: detailOf(body) })) {
    commands.steps.add(command, { at: now, step: "reported_again", detail: body.status });
  } else if (device.auth === "legacy") supersedeEarlier(command, now, commands);
  return { status: "success", message: "Command report received", command_id: command.commandId };
}

function outcomeOf(
  { result, error_message, execution_time_ms }: CommandReport,
  command: StoredCommand,
  now: number,
): Outcome {
  const { life } = command;
  const measured = "startedAt" in life && life.startedAt !== undefined ? Math.max(0, now - life.startedAt) : undefined;
  return {
    executionMs: execution_time_ms ?? measured,
    result: result ?? undefined,
    errorMessage: error_message ?? undefined,
  };
}

function detailOf({ error_message, result }: CommandReport): string {
  return error_message ?? (typeof result === "string" ? result : result?.message) ?? "";
}

/** A board does one after the other: what it got before this one and never reported must not be written again, over it. */
function supersedeEarlier({ device, lastHandOut = 0 }: StoredCommand, now: number, commands: Commands): void {
  for (const earlier of commands.away(device)) {
    if ((earlier.lastHandOut ?? 0) < lastHandOut) change(commands, earlier, { kind: "supersede", at: now });
  }
}

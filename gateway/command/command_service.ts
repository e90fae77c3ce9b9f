import type { Clock } from "../../platform/clock.ts";
import { utcDay } from "../../protocol/command/budget.ts";
import type { QueuedCommand } from "../../protocol/command/queue_message.ts";
import { Fault } from "../fault.ts";
import type { CommandStep } from "../store/command_steps.ts";
import type { RegisterWrites } from "../store/command_writes.ts";
import type { StoredCommand } from "../store/command_row.ts";
import type { HistorySelection } from "../store/commands.ts";
import type { GroupCommit } from "../store/group_commit.ts";
import { requireDevice } from "../store/devices.ts";
import { abilitiesOf, type InverterAbilities } from "./abilities.ts";
import type { CommandNotifier } from "./notifier.ts";
import { change, endOverdue } from "./change.ts";
import { type Operator, queueCommands, type QueueIo } from "./queueing.ts";

/** A command with what happened to it, step by step. */
export interface CommandRecord {
  readonly command: StoredCommand;
  readonly steps: readonly CommandStep[];
}

/** A part of the history, as operators name it. */
interface HistoryWanted extends Pick<HistorySelection, "state" | "limit"> {
  readonly deviceId?: string | undefined;
  /** Only what was queued before this command. */
  readonly before?: string | undefined;
}

/** The writes of a device's registers on one UTC day. */
interface WriteBudget {
  /** Days since 1970-01-01. */
  readonly day: number;
  /** Writes that each register takes in a day. */
  readonly limit: number;
  readonly used: readonly RegisterWrites[];
}

/** What operators do with commands, over HTTP or at the machine itself. Resolves when it is on disk. */
export interface CommandService {
  /** All or none; throws the `Fault` that says why (queueing.ts). */
  queue(wanted: readonly QueuedCommand[], by: Operator): Promise<readonly StoredCommand[]>;
  /** Throws `Fault`: `not_found`, `conflict` when it has ended or is with the device. */
  cancel(commandId: string, by: Operator, deviceId?: string): Promise<CommandRecord>;
  /** Throws `Fault` `not_found`. */
  status(commandId: string): Promise<CommandRecord>;
  /** The newest first. Throws `Fault` `not_found` for a device that is not registered, and for `before`. */
  history(selection: HistoryWanted): Promise<readonly CommandRecord[]>;
  /** What the inverters of a device can be told. Throws `Fault` `not_found`. */
  abilities(deviceId: string): readonly InverterAbilities[];
  /** Of today. Throws `Fault` `not_found`. */
  writeBudget(deviceId: string): WriteBudget;
}

interface CommandServiceIo extends QueueIo {
  readonly commit: Pick<GroupCommit, "run">;
  readonly clock: Pick<Clock, "now">;
  readonly notifier: Pick<CommandNotifier, "ring">;
}

export function createCommandService(io: CommandServiceIo): CommandService {
  const { commands, commit, clock, notifier } = io;
  const record = (command: StoredCommand) => ({ command, steps: commands.steps.of(command) });
  /** What time has ended is shown as ended, also when no device has asked since. */
  const settle = async () => {
    const now = clock.now();
    if (commands.overdue(now).length > 0) await commit.run(() => endOverdue(commands, now));
  };
  return {
    async queue(wanted, by) {
      const queued = await commit.run(() => queueCommands(wanted, by, clock.now(), io));
      for (const device of new Set(queued.map((command) => command.device))) notifier.ring(device);
      return queued;
    },
    async cancel(commandId, by, deviceId) {
      const device = deviceId === undefined ? undefined : requireDevice(io.devices, deviceId).deviceId;
      return record(await commit.run(() => cancel(requireCommand(commandId, io, device), by, io)));
    },
    async status(commandId) {
      await settle();
      return record(requireCommand(commandId, io));
    },
    async history({ deviceId, before, state, limit }) {
      const device = deviceId === undefined ? undefined : requireRow(deviceId, io);
      const newer = before === undefined ? undefined : requireCommand(before, io);
      await settle();
      return commands.history({ device, state, before: newer, limit }).map(record);
    },
    abilities(deviceId) {
      const device = requireDevice(io.devices, deviceId);
      return io.inverters.known(device).map((target) => abilitiesOf(target, device.auth === "legacy"));
    },
    writeBudget(deviceId) {
      const day = utcDay(clock.now());
      return { day, limit: commands.writes.limit(), used: commands.writes.ofDay(requireRow(deviceId, io), day) };
    },
  };
}

function requireRow(deviceId: string, { devices }: CommandServiceIo): number {
  return requireDevice(devices, deviceId).row;
}

function requireCommand(commandId: string, { commands }: CommandServiceIo, deviceId?: string): StoredCommand {
  const command = commands.find(commandId);
  if (command && (deviceId === undefined || command.deviceId === deviceId)) return command;
  throw new Fault("not_found", `No command ${commandId} was queued${deviceId === undefined ? "" : ` for ${deviceId}`}`);
}

function cancel(command: StoredCommand, by: Operator, { commands, clock }: CommandServiceIo): StoredCommand {
  const at = clock.now();
  const { life } = command;
  if (life.state === "cancelled") return command; // asked twice
  const changed = change(commands, command, { kind: "cancel", at }, { detail: `by ${by.name}` });
  if (changed) return changed;
  throw new Fault(
    "conflict",
    life.state === "executing"
      ? `Cannot cancel: the device has the command; it can be cancelled from ${new Date(life.leaseUntil).toISOString()}`
      : `Cannot cancel: the command is ${life.state}`,
  );
}

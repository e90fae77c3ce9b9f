import { utf8 } from "../../crypto/bytes.ts";
import type { CommandGet, CommandGetAnswer, HandedCommand } from "../../protocol/command/device_messages.ts";
import { isLeased, type Terms } from "../../protocol/command/life.ts";
import type { StoredCommand } from "../store/command_row.ts";
import type { Commands } from "../store/commands.ts";
import type { Device } from "../store/devices.ts";
import { change, endOverdue } from "./change.ts";

/**
 * How long a device has for what it got. A node says with every request what it holds, which may wait 30 s, and its journal
 * makes a repeat harmless; a board asks every 15 s at most and is done with everything by then.
 */
const LEASE_MS = { signed: 45_000, legacy: 10_000 } as const;
/** A board has no journal: it would write again each time, so this often and then no more. */
const BOARD_TERMS: Terms = { maxHandOuts: 5 };
/** Commands a node holds at a time: few, so that an urgent one does not wait behind many. A board has room by bytes. */
const ROOM = { signed: 8, legacy: 16 } as const;
/** A board reads 1,023 bytes into memory and takes nothing from a longer answer (contract/2-boards §2). */
const BOARD_BODY_BYTES = 1_000;

/** What a device asks. */
interface Ask {
  readonly device: Device;
  readonly body: Pick<CommandGet, "device_id" | "holding">;
  readonly now: number;
}

/**
 * Gives a device what it is to do next, inside the transaction of the caller: first what got lost on the way, in its old
 * order, then what is due, by rank. Nothing new goes out while the device may still be at work on what it got before, unless
 * it says what it holds: a board that got half of an answer must not write an old value after a newer one.
 */
export function handOut({ device, body, now }: Ask, commands: Commands): CommandGetAnswer {
  endOverdue(commands, now, device.row);
  const answer = emptyAnswer(device, body.device_id, commands);
  const away = commands.away(device.row);
  const holding = body.holding && new Set(body.holding);
  const held = away.filter(({ commandId }) => holding?.has(commandId));
  for (const command of held) change(commands, command, { kind: "renew", at: now, leaseMs: LEASE_MS[device.auth] });
  const lost = away.filter((command) =>
    holding ? !holding.has(command.commandId) : !isLeased(command.life, now, LEASE_MS[device.auth])
  );
  const waiting = holding === undefined && lost.length < away.length;
  const due = waiting ? [] : commands.due(device.row, now, ROOM[device.auth]);
  let room = Math.max(0, ROOM[device.auth] - held.length);
  for (const command of [...lost, ...due]) {
    const view = handedView(device, command, now);
    if (room === 0 || !fits(device, answer, view)) break;
    if (!take(device, command, { now, lost: holding !== undefined }, commands)) continue;
    answer.commands.push(view);
    room--;
  }
  answer.command_count = answer.commands.length;
  return answer;
}

/** When an empty answer may become another one without anybody's doing, unix milliseconds; `Infinity` when never. */
export function nextLook({ device, body, now }: Ask, commands: Commands): number {
  const leaseEnd = body.holding ? Infinity : commands.nextLeaseEnd(device.row, now);
  return Math.min(commands.nextDueAt(device.row, now), leaseEnd);
}

/** Whether the device gets it now; otherwise it has come to its end. */
function take(
  device: Device,
  command: StoredCommand,
  { now, lost }: { readonly now: number; readonly lost: boolean },
  commands: Commands,
): boolean {
  const event = { kind: "hand_out", at: now, leaseMs: LEASE_MS[device.auth], lost } as const;
  const again = command.life.state === "executing" ? "again" : "";
  const terms = device.auth === "legacy" ? BOARD_TERMS : {};
  const changed = change(commands, command, event, { terms, detail: again });
  if (changed?.life.state !== "executing") return false;
  commands.handedOut(command);
  return true;
}

function emptyAnswer(device: Device, name: CommandGet["device_id"], commands: Commands): CommandGetAnswer {
  const answer: CommandGetAnswer = { status: "success", device_id: name, command_count: 0, commands: [] };
  return device.auth === "legacy" ? answer : { ...answer, write_budget: commands.writes.limit() };
}

/** Boards get what they read and nothing else. */
function handedView(device: Device, { commandId, content, ...command }: StoredCommand, now: number): HandedCommand {
  if (device.auth === "legacy") return { command_id: commandId, ...boardContent(content) };
  const { expiresAt } = command.terms;
  return {
    command_id: commandId,
    ...content,
    inverter: command.inverter,
    priority: command.priority,
    queued_ms: command.queuedAt,
    ...(expiresAt === undefined ? {} : { expires_at_ms: expiresAt, expires_in_ms: Math.max(0, expiresAt - now) }),
    ...(command.overrideBudget ? { override_budget: true } : {}),
  };
}

function boardContent(content: StoredCommand["content"]): StoredCommand["content"] {
  if (content.command_type !== "set_power") return content;
  return { command_type: "set_power", parameters: { power_value: content.parameters.power_value } };
}

function fits(device: Device, answer: CommandGetAnswer, next: HandedCommand): boolean {
  if (device.auth !== "legacy") return true;
  const commands = [...answer.commands, next];
  return utf8(JSON.stringify({ ...answer, command_count: commands.length, commands })).length < BOARD_BODY_BYTES;
}

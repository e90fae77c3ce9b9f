import type { Random } from "../../platform/random.ts";
import { exhausted, utcDay } from "../../protocol/command/budget.ts";
import { checkCommand } from "../../protocol/command/check.ts";
import { Command } from "../../protocol/command/command.ts";
import type { Terms } from "../../protocol/command/life.ts";
import type { QueuedCommand } from "../../protocol/command/queue_message.ts";
import { registersWritten } from "../../protocol/command/steps.ts";
import { Fault, type FieldFault } from "../fault.ts";
import type { StoredCommand } from "../store/command_row.ts";
import type { Commands } from "../store/commands.ts";
import { type Device, type Devices, requireDevice } from "../store/devices.ts";
import { includesRole, type Role } from "../store/tokens.ts";
import { MAX_OPEN } from "./change.ts";
import { newCommandId } from "./command_id.ts";
import { queueReasonText, type QueueRefusal } from "./reason.ts";
import { type Target, type TargetIo, targetOf } from "./target.ts";

/** Who queues. */
export interface Operator {
  /** For the history. */
  readonly name: string;
  readonly role: Role;
}

export interface QueueIo extends TargetIo {
  readonly commands: Commands;
  readonly devices: Pick<Devices, "find" | "withWireId">;
  readonly random: Pick<Random, "bytes">;
}

/**
 * Queues all of `wanted`, or none: runs inside one transaction, which a `Fault` undoes. `malformed` never, `forbidden` for an
 * override without being an admin, `not_found` for an unknown device, `conflict` for a key that was used for something else,
 * `too_many` when too many wait, `refused` with every reason.
 */
export function queueCommands(
  wanted: readonly QueuedCommand[],
  by: Operator,
  now: number,
  io: QueueIo,
): readonly StoredCommand[] {
  const queued: StoredCommand[] = [];
  const fields: FieldFault[] = [];
  for (const [index, request] of wanted.entries()) {
    const result = queueOne(request, by, now, io);
    if ("id" in result) queued.push(result);
    else fields.push(...result.map((refusal) => placed(refusal, index, wanted.length)));
  }
  if (fields.length === 0) return queued;
  const detail = fields.map(({ path, message }) => `${path}: ${message}`).join("; ");
  throw new Fault("refused", `Cannot queue: ${detail}`.slice(0, 1_000), { fields });
}

function placed({ path, reason }: QueueRefusal, index: number, count: number): FieldFault {
  const place = count === 1 ? path : `commands.${index}.${path}`;
  return { path: place, code: reason.code, message: queueReasonText(reason) };
}

function queueOne(
  request: QueuedCommand,
  by: Operator,
  now: number,
  io: QueueIo,
): StoredCommand | readonly QueueRefusal[] {
  if (request.override_budget && !includesRole(by.role, "admin")) {
    throw new Fault("forbidden", "Only an admin may write beyond the day's budget (override_budget)");
  }
  const device = requireDevice(io.devices, request.device_id);
  const fingerprint = fingerprintOf(request);
  const known = knownBefore(device, request, fingerprint, io);
  if (known) return known;
  if (io.commands.openCount(device.row) >= MAX_OPEN) {
    throw new Fault("too_many", `${device.deviceId} has ${MAX_OPEN} commands waiting`, { retryAfter: 60 });
  }
  const target = targetOf(device, request, io);
  if ("path" in target) return [target];
  const content = Command.parse(request);
  const terms = termsOf(request);
  const refusals = [
    ...checkCommand(content, target.profile, { board: device.auth === "legacy" }),
    ...checkTerms(terms, now),
  ];
  if (refusals.length > 0) return refusals;
  return add({ device, target, content, terms, request, fingerprint, by, now }, io);
}

/** The command that was queued under this key before, however long ago. */
function knownBefore(
  device: Device,
  { idempotency_key: key }: QueuedCommand,
  fingerprint: string,
  { commands }: QueueIo,
): StoredCommand | undefined {
  const known = key === undefined ? undefined : commands.withKey(device.row, key);
  if (known && known.fingerprint !== fingerprint) {
    throw new Fault("conflict", `Cannot queue: the idempotency_key was used for another command, ${known.commandId}`);
  }
  return known;
}

interface Accepted {
  readonly device: Device;
  readonly target: Target;
  readonly content: Command;
  readonly terms: Terms;
  readonly request: QueuedCommand;
  readonly fingerprint: string;
  readonly by: Operator;
  readonly now: number;
}

function add(accepted: Accepted, { commands, random }: QueueIo): StoredCommand | readonly QueueRefusal[] {
  const { device, target: { inverter, profile }, content, terms, request, now, by } = accepted;
  const day = utcDay(Math.max(now, terms.notBefore ?? 0));
  const registers = registersWritten(content, profile);
  const empty = request.override_budget ? undefined : exhausted(
    registers.map(({ address }) => address),
    commands.writes.limit(),
    (address) => commands.writes.ofRegister(device.row, day, inverter, address),
  );
  if (empty !== undefined) {
    return [overspent(registers.find(({ address }) => address === empty)?.name ?? `${empty}`, day)];
  }
  const command = commands.add({
    commandId: newCommandId(random),
    device: device.row,
    inverter,
    content,
    priority: request.priority,
    terms,
    overrideBudget: request.override_budget,
    idempotencyKey: request.idempotency_key,
    fingerprint: accepted.fingerprint,
    queuedBy: by.name,
    queuedAt: now,
  });
  for (const { address } of registers) commands.writes.add(command, address, day);
  commands.steps.add(command, { at: now, step: "queued", detail: `by ${by.name}` });
  return command;
}

function overspent(register: string, day: number): QueueRefusal {
  const date = new Date(day * 86_400_000).toISOString().slice(0, 10);
  return { path: "parameters", reason: { code: "writes_used_up", register, date } };
}

function termsOf({ not_before, expires_at }: QueuedCommand): Terms {
  return {
    ...(not_before === undefined ? {} : { notBefore: Date.parse(not_before) }),
    ...(expires_at === undefined ? {} : { expiresAt: Date.parse(expires_at) }),
  };
}

function checkTerms({ notBefore, expiresAt }: Terms, now: number): readonly QueueRefusal[] {
  if (expiresAt === undefined) return [];
  if (expiresAt <= now) return [{ path: "expires_at", reason: { code: "expired" } }];
  return expiresAt > (notBefore ?? 0) ? [] : [{ path: "expires_at", reason: { code: "expires_before_start" } }];
}

/** Everything that was asked for, in the order of the schema. */
function fingerprintOf({ idempotency_key: _, ...asked }: QueuedCommand): string {
  return JSON.stringify(asked);
}

import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import type { TimeLimit } from "../../platform/deadline.ts";
import { exhausted } from "../../protocol/command/budget.ts";
import { checkCommand } from "../../protocol/command/check.ts";
import type { Command } from "../../protocol/command/command.ts";
import type { HandedCommand } from "../../protocol/command/device_messages.ts";
import { commandReasonText, type CommandRefusal } from "../../protocol/command/reason.ts";
import { powerControl } from "../../protocol/command/power_control.ts";
import { inputsOf, type Step, stepsOf } from "../../protocol/command/steps.ts";
import { type RawOf, rawOfPhysical } from "../../protocol/profile/physical.ts";
import type { Profile, Register } from "../../protocol/profile/register.ts";
import type { BusOutcome } from "../modbus/fault.ts";
import type { Beginning, CommandJournal, JournalWrite } from "./journal.ts";
import { withFirstValues } from "./lease.ts";
import type { LeaseKeeper } from "./lease_keeper.ts";
import { describeRegister, describeWords, factorsWithin, readRaws } from "./register_values.ts";
import type { CommandTarget } from "./target.ts";
import type { Execution } from "./execution.ts";
import { type Describe, writeSequence } from "./write_sequence.ts";

/** How long a command waits for an inverter whose map is not known yet. */
const PROFILE_WAIT_MS = 30_000;
const PROFILE_PAUSE_MS = 250;

/** So much longer an inverter's own timer is given: it lifts its limit better than the node. */
const OWN_TIMER_MS = 5_000;

/** A command with what was agreed. */
interface Order {
  readonly command: HandedCommand;
  readonly deadline: TimeLimit;
  /** Writes that one register takes in a UTC day. */
  readonly writesPerDay: number;
}

interface ExecutorIo {
  /** By their names in the configuration. */
  readonly inverters: ReadonlyMap<string, CommandTarget>;
  readonly journal: Pick<CommandJournal, "begin" | "writes">;
  readonly leases: Pick<LeaseKeeper, "of" | "begun" | "superseded" | "failed">;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Site {
  readonly name: string;
  readonly target: CommandTarget;
  readonly profile: Profile;
}

type WriteStep = Extract<Step, { kind: "write" }>;

/** Executes a command that the journal does not know: record, act, read back. Throws when the disk does not take the record. */
export async function execute(order: Order, io: ExecutorIo, signal: AbortSignal): Promise<Execution> {
  const site = await findSite(order, io, signal);
  if ("kind" in site) return site;
  const refusals = checkCommand(order.command, site.profile);
  if (refusals.length > 0) return refused(refusals);
  if (order.command.command_type === "read_register") return await read(order, order.command, site, signal);
  return await write(order, site, io, signal);
}

async function findSite({ command, deadline }: Order, io: ExecutorIo, signal: AbortSignal): Promise<Site | Execution> {
  const names = [...io.inverters.keys()];
  const name = command.inverter ?? (names.length === 1 ? names[0] : undefined);
  if (name === undefined) return failed(`the node has several inverters: name one of ${names.join(", ")}`);
  const target = io.inverters.get(name);
  if (!target) return failed(`the node has no inverter ${name}, but ${names.join(", ")}`);
  const until = io.clock.monotonic() + PROFILE_WAIT_MS;
  while (!signal.aborted && !deadline.passed) {
    const profile = target.profile();
    if (profile) return { name, target, profile };
    if (io.clock.monotonic() >= until) return failed(`the registers of ${name} are not known: it was not reached yet`);
    await io.clock.sleep(PROFILE_PAUSE_MS, AbortSignal.any([signal, deadline.signal]));
  }
  return { kind: signal.aborted ? "stopped" : "expired" };
}

async function read(
  { deadline }: Order,
  { parameters }: Extract<Command, { command_type: "read_register" }>,
  { target, profile }: Site,
  signal: AbortSignal,
): Promise<Execution> {
  const { register_address: address, count = 1 } = parameters;
  const either = AbortSignal.any([signal, deadline.signal]);
  const answer = await target.readRegisters(address, count, { signal: either, priority: "write" });
  if (signal.aborted || deadline.passed) return { kind: signal.aborted ? "stopped" : "expired" };
  if (!answer.ok) return failed(answer.fault.message);
  const factors = await readRaws(factorsWithin(profile, address, count), target, either);
  const rawOf: RawOf = factors.ok ? factors.value : () => undefined; // the words are worth telling without their scale
  return { kind: "completed", registers: describeWords(profile, address, answer.value, rawOf) };
}

async function write(order: Order, site: Site, io: ExecutorIo, signal: AbortSignal): Promise<Execution> {
  const { command, deadline } = order;
  const either = AbortSignal.any([signal, deadline.signal]);
  const inputs = await readRaws(inputsOf(command, site.profile), site.target, either);
  if (signal.aborted || deadline.passed) return { kind: signal.aborted ? "stopped" : "expired" };
  if (!inputs.ok) return failed(inputs.fault.message);
  const rawOf = inputs.value;
  const refusals = checkCommand(command, site.profile, { rawOf });
  if (refusals.length > 0) return refused(refusals);
  const steps = stepsOf(command, site.profile, rawOf);
  if (!steps.ok) return failed(steps.detail);
  const writes = steps.value.filter((step) => step.kind === "write");
  const at = io.clock.now();
  const spent = overspent(order, writes, site.name, io, at);
  if (spent !== undefined) return failed(spent);
  const recorded: JournalWrite[] = [];
  for (const step of writes) {
    const before = await heldBefore(step, site.target, either);
    if (signal.aborted || deadline.passed) return { kind: signal.aborted ? "stopped" : "expired" };
    if (!before.ok) return failed(before.fault.message);
    recorded.push(forJournal(step, before.value, rawOf));
  }
  const lost = begin({ id: command.command_id, inverter: site.name, writes: recorded, at }, order, site, io);
  if (lost !== undefined) return failed(lost);
  const registers = new Map(writes.map(({ register }) => [register.address, register]));
  const describe: Describe = ({ address, register: name }, words) => {
    const register = registers.get(address);
    return register ? describeRegister(register, words, rawOf) : { address, register: name, words: [...words] };
  };
  const done = await writeSequence(recorded, { target: site.target, clock: io.clock, signal, deadline, describe });
  const { command_id: id } = command;
  if (done.kind === "completed") io.leases.superseded(id, site.name, recorded.map(({ address }) => address));
  else if (done.kind !== "stopped") io.leases.failed(id);
  return done;
}

/** Writes down what is about to be done, and what is given back after its time; why that could not be, if so. */
function begin(beginning: Beginning, { command }: Order, { name, profile }: Site, io: ExecutorIo): string | undefined {
  const ms = leaseOf(command, profile);
  if (ms === undefined) return void io.journal.begin(beginning);
  const lease = withFirstValues(beginning.writes, io.leases.of(name));
  const lost = lease.find(({ before }) => before === undefined);
  if (lost && powerControl(profile)?.revert === undefined) {
    return `${lost.register} does not tell what it holds: it could not be given back after its time`;
  }
  io.journal.begin({ ...beginning, lease });
  io.leases.begun(beginning.id, ms);
}

/** Milliseconds after which what a command orders ends; `undefined`: it stays. */
function leaseOf(command: Command, profile: Profile): number | undefined {
  if (command.command_type !== "set_power" || !command.parameters.revert_s) return undefined;
  const own = powerControl(profile)?.revert === undefined ? 0 : OWN_TIMER_MS;
  return 1000 * command.parameters.revert_s + own;
}

/** What a register holds before it is written, to take that back; nothing where it cannot be read. */
async function heldBefore(
  { register, words }: WriteStep,
  target: CommandTarget,
  signal: AbortSignal,
): Promise<BusOutcome<readonly number[] | undefined>> {
  const held = await target.readRegisters(register.address, words.length, { signal, priority: "write" });
  if (!held.ok && held.fault.kind === "exception") return { ok: true, value: undefined };
  return held;
}

/** Why the day's budget does not allow the writes. */
function overspent(
  { command, writesPerDay }: Order,
  writes: readonly WriteStep[],
  inverter: string,
  io: ExecutorIo,
  at: number,
): string | undefined {
  if (command.override_budget) return undefined;
  const addresses = writes.map(({ register }) => register.address);
  const address = exhausted(addresses, writesPerDay, (address) => io.journal.writes(inverter, address, at));
  if (address === undefined) return undefined;
  return `register ${address} of ${inverter} had its ${writesPerDay} writes of today; an admin can override this`;
}

function forJournal({ register, words }: WriteStep, before: readonly number[] | undefined, rawOf: RawOf): JournalWrite {
  const rounding = roundingOf(register, rawOf);
  return {
    register: register.name,
    address: register.address,
    words: [...words],
    ...(before === undefined ? {} : { before: [...before] }),
    ...(rounding > 0 ? { rounding } : {}),
  };
}

/** A percentage may be rounded to whole ones: the raw difference that is less than one. */
function roundingOf(register: Register, rawOf: RawOf): number {
  if (register.unit !== "%") return 0;
  const percent = rawOfPhysical(register, 1, rawOf);
  return percent.ok ? Math.max(0, percent.value - 1) : 0;
}

function refused(refusals: readonly CommandRefusal[]): Execution {
  return failed(refusals.map(({ path, reason }) => `${path}: ${commandReasonText(reason)}`).join("; "));
}

function failed(message: string): Execution {
  return { kind: "failed", message, registers: [] };
}

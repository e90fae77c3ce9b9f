import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import type { TimeLimit } from "../../platform/deadline.ts";
import { exhausted } from "../../protocol/command/budget.ts";
import { checkCommand, type Reason } from "../../protocol/command/check.ts";
import type { Command } from "../../protocol/command/command.ts";
import type { HandedCommand, ReadBack } from "../../protocol/command/device_messages.ts";
import { inputsOf, type Step, stepsOf } from "../../protocol/command/steps.ts";
import type { RawOf } from "../../protocol/profile/physical.ts";
import type { Profile } from "../../protocol/profile/register.ts";
import type { CommandJournal } from "./journal.ts";
import { describeRegister, describeWords, factorsWithin, readRaws } from "./register_values.ts";
import type { CommandTarget } from "./target.ts";
import { writeStep } from "./write_step.ts";

/** How long a command waits for an inverter whose map is not known yet. */
const PROFILE_WAIT_MS = 30_000;
const PROFILE_PAUSE_MS = 250;

/** A command with what was agreed. */
export interface Order {
  readonly command: HandedCommand;
  readonly deadline: TimeLimit;
  /** Writes that one register takes in a UTC day. */
  readonly writesPerDay: number;
}

/** What a command came to. */
export type Execution =
  | { readonly kind: "completed"; readonly registers: readonly ReadBack[] }
  | { readonly kind: "failed"; readonly message: string; readonly registers: readonly ReadBack[] }
  | { readonly kind: "expired" }
  /** The node stops: nothing is known to have happened, or the journal knows what may have. */
  | { readonly kind: "stopped" };

export interface ExecutorIo {
  /** By their names in the configuration. */
  readonly inverters: ReadonlyMap<string, CommandTarget>;
  readonly journal: Pick<CommandJournal, "begin" | "writes">;
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
  const reasons = checkCommand(order.command, site.profile);
  if (reasons.length > 0) return refused(reasons);
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
  const reasons = checkCommand(command, site.profile, { rawOf });
  if (reasons.length > 0) return refused(reasons);
  const steps = stepsOf(command, site.profile, rawOf);
  if (!steps.ok) return failed(steps.detail);
  const writes = steps.value.filter((step) => step.kind === "write");
  const at = io.clock.now();
  const spent = overspent(order, writes, site.name, io, at);
  if (spent !== undefined) return failed(spent);
  io.journal.begin({ id: command.command_id, inverter: site.name, writes: writes.map(forJournal), at });
  return await writeAll(writes, { ...site, rawOf, deadline, clock: io.clock, signal });
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

/** Only the first write may be too late: what was begun is completed. */
async function writeAll(
  writes: readonly WriteStep[],
  { deadline, rawOf, ...io }: Site & {
    readonly deadline: TimeLimit;
    readonly rawOf: RawOf;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): Promise<Execution> {
  const registers: ReadBack[] = [];
  for (const [index, step] of writes.entries()) {
    const written = await writeStep(forJournal(step), index === 0 ? { ...io, deadline } : io);
    if (written.kind === "expired" || written.kind === "stopped") return written;
    if (written.words) registers.push(describeRegister(step.register, written.words, rawOf));
    if (written.kind === "failed") {
      return { kind: "failed", message: `${step.register.name}: ${written.message}`, registers };
    }
  }
  return { kind: "completed", registers };
}

function forJournal({ register, words }: WriteStep) {
  return { register: register.name, address: register.address, words: [...words] };
}

function refused(reasons: readonly Reason[]): Execution {
  return failed(reasons.map(({ path, message }) => `${path}: ${message}`).join("; "));
}

function failed(message: string): Execution {
  return { kind: "failed", message, registers: [] };
}

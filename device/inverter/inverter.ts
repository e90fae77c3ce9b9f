import type { Clock } from "../../platform/clock.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import type { Profile } from "../../protocol/profile/register.ts";
import type { Identity } from "../../protocol/profile/sunspec/identity.ts";
import type { Bus, RequestOptions } from "../modbus/bus.ts";
import type { BusOutcome } from "../modbus/fault.ts";
import { type BlockReader, createBlockReader, type Pass, rawAt } from "./block_reader.ts";
import { discover } from "./discovery.ts";
import { type LeftOut, type LeftOutMemory, sameLeftOut } from "./left_out.ts";
import { changedModel } from "./model_header.ts";
import { noneWithheld, type Poll, type PollFault, type Withheld } from "./poll.ts";
import { leftOutOf } from "./quarantine.ts";
import { MAX_READ } from "./read_plan.ts";
import { type RegisterMap, registerMap } from "./register_map.ts";
import { createSampleFilter, type SampleFilter } from "./sample_filter.ts";

/** Which inverter to read, and what of it. */
export interface InverterOptions {
  /** Modbus unit id. */
  readonly unit: number;
  /** Its map, or `sunspec`: look for it. */
  readonly profile: Profile | "sunspec";
  /** Registers to poll, by any spelling; none: those the profile polls by default. */
  readonly registers: readonly string[];
  /** Which of several SunSpec inverters behind the unit id, from 0; default 0. */
  readonly device?: number;
  /** Most words it takes in one read; default 125. */
  readonly maxRead?: number;
}

/** Registers to poll, by any spelling; none: those the profile polls by default. A function chooses once the profile is known. */
export type RegisterChoice = readonly string[] | ((profile: Profile) => readonly string[]);

/** A register the inverter refuses, as people see it. */
export interface QuarantinedRegister {
  readonly register: string;
  /** Modbus exception code of the refusal; 0: it does not answer at all. */
  readonly code: number;
}

/** One inverter on a bus. One call at a time: the scheduler owns it. */
export interface Inverter {
  /** Asks for all registers once. Never rejects. */
  poll(signal?: AbortSignal): Promise<Poll>;
  /** Polls other registers from the next poll on; refused when the known profile does not have them. */
  choose(registers: RegisterChoice): Outcome<void>;
  /** Its profile, once known. */
  profile(): Profile | undefined;
  /** What SunSpec's model 1 says of it, once known. */
  identity(): Identity | undefined;
  /** Registers left out of the polls because the inverter refuses them. */
  quarantined(): readonly QuarantinedRegister[];
  /** Asks anew, with the next polls, for the registers that it refused: it may have been half asleep. */
  relearn(): void;
  /** All values withheld since the start, by reason. */
  withheld(): Readonly<Withheld>;
  /** Reads holding registers as they are, ahead of no one. */
  readRegisters(address: number, count: number, options?: RequestOptions): Promise<BusOutcome<readonly number[]>>;
  /** Writes consecutive holding registers in one request, ahead of waiting polls. */
  writeRegisters(address: number, words: readonly number[], options?: RequestOptions): Promise<BusOutcome<void>>;
}

/** What an inverter is read through. */
export interface InverterPorts {
  readonly bus: Pick<Bus, "read" | "write" | "state" | "timing">;
  readonly clock: Clock;
  /** What was learned before the start. */
  readonly memory?: LeftOutMemory;
}

interface Target {
  readonly map: RegisterMap;
  readonly filter: SampleFilter;
}

/** An inverter. Nothing is sent before the first poll. */
export function createInverter(options: InverterOptions, io: InverterPorts): Inverter {
  const { unit, device = 0, maxRead = MAX_READ } = options;
  let chosen: RegisterChoice = options.registers;
  let profile = options.profile === "sunspec" ? undefined : options.profile;
  let identity: Identity | undefined;
  let kept: LeftOut = new Map();
  let reader = readerFor(profile);
  let target: Target | undefined;
  let attempt = 0;
  const total = noneWithheld();

  function readerFor(profile: Profile | undefined): BlockReader {
    kept = profile && io.memory?.load(profile.id) || new Map();
    return createBlockReader({ unit, maxRead, leftOut: kept }, io);
  }

  function remember({ id }: Profile): void {
    const leftOut = leftOutOf(reader.quarantine());
    if (!io.memory || sameLeftOut(kept, leftOut)) return;
    kept = leftOut;
    io.memory.keep(id, leftOut);
  }

  /** Looks the map up where that is needed; what was learned of another map is forgotten. */
  async function findProfile(signal?: AbortSignal): Promise<Profile | PollFault> {
    if (profile) return profile;
    const found = await discover(io.bus, unit, { attempt: attempt++, ...(signal ? { signal } : {}) });
    if (!found.ok) return found.fault;
    const inverter = found.devices.filter(({ profile }) => profile?.power !== undefined)[device];
    if (!inverter?.profile) {
      return { kind: "not_sunspec", message: `Unit ${unit} has no such inverter among its SunSpec models` };
    }
    attempt = 0;
    identity = inverter.identity;
    if (target?.map.profile.id !== inverter.profile.id) {
      target = undefined;
      reader = readerFor(inverter.profile);
    }
    return profile = inverter.profile;
  }

  async function poll(signal?: AbortSignal): Promise<Poll> {
    const found = await findProfile(signal);
    if ("kind" in found) return nothing(found);
    if (!target) {
      const map = registerMap(found, namesOf(chosen, found));
      if (!map.ok) return nothing({ kind: "registers", message: map.detail });
      target = { map: map.value, filter: createSampleFilter(map.value.registers) };
    }
    return await pollTarget(target, reader, signal);
  }

  async function pollTarget({ map, filter }: Target, reader: BlockReader, signal?: AbortSignal): Promise<Poll> {
    const pass = await reader.read(map.spans, signal);
    remember(map.profile);
    const changed = changedModel(map.headers, (address) => rawAt(pass, "holding", address, "u16"));
    if (changed) {
      profile = undefined;
      const { model, address } = changed;
      return nothing({
        kind: "map_changed",
        message: `Unit ${unit} no longer has SunSpec model ${model} at ${address}`,
      });
    }
    const raws = map.registers.map(({ table, address, encoding }) => rawAt(pass, table, address, encoding));
    const { values, withheld } = filter.pass(raws, io.clock.monotonic());
    count(withheld);
    return result(map, pass, values, withheld);
  }

  function result(
    { profile, columns }: RegisterMap,
    { answeredAt, fault }: Pass,
    values: readonly (number | undefined)[],
    withheld: Readonly<Withheld>,
  ): Poll {
    if (answeredAt !== undefined && values.some((value) => value !== undefined)) {
      return { kind: "read", at: answeredAt, profile, columns, values, withheld, ...(fault ? { fault } : {}) };
    }
    const message = `Unit ${unit} gave no value to store: all are absent, refused or implausible`;
    return nothing(fault ?? { kind: "no_values", message }, withheld);
  }

  function nothing(fault: PollFault, withheld: Readonly<Withheld> = noneWithheld()): Poll {
    return { kind: "nothing", at: io.clock.now(), withheld, fault };
  }

  function count(withheld: Readonly<Withheld>): void {
    total.absent += withheld.absent;
    total.missing += withheld.missing;
    total.range += withheld.range;
    total.step += withheld.step;
  }

  function choose(registers: RegisterChoice): Outcome<void> {
    const map = profile && registerMap(profile, namesOf(registers, profile));
    if (map && !map.ok) return map;
    chosen = registers;
    target = undefined;
    return { ok: true, value: undefined };
  }

  function quarantined(): readonly QuarantinedRegister[] {
    const { refused } = reader.quarantine();
    return (target?.map.registers ?? []).flatMap(({ name, table, address }) => {
      const entry = refused.get(`${table}:${address}`);
      return entry ? [{ register: name, code: entry.code }] : [];
    });
  }

  return {
    poll,
    choose,
    profile: () => profile,
    identity: () => identity,
    quarantined,
    relearn: () => reader.relearn(),
    withheld: () => ({ ...total }),
    readRegisters: (address, count, request) => io.bus.read(unit, "holding", address, count, request),
    writeRegisters: (address, words, request) => io.bus.write(unit, address, words, request),
  };
}

function namesOf(choice: RegisterChoice, profile: Profile): readonly string[] {
  return typeof choice === "function" ? choice(profile) : choice;
}

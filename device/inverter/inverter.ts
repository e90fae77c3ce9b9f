import type { Clock } from "../../platform/clock.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import type { DeviceKind } from "../../protocol/profile/format/compile.ts";
import type { Profile } from "../../protocol/profile/register.ts";
import type { Identity } from "../../protocol/profile/sunspec/identity.ts";
import type { Bus, RequestOptions } from "../modbus/bus.ts";
import { type BusFault, busFault, type BusOutcome } from "../modbus/fault.ts";
import type { Quirk } from "../modbus/quirks.ts";
import { rawAt } from "./block_reader.ts";
import { fitFault } from "./fit.ts";
import type { MapMemory } from "./map_memory.ts";
import { MapReader } from "./map_reader.ts";
import { changedModel } from "./model_header.ts";
import { noneWithheld, type Poll, type PollFault, type Withheld } from "./poll.ts";
import { ProfileSearch } from "./profile_search.ts";
import { MAX_READ } from "./read_plan.ts";
import { type RegisterMap, registerMap } from "./register_map.ts";
import { registerKey } from "./register_reader.ts";
import { createSampleFilter, type SampleFilter } from "./sample_filter.ts";

/** Milliseconds after a write for which an inverter may be silent, or show the old value: SolarEdge's are, for some 8 s. */
const SETTLE_MS = 10_000;

/** Which inverter to read, and what of it. */
export interface InverterOptions {
  /** Modbus unit id. */
  readonly unit: number;
  /** Its map; a device, which is asked whether it is one, and which of its maps it has; or `sunspec`: look for it. */
  readonly profile: Profile | DeviceKind | "sunspec";
  /** Registers to poll, by any spelling; none: those the profile polls by default. */
  readonly registers: readonly string[];
  /** Which of several SunSpec inverters behind the unit id, from 0; default 0. */
  readonly device?: number;
  /** Most words it takes in one read; default 125. */
  readonly maxRead?: number;
  /** Milliseconds after a write for which it may be silent, or show the old value; default 10 s. */
  readonly settleMs?: number;
}

/** Registers to poll, by any spelling; none: those the profile polls by default. A function chooses once the profile is known. */
type RegisterChoice = readonly string[] | ((profile: Profile) => readonly string[]);

/** A register the inverter refuses, as people see it. */
export interface QuarantinedRegister {
  readonly register: string;
  /** Modbus exception code of the refusal; 0: it does not answer at all. */
  readonly code: number;
}

/** What an inverter does that its configuration could say. */
export interface Oddities {
  /** What of the protocol is not insisted on, as it was noticed: named as the options that say so. */
  readonly quirks: readonly Quirk[];
  /** Longest that an answer took which came after its time-out, milliseconds. */
  readonly lateMs?: number;
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
  /** Asks anew, with the next polls, for the registers and models that it refused: it may have been half asleep. */
  relearn(): void;
  /** All values withheld since the start, by reason. */
  withheld(): Readonly<Withheld>;
  /** What was noticed of it and its line, and is coped with. */
  oddities(): Oddities;
  /** Reads holding registers as they are, ahead of no one. */
  readRegisters(address: number, count: number, options?: RequestOptions): Promise<BusOutcome<readonly number[]>>;
  /**
   * Writes consecutive holding registers in one request, ahead of waiting polls; one by function 6, and where the inverter
   * refuses that, by function 16.
   */
  writeRegisters(address: number, words: readonly number[], options?: RequestOptions): Promise<BusOutcome<void>>;
  /** Milliseconds for which it may still be silent, or show old values, as it was written to. */
  unsettledMs(): number;
}

/** What an inverter is read through. */
export interface InverterPorts {
  readonly bus: Pick<Bus, "name" | "read" | "readBits" | "write" | "state" | "timing" | "quirks">;
  readonly clock: Clock;
  /** What was learned before the start. */
  readonly memory?: MapMemory;
}

/** An inverter. Nothing is sent before the first poll. */
export function createInverter(options: InverterOptions, io: InverterPorts): Inverter {
  return new PolledInverter(options, io);
}

/** What is polled at present: it changes with the map and with the choice of registers. */
interface Target {
  readonly map: RegisterMap;
  readonly filter: SampleFilter;
}

class PolledInverter implements Inverter {
  readonly #unit: number;
  readonly #maxRead: number;
  readonly #io: InverterPorts;
  readonly #search: ProfileSearch;
  readonly #settleMs: number;
  readonly #withheld = noneWithheld();
  #writtenAt = -Infinity;
  /** Function 6 was refused, and 16 was not. */
  #writesMany = false;
  #chosen: RegisterChoice;
  #reader: MapReader | undefined;
  /** The session of the unit in which it was found to be the device of its profile. */
  #fits: number | undefined;
  #target: Target | undefined;

  constructor(options: InverterOptions, io: InverterPorts) {
    const { unit, profile, registers, device = 0, maxRead = MAX_READ, settleMs = SETTLE_MS } = options;
    this.#settleMs = settleMs;
    this.#unit = unit;
    this.#maxRead = maxRead;
    this.#io = io;
    this.#chosen = registers;
    this.#search = new ProfileSearch({ unit, profile, device, maxRead }, io.bus);
  }

  async poll(signal?: AbortSignal): Promise<Poll> {
    const profile = await this.#search.find(signal);
    if ("kind" in profile) return this.#nothing(profile);
    const reader = this.#readerOf(profile, this.#io);
    if (!this.#target) {
      const map = registerMap(profile, namesOf(this.#chosen, profile));
      if (!map.ok) return this.#nothing({ kind: "registers", message: map.detail });
      this.#target = { map: map.value, filter: createSampleFilter(map.value.registers) };
    }
    return await this.#pollTarget(this.#target, reader, signal);
  }

  choose(registers: RegisterChoice): Outcome<void> {
    const { profile } = this.#search;
    const map = profile && registerMap(profile, namesOf(registers, profile));
    if (map && !map.ok) return map;
    this.#chosen = registers;
    this.#target = undefined;
    return { ok: true, value: undefined };
  }

  profile(): Profile | undefined {
    return this.#search.profile;
  }

  identity(): Identity | undefined {
    return this.#search.identity;
  }

  quarantined(): readonly QuarantinedRegister[] {
    const refused = this.#reader?.quarantine().refused;
    return (this.#target?.map.registers ?? []).flatMap(({ name, table, address }) => {
      const entry = refused?.get(registerKey(table, address));
      return entry ? [{ register: name, code: entry.code }] : [];
    });
  }

  relearn(): void {
    this.#reader?.relearn();
    this.#search.doubt();
  }

  withheld(): Readonly<Withheld> {
    return { ...this.#withheld };
  }

  oddities(): Oddities {
    const { lateMs } = this.#io.bus.state(this.#unit);
    return { quirks: this.#io.bus.quirks(), ...(lateMs === undefined ? {} : { lateMs }) };
  }

  readRegisters(address: number, count: number, options?: RequestOptions): Promise<BusOutcome<readonly number[]>> {
    return this.#io.bus.read(this.#unit, "holding", address, count, options);
  }

  async writeRegisters(
    address: number,
    words: readonly number[],
    options: RequestOptions = {},
  ): Promise<BusOutcome<void>> {
    const fault = await this.#fitFault(options.signal);
    if (fault) return { ok: false, fault: isOfBus(fault) ? fault : busFault.refused(fault.message) };
    const write = (more: { function?: 16 } = {}) => {
      this.#writtenAt = this.#io.clock.monotonic();
      return this.#io.bus.write(this.#unit, address, words, { ...options, ...more });
    };
    if (this.#writesMany) return await write({ function: 16 });
    const single = await write();
    if (words.length !== 1 || single.ok || !isRefusal(single.fault) || options.signal?.aborted) return single;
    const many = await write({ function: 16 });
    this.#writesMany = many.ok;
    return many.ok || !isRefusal(many.fault) ? many : single;
  }

  unsettledMs(): number {
    return Math.max(0, this.#writtenAt + this.#settleMs - this.#io.clock.monotonic());
  }

  /** The reader of this map; what was learned of another is forgotten. */
  #readerOf(profile: Profile, { bus, clock, memory }: InverterPorts): MapReader {
    if (this.#reader?.profile.id === profile.id) return this.#reader;
    this.#target = undefined;
    const options = { unit: this.#unit, maxRead: this.#maxRead };
    return this.#reader = new MapReader(profile, options, { bus, clock, ...(memory ? { memory } : {}) });
  }

  async #pollTarget({ map, filter }: Target, reader: MapReader, signal?: AbortSignal): Promise<Poll> {
    const reading = await reader.read(map, signal);
    const { own, raws } = reading;
    const changed = changedModel(map.headers, (address) => rawAt(own, { table: "holding", address, encoding: "u16" }));
    if (changed) {
      this.#search.forget();
      const message = `Unit ${this.#unit} no longer has SunSpec model ${changed.model} at ${changed.address}`;
      return this.#nothing({ kind: "map_changed", message });
    }
    if (reading.answeredAt !== undefined || reading.fault === undefined) {
      const answered = map.columns.map((name, column) => [name, raws[column]] as const);
      const fault = await this.#fitFault(signal, new Map(answered.filter(([, raw]) => raw !== undefined)));
      if (fault) return this.#nothing(fault);
    }
    const { values, withheld } = filter.pass(raws, this.#io.clock.monotonic());
    this.#count(withheld);
    return this.#result(map, reading, values, withheld);
  }

  /** Why it is not the device of its profile; asked once in each session, as it may be another after each. */
  async #fitFault(
    signal?: AbortSignal,
    polled?: ReadonlyMap<string, number | undefined>,
  ): Promise<PollFault | undefined> {
    const { bus } = this.#io;
    if (!this.#search.asks || this.#fits === bus.state(this.#unit).session) return undefined;
    const found = await this.#search.find(signal);
    const { map } = this.#search;
    if ("kind" in found || map === undefined) return "kind" in found ? found : undefined;
    const probes = [...map.detect, ...map.fit];
    const fault = await fitFault(probes, { bus, unit: this.#unit, signal, ...(polled ? { polled } : {}) });
    if (fault?.kind === "misfit") this.#search.forget();
    const judged = !polled ||
      probes.some(({ orAbsent, registers: [own] }) => !orAbsent || (own && polled.has(own.name)));
    if (fault === undefined && judged) this.#fits = bus.state(this.#unit).session;
    return fault;
  }

  #result(
    { profile, columns }: RegisterMap,
    { answeredAt, fault }: { readonly answeredAt: number | undefined; readonly fault: BusFault | undefined },
    values: readonly (number | undefined)[],
    withheld: Readonly<Withheld>,
  ): Poll {
    if (answeredAt !== undefined && values.some((value) => value !== undefined)) {
      return { kind: "read", at: answeredAt, profile, columns, values, withheld, ...(fault ? { fault } : {}) };
    }
    const message = `Unit ${this.#unit} gave no value to store: all are absent, refused or implausible`;
    return this.#nothing(fault ?? { kind: "no_values", message }, withheld);
  }

  #nothing(fault: PollFault, withheld: Readonly<Withheld> = noneWithheld()): Poll {
    return { kind: "nothing", at: this.#io.clock.now(), withheld, fault };
  }

  #count({ absent, missing, range, step }: Readonly<Withheld>): void {
    this.#withheld.absent += absent;
    this.#withheld.missing += missing;
    this.#withheld.range += range;
    this.#withheld.step += step;
  }
}

/** Whether it is the bus that failed, and not what came over it. */
function isOfBus(fault: PollFault): fault is BusFault {
  return !["misfit", "registers", "map_changed", "no_values", "not_sunspec"].includes(fault.kind);
}

/** Illegal function, address or value: some devices say one of them for a function that they do not have. */
function isRefusal(fault: BusFault): boolean {
  return fault.kind === "exception" && fault.code <= 3;
}

function namesOf(choice: RegisterChoice, profile: Profile): readonly string[] {
  return typeof choice === "function" ? choice(profile) : choice;
}

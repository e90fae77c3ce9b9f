import type { Clock } from "../../platform/clock.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import type { Profile } from "../../protocol/profile/register.ts";
import type { Identity } from "../../protocol/profile/sunspec/identity.ts";
import type { Bus, RequestOptions } from "../modbus/bus.ts";
import type { BusFault, BusOutcome } from "../modbus/fault.ts";
import type { Quirk } from "../modbus/quirks.ts";
import { type BlockReader, createBlockReader, type Pass, rawAt } from "./block_reader.ts";
import { type Learned, type MapMemory, nothingLearned, sameLearned } from "./map_memory.ts";
import { changedModel } from "./model_header.ts";
import { noneWithheld, type Poll, type PollFault, type Withheld } from "./poll.ts";
import { learnedOf, type Quarantine } from "./quarantine.ts";
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
  /** Its map, or `sunspec`: look for it. */
  readonly profile: Profile | "sunspec";
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
  readonly bus: Pick<Bus, "name" | "read" | "write" | "state" | "timing" | "quirks">;
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
  #reader: BlockReader | undefined;
  /** Of which profile `#reader` knows what is answered, and what of that is remembered. */
  #kept: { readonly profile: string; readonly learned: Learned } | undefined;
  /** Looked through for what to remember: most polls learn nothing. */
  #remembered: Quarantine | undefined;
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
    const reader = this.#readerOf(profile);
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
  #readerOf({ id }: Profile): BlockReader {
    if (this.#reader && this.#kept?.profile === id) return this.#reader;
    const learned = this.#io.memory?.load(id) ?? nothingLearned;
    this.#kept = { profile: id, learned };
    this.#target = undefined;
    return this.#reader = createBlockReader({ unit: this.#unit, maxRead: this.#maxRead, learned }, this.#io);
  }

  #remember({ id }: Profile, reader: BlockReader): void {
    const quarantine = reader.quarantine();
    if (!this.#io.memory || quarantine === this.#remembered) return;
    this.#remembered = quarantine;
    const learned = learnedOf(quarantine);
    if (this.#kept && sameLearned(this.#kept.learned, learned)) return;
    this.#kept = { profile: id, learned };
    this.#io.memory.keep(id, learned);
  }

  async #pollTarget({ map, filter }: Target, reader: BlockReader, signal?: AbortSignal): Promise<Poll> {
    const pass = await reader.read(map.spans, signal);
    this.#remember(map.profile, reader);
    const changed = changedModel(map.headers, (address) => rawAt(pass, "holding", address, "u16"));
    if (changed) {
      this.#search.forget();
      const message = `Unit ${this.#unit} no longer has SunSpec model ${changed.model} at ${changed.address}`;
      return this.#nothing({ kind: "map_changed", message });
    }
    const raws = map.registers.map(({ table, address, encoding }) => rawAt(pass, table, address, encoding));
    const { values, withheld } = filter.pass(raws, this.#io.clock.monotonic());
    this.#count(withheld);
    return this.#result(map, pass, values, withheld);
  }

  #result(
    { profile, columns }: RegisterMap,
    { answeredAt, fault }: Pass,
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

/** Illegal function, address or value: some devices say one of them for a function that they do not have. */
function isRefusal(fault: BusFault): boolean {
  return fault.kind === "exception" && fault.code <= 3;
}

function namesOf(choice: RegisterChoice, profile: Profile): readonly string[] {
  return typeof choice === "function" ? choice(profile) : choice;
}

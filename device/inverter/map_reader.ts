import type { Profile } from "../../protocol/profile/register.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Bus } from "../modbus/bus.ts";
import type { BusFault } from "../modbus/fault.ts";
import { type BlockReader, createBlockReader, type Pass, rawAt } from "./block_reader.ts";
import { type Learned, type MapMemory, nothingLearned, sameLearned } from "./map_memory.ts";
import { learnedOf, type Quarantine } from "./quarantine.ts";
import type { RegisterMap } from "./register_map.ts";
import { type RegisterKey, registerKey } from "./register_reader.ts";

/** What one reading of a map brought. */
interface MapReading {
  /** One a column; `undefined`: not answered, or not asked for this time. */
  readonly raws: readonly (number | undefined)[];
  /** What the device's own unit id answered. */
  readonly own: Pass;
  /** Unix milliseconds of the first answer. */
  readonly answeredAt: number | undefined;
  /** The first thing that went wrong besides refusals. */
  readonly fault: BusFault | undefined;
}

interface MapReaderIo {
  readonly bus: Pick<Bus, "name" | "read" | "readBits" | "state" | "timing">;
  readonly clock: Clock;
  /** What was learned before the start. */
  readonly memory?: MapMemory;
}

/** Reads the registers of one map, from as many unit ids as it has, and what is polled less often only then. */
export class MapReader {
  readonly profile: Profile;
  readonly #unit: number;
  readonly #maxRead: number;
  readonly #cuts: ReadonlySet<RegisterKey>;
  readonly #io: MapReaderIo;
  readonly #own: BlockReader;
  readonly #others = new Map<number, BlockReader>();
  #kept: Learned;
  /** Looked through for what to remember: most polls learn nothing. */
  #remembered: Quarantine | undefined;
  #slowAt = -Infinity;

  constructor(
    profile: Profile,
    { unit, maxRead }: { readonly unit: number; readonly maxRead: number },
    io: MapReaderIo,
  ) {
    const { reading } = profile;
    this.profile = profile;
    this.#unit = unit;
    this.#maxRead = Math.min(maxRead, reading?.maxRead ?? maxRead);
    // No register lies in a hole: a read that may not go over its start does not go through it.
    this.#cuts = new Set(
      [...reading?.cuts ?? [], ...reading?.holes ?? []].map(([table, at]) => registerKey(table, at)),
    );
    this.#io = io;
    this.#kept = io.memory?.load(profile.id) ?? nothingLearned;
    this.#own = this.#readerOf(unit, this.#kept);
  }

  async read(map: RegisterMap, signal?: AbortSignal): Promise<MapReading> {
    const rare = this.#isSlowDue(map);
    const passes = new Map<number | undefined, Pass>();
    for (const { unitId, all, fast } of map.units) {
      const reader = unitId === undefined || unitId === this.#unit ? this.#own : this.#other(unitId);
      passes.set(unitId, await reader.read(rare ? all : fast, signal));
    }
    this.#remember();
    const all = [...passes.values()];
    return {
      raws: map.registers.map((register) => {
        const pass = passes.get(register.unitId);
        return pass && rawAt(pass, register);
      }),
      own: passes.get(undefined) ?? { parts: [] },
      answeredAt: all.find(({ answeredAt }) => answeredAt !== undefined)?.answeredAt,
      fault: all.find(({ fault }) => fault !== undefined)?.fault,
    };
  }

  /** Of the device's own unit id. */
  quarantine(): Quarantine {
    return this.#own.quarantine();
  }

  /** Asks anew, soon, for what was refused. */
  relearn(): void {
    for (const reader of [this.#own, ...this.#others.values()]) reader.relearn();
  }

  #isSlowDue({ slowMs }: RegisterMap): boolean {
    const now = this.#io.clock.monotonic();
    if (slowMs !== undefined && now < this.#slowAt) return false;
    this.#slowAt = now + (slowMs ?? 0);
    return true;
  }

  #other(unitId: number): BlockReader {
    const known = this.#others.get(unitId) ?? this.#readerOf(unitId);
    this.#others.set(unitId, known);
    return known;
  }

  #readerOf(unit: number, learned?: Learned): BlockReader {
    const options = { unit, maxRead: this.#maxRead, cuts: this.#cuts, ...(learned ? { learned } : {}) };
    return createBlockReader(options, this.#io);
  }

  #remember(): void {
    const quarantine = this.#own.quarantine();
    if (!this.#io.memory || quarantine === this.#remembered) return;
    this.#remembered = quarantine;
    const learned = learnedOf(quarantine);
    if (sameLearned(this.#kept, learned)) return;
    this.#kept = learned;
    this.#io.memory.keep(this.profile.id, learned);
  }
}

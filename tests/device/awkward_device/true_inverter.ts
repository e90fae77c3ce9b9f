import { mapProfile } from "../../../protocol/profile/sunspec/map_profile.ts";
import type { Register } from "../../../protocol/profile/register.ts";

/** The unit that is asked, and another one on its line. */
export const UNIT = 1, OTHER_UNIT = 9;

const IDENTITY_LENGTH = 66, INVERTER_LENGTH = 50;
const TICK_MS = 100;

/** Raw values that move with every tick of 100 ms, each through a range of its own: an older one, or another's, is seen. */
const MOVING: Readonly<Record<string, (tick: number) => number>> = {
  A: (tick) => 20_000 + tick % 1024,
  PhVphA: (tick) => 2000 + tick % 1024,
  PhVphB: (tick) => 4000 + tick % 1024,
  PhVphC: (tick) => 6000 + tick % 1024,
  W: (tick) => 9000 + tick % 4096,
  Hz: (tick) => 4500 + tick % 900,
  WH: (tick) => 100_000 + tick,
  DCV: (tick) => 8000 + tick % 1024,
  DCW: (tick) => 14_000 + tick % 4096,
  TmpCab: (tick) => 300 + tick % 256,
  TmpSnk: (tick) => 800 + tick % 256,
};

const FIXED: Readonly<Record<string, number>> = {
  A_SF: -2,
  V_SF: -1,
  W_SF: 0,
  Hz_SF: -2,
  WH_SF: 0,
  DCV_SF: -1,
  DCW_SF: 0,
  Tmp_SF: -1,
  St: 4,
  Evt1: 0,
};

/** Points that are polled by default, and that this inverter has. */
export const POINTS: readonly string[] = [...Object.keys(MOVING), "St", "Evt1"];

/** A SunSpec inverter of model 103: what its registers truly hold at any time. */
export class TrueInverter {
  readonly #base: number;
  readonly #registers: ReadonlyMap<string, Register>;
  /** What lies at an address: a word that stays, or a register and which of its words. */
  readonly #map = new Map<number, number | { readonly point: string; readonly word: number; readonly words: number }>();

  constructor(base: number) {
    this.#base = base;
    const address = base + 4 + IDENTITY_LENGTH;
    const { registers } = mapProfile([{ model: 103, address, length: INVERTER_LENGTH }]);
    this.#registers = new Map(registers.map((register) => [pointOf(register.name), register]));
    this.#put(base, [0x5375, 0x6e53, 1, IDENTITY_LENGTH, ...new Array<number>(IDENTITY_LENGTH).fill(0x4141)]);
    this.#put(address, [103, INVERTER_LENGTH, ...new Array<number>(INVERTER_LENGTH).fill(0x8000), 0xffff, 0]);
    for (const [point, { address, absent = 0xffff, encoding }] of this.#registers) {
      const words = encoding === "acc32" || encoding === "u32" ? 2 : 1;
      for (let word = 0; word < words; word++) {
        const known = point in MOVING || point in FIXED;
        this.#map.set(address + word, known ? { point, word, words } : absent & 0xffff);
      }
    }
  }

  /** Where the block begins that holds all that is polled, and how many words it has, header included. */
  get block(): { readonly address: number; readonly count: number } {
    return { address: this.#base + 4 + IDENTITY_LENGTH, count: 2 + INVERTER_LENGTH };
  }

  addressOf(point: string): number {
    return this.#registers.get(point)?.address ?? NaN;
  }

  /** What a unit's words are at a moment; `undefined` where there is nothing. */
  read(unit: number, address: number, count: number, ms: number): readonly number[] | undefined {
    const words: number[] = [];
    for (let at = address; at < address + count; at++) {
      const word = this.#word(unit, at, tickOf(ms));
      if (word === undefined) return undefined;
      words.push(word);
    }
    return words;
  }

  /** Whether a point held this raw value at a moment from `from` to `to`. */
  held(point: string, raw: number, from: number, to: number): boolean {
    const moving = MOVING[point];
    if (!moving) return raw === FIXED[point];
    for (let tick = tickOf(from); tick <= tickOf(to); tick++) if (moving(tick) === raw) return true;
    return false;
  }

  #word(unit: number, address: number, tick: number): number | undefined {
    const here = this.#map.get(address);
    if (here === undefined || typeof here === "number") return here;
    const moving = MOVING[here.point]?.(tick);
    const raw = moving === undefined ? FIXED[here.point] ?? 0 : unit === UNIT ? moving : moving + 5000;
    return (here.word === here.words - 1 ? raw : raw >> 16) & 0xffff;
  }

  #put(address: number, words: readonly number[]): void {
    for (const [i, word] of words.entries()) this.#map.set(address + i, word);
  }
}

/** "W" of "103.W". */
export function pointOf(register: string): string {
  return register.slice(register.indexOf(".") + 1);
}

function tickOf(ms: number): number {
  return Math.floor(ms / TICK_MS);
}

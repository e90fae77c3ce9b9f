import type { InverterPorts } from "../../../device/inverter/inverter.ts";
import { zeroCounters } from "../../../device/modbus/counters.ts";
import { type BusFault, busFault, type BusOutcome } from "../../../device/modbus/fault.ts";

/** A read as the unit saw it. */
export interface Request {
  readonly address: number;
  readonly count: number;
}

/** An inverter behind a bus, as data: what it holds, and how it misbehaves. */
export interface Unit {
  /** Words by address. What is not here is refused with exception 2. */
  words: Map<number, number>;
  /** Addresses that answer nothing at all. */
  silent?: (request: Request) => boolean;
  /** Refusals besides missing words. */
  refuses?: (request: Request) => number | undefined;
  /** What a whole read comes to, before anything else. */
  fault?: (request: Request) => BusFault | undefined;
  /** Changes an answer on its way. */
  garbles?: (words: number[], request: Request) => number[];
  session?: number;
}

/** A bus with this unit on it, which remembers what was asked. */
export interface FakeBus {
  readonly bus: InverterPorts["bus"];
  readonly requests: Request[];
  /** The same, as "unit table address/count". */
  readonly asked: string[];
}

/** The bus a unit answers on: 9600 baud 8N1 unless a network is asked for. */
export function busWith(unit: Unit, timing = { charMs: 10 / 9.6, gapMs: 4 }): FakeBus {
  const requests: Request[] = [];
  const asked: string[] = [];
  const take = (unit: number, table: string, request: Request) => {
    requests.push(request);
    asked.push(`${unit} ${table} ${request.address}/${request.count}`);
    return answer(request);
  };
  const answer = (request: Request): BusOutcome<readonly number[]> => {
    const fault = unit.fault?.(request);
    if (fault) return { ok: false, fault };
    if (unit.silent?.(request)) return { ok: false, fault: busFault.timeout("test", 1, 100, 1) };
    const code = unit.refuses?.(request);
    if (code !== undefined) return { ok: false, fault: busFault.exception("test", 1, code) };
    const words: number[] = [];
    for (let address = request.address; address < request.address + request.count; address++) {
      const word = unit.words.get(address);
      if (word === undefined) return { ok: false, fault: busFault.exception("test", 1, 2) };
      words.push(word);
    }
    return { ok: true, value: unit.garbles ? unit.garbles(words, request) : words };
  };
  return {
    requests,
    asked,
    bus: {
      name: "test",
      quirks: () => [],
      timing,
      read: (unit, table, address, count) => Promise.resolve(take(unit, table, { address, count })),
      readBits: (unit, table, address, count) => {
        const words = take(unit, table, { address, count });
        return Promise.resolve(words.ok ? { ok: true, value: words.value.map(Boolean) } : words);
      },
      write: (_unit, address, values) => {
        values.forEach((value, i) => unit.words.set(address + i, value));
        return Promise.resolve({ ok: true, value: undefined });
      },
      state: () => ({ status: "online", session: unit.session ?? 1, counters: zeroCounters() }),
    },
  };
}

/** One model of a SunSpec map: its id, its length, and words by offset from the ID register. */
export interface FakeModel {
  readonly id: number;
  readonly length: number;
  readonly words?: Readonly<Record<number, number>>;
}

/** The words of a SunSpec map. `end`: what follows the last model; `[]` for nothing. */
export function sunSpecWords(
  models: readonly FakeModel[],
  { base = 40_000, end = [0xffff, 0] }: { base?: number; end?: readonly number[] } = {},
): Map<number, number> {
  const words = new Map<number, number>([[base, 0x5375], [base + 1, 0x6e53]]);
  let at = base + 2;
  for (const { id, length, words: content } of models) {
    words.set(at, id).set(at + 1, length);
    for (let offset = 2; offset < length + 2; offset++) words.set(at + offset, content?.[offset] ?? 0);
    at += length + 2;
  }
  end.forEach((word, i) => words.set(at + i, word));
  return words;
}

/** Words of a text, from offset `from`, for `FakeModel.words`. */
export function textWords(text: string, from: number): Record<number, number> {
  const bytes = new TextEncoder().encode(text + (text.length % 2 ? "\0" : ""));
  return Object.fromEntries(
    Array.from(
      { length: bytes.length / 2 },
      (_, i) => [from + i, ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)],
    ),
  );
}

/** Model 1 of a maker. */
export function common(length: number, maker = "Test"): FakeModel {
  return { id: 1, length, words: { ...textWords(maker, 2), ...textWords("Model", 18), ...textWords("SN1", 50) } };
}

/** Model 103 giving 2,345.6 W, 230.1 V, 50.01 Hz, 1,234.567 kWh; all else not implemented. */
export const threePhase: FakeModel = {
  id: 103,
  length: 50,
  words: {
    ...Object.fromEntries([2, 3, 4, 5, 6, 7, 8, 9, 18, 19, 20, 21, 22, 23].map((offset) => [offset, 0x8000])),
    ...Object.fromEntries([2, 3, 4, 5, 7, 8, 9, 27, 29, 39].map((offset) => [offset, 0xffff])),
    10: 2301,
    11: 2302,
    12: 2303,
    13: 0xffff,
    14: 23456,
    15: 0xffff,
    16: 5001,
    17: 0xfffe,
    24: 0x0012,
    25: 0xd687,
    26: 0,
    28: 0x8000,
    30: 0x8000,
    31: 0x8000,
    32: 0x8000,
    33: 415,
    34: 0x8000,
    35: 0x8000,
    36: 0x8000,
    37: 0xffff,
    38: 4,
    40: 0,
    41: 0,
  },
};

import type { Bus, RequestOptions } from "./bus.ts";
import type { BusCounters, UnitState } from "./counters.ts";
import { type BusIo, type BusOptions, Dispatcher } from "./dispatcher.ts";
import { busFault, type BusOutcome } from "./fault.ts";
import type { Quirk } from "./quirks.ts";
import type { Line } from "./line.ts";
import type { LineTiming } from "./line_timing.ts";
import type { Request } from "./pdu.ts";

/** Builds the bus of a line. Nothing is opened before the first request. */
export function createBus(line: Line, options: BusOptions, io: BusIo): Bus {
  return new LineBus(line, options, io);
}

class LineBus implements Bus {
  readonly name: string;
  readonly timing: LineTiming;
  readonly #dispatcher: Dispatcher;

  constructor(line: Line, options: BusOptions, io: BusIo) {
    this.name = line.name;
    this.timing = line.timing;
    this.#dispatcher = new Dispatcher(line, options, io);
  }

  async read(
    unit: number,
    table: "holding" | "input",
    address: number,
    count: number,
    options: RequestOptions = {},
  ): Promise<BusOutcome<readonly number[]>> {
    const fc = table === "holding" ? 3 : 4;
    const outcome = await this.#dispatcher.request(unit, { fc, address, count }, options, "poll");
    if (!outcome.ok) return outcome;
    return { ok: true, value: outcome.value && "values" in outcome.value ? outcome.value.values : [] };
  }

  async readBits(
    unit: number,
    table: "coils" | "discrete",
    address: number,
    count: number,
    options: RequestOptions = {},
  ): Promise<BusOutcome<readonly boolean[]>> {
    const fc = table === "coils" ? 1 : 2;
    const outcome = await this.#dispatcher.request(unit, { fc, address, count }, options, "poll");
    if (!outcome.ok) return outcome;
    return { ok: true, value: outcome.value && "bits" in outcome.value ? outcome.value.bits : [] };
  }

  async write(
    unit: number,
    address: number,
    values: readonly number[],
    options: RequestOptions & { readonly function?: 6 | 16 } = {},
  ): Promise<BusOutcome<void>> {
    const [value] = values;
    const single = value !== undefined && values.length === 1 && options.function !== 16;
    if (options.function === 6 && !single) return refused("function 6 writes exactly one register");
    const request: Request = single ? { fc: 6, address, value } : { fc: 16, address, values };
    return done(await this.#dispatcher.request(unit, request, options, "write"));
  }

  async writeBits(
    unit: number,
    address: number,
    bits: readonly boolean[],
    options: RequestOptions & { readonly function?: 5 | 15 } = {},
  ): Promise<BusOutcome<void>> {
    const [on] = bits;
    const single = on !== undefined && bits.length === 1 && options.function !== 15;
    if (options.function === 5 && !single) return refused("function 5 writes exactly one coil");
    const request: Request = single ? { fc: 5, address, on } : { fc: 15, address, bits };
    return done(await this.#dispatcher.request(unit, request, options, "write"));
  }

  state(unit: number): UnitState {
    return this.#dispatcher.state(unit);
  }

  units(): readonly number[] {
    return this.#dispatcher.units();
  }

  quirks(): readonly Quirk[] {
    return this.#dispatcher.quirks();
  }

  counters(): Readonly<BusCounters> {
    return this.#dispatcher.counters();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispatcher.close();
  }
}

function done(outcome: BusOutcome<unknown>): BusOutcome<void> {
  return outcome.ok ? { ok: true, value: undefined } : outcome;
}

function refused(detail: string): BusOutcome<never> {
  return { ok: false, fault: busFault.refused(detail) };
}

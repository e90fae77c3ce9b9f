import type { CommandTarget } from "../../device/command/target.ts";
import { busFault, type BusOutcome } from "../../device/modbus/fault.ts";
import { ecowatt } from "../../protocol/profile/ecowatt.ts";
import type { Process, Simulation } from "./simulation.ts";

/** Milliseconds after a write for which it may be silent. */
const SETTLE_MS = 10_000;

/** A write that reached the inverter. */
export interface Effect {
  readonly address: number;
  readonly value: number;
  /** When the request went onto the line. */
  readonly at: number;
}

/** The ten registers behind a line that loses requests, echoes and answers. */
export class FaultyInverter {
  readonly effects: Effect[] = [];
  readonly #sim: Simulation;
  #writtenAt = -Infinity;
  readonly #words = new Map(ecowatt.registers.map(({ address }) => [address, 0]));

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  /** How a node process uses it. `crash` kills that process. */
  target(process: Process, crash: () => void): CommandTarget {
    return {
      profile: () => ecowatt,
      readRegisters: (address, count, options) => {
        if (this.#sim.fault(0.02)) crash();
        return this.#request(process, options?.signal, () => {
          if (this.#sim.fault(0.08)) return { ok: false, fault: busFault.timeout("model", 17, 300, 2) };
          const value = Array.from({ length: count }, (_, i) => this.#words.get(address + i) ?? 0);
          return { ok: true, value };
        });
      },
      writeRegisters: (address, words, options) => {
        if (this.#sim.fault(0.05)) crash();
        this.#writtenAt = this.#sim.now;
        const [value = -1] = words;
        return this.#request(process, options?.signal, () => this.#write(address, value, crash));
      },
      unsettledMs: () => Math.max(0, this.#writtenAt + SETTLE_MS - this.#sim.now),
    };
  }

  #write(address: number, value: number, crash: () => void): BusOutcome<void> {
    const { chance } = this.#sim;
    if (this.#sim.fault(0.03)) return { ok: false, fault: busFault.exception("model", 17, 4) };
    const lost = this.#sim.fault(0.1);
    if (!lost) {
      this.effects.push({ address, value, at: this.#sim.now });
      this.#words.set(address, value);
    }
    if (this.#sim.fault(0.05)) crash();
    if (!lost && !this.#sim.fault(0.1)) return { ok: true, value: undefined };
    const fault = chance.is(0.5) ? busFault.timeout("model", 17, 300, 1) : busFault.crc("model", 17, 1);
    return { ok: false, fault };
  }

  /** Waits for the line, then is on it, then has an answer. The effect counts from when it is on the line. */
  #request<T>(
    process: Process,
    signal: AbortSignal | undefined,
    serve: () => BusOutcome<T>,
  ): Promise<BusOutcome<T>> {
    return new Promise((resolve) => {
      if (!process.alive) return;
      const settle = (outcome: BusOutcome<T>) => process.alive && resolve(outcome);
      const abort = () => settle({ ok: false, fault: busFault.aborted("model") });
      if (signal?.aborted) return abort();
      signal?.addEventListener("abort", abort, { once: true });
      const wait = this.#sim.fault(0.05) ? this.#sim.chance.between(500, 8_000) : this.#sim.chance.between(0, 30);
      this.#sim.after(wait, () => {
        if (!process.alive || signal?.aborted) return;
        const outcome = serve();
        this.#sim.after(this.#sim.chance.between(1, 40), () => settle(outcome));
      });
    });
  }
}

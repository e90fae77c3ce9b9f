import { availableWattsAt, type Plant } from "./plant.ts";
import { HOUR_MS } from "./sky.ts";

/** The day is summed in cells of this length, each with the power at its middle: two years take 40 ms at the start. */
const CELL_MS = 30 * 60_000;
/** All simulated plants went into service then; their counters start from 0. */
const INSTALLED = Date.UTC(2025, 0, 1);

/** Energy counter of a plant. It never falls, whatever the clock does. */
export interface EnergyCounter {
  /** Wh delivered since installation, up to `at`, with the limit `capWatts` in force since the last call. */
  advance(at: number, capWatts: number): number;
}

/** A counter that starts at what the plant would have delivered without a limit since it was installed. */
export function energyCounter(plant: Plant, from: number): EnergyCounter {
  let last = { cell: Number.NaN, watts: 0 };
  // The cell of the moment is asked for with every poll, so it is remembered.
  const wattsOf = (cell: number) => {
    if (last.cell !== cell) last = { cell, watts: availableWattsAt(plant, cell + CELL_MS / 2) };
    return last.watts;
  };
  let reached = Math.max(INSTALLED, from);
  let total = wattHours(wattsOf, INSTALLED, reached, Number.POSITIVE_INFINITY);
  return {
    advance(at, capWatts) {
      if (at > reached) {
        total += wattHours(wattsOf, reached, at, capWatts);
        reached = at;
      }
      return total;
    },
  };
}

/** Wh between two moments: whole cells and parts of cells. */
function wattHours(wattsOf: (cell: number) => number, from: number, to: number, capWatts: number): number {
  let sum = 0;
  for (let cell = Math.floor(from / CELL_MS) * CELL_MS; cell < to; cell += CELL_MS) {
    const share = Math.min(to, cell + CELL_MS) - Math.max(from, cell);
    sum += Math.min(capWatts, wattsOf(cell)) * share / HOUR_MS;
  }
  return sum;
}

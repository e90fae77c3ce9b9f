import type { Packed } from "./bitpack.ts";
import type { Reading } from "./reading.ts";
import { COLUMNS } from "./registers.ts";

/**
 * Values whose low bits the packer lost, marked `lossy`: of all values that the kept bits allow, the one nearest to the
 * whole value of the same column that stands closest in the frame (else to the last sample before it). Without either
 * the low bits stay 0.
 */
export function refineLostBits(packed: Packed, before: Reading | undefined): Reading {
  const values = packed.values.map((value, position) => {
    const bits = packed.lostBits[position] ?? 0;
    if (bits === 0) return value;
    const near = nearestWhole(packed, position) ?? before?.values[position % COLUMNS] ?? value;
    return Math.min(Math.max(near, value), value + (1 << bits) - 1);
  });
  return { values, qualities: packed.lostBits.map((bits) => bits === 0 ? "exact" : "lossy") };
}

function nearestWhole(packed: Packed, position: number): number | undefined {
  for (let away = COLUMNS; away < packed.values.length; away += COLUMNS) {
    for (const at of [position - away, position + away]) {
      if (packed.lostBits[at] === 0) return packed.values[at];
    }
  }
  return undefined;
}

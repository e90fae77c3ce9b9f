import { physical, type RawOf } from "../../protocol/profile/physical.ts";
import type { Register } from "../../protocol/profile/register.ts";
import { judge, type Track } from "./plausibility.ts";
import { noneWithheld, type Withheld } from "./poll.ts";

/** Lets through what can be true and remembers it, column by column. */
export interface SampleFilter {
  /** Replaces raw values that cannot be believed by `undefined`. `at`: monotonic milliseconds. */
  pass(
    raws: readonly (number | undefined)[],
    at: number,
  ): { readonly values: readonly (number | undefined)[]; readonly withheld: Readonly<Withheld> };
}

/** A filter for these columns, with nothing remembered. */
export function createSampleFilter(registers: readonly Register[]): SampleFilter {
  const tracks = registers.map((): Track => ({}));
  const index = new Map(registers.map((register, column) => [register.name, column]));
  return {
    pass(raws, at) {
      const withheld = noneWithheld();
      const rawOf: RawOf = (name) => raws[index.get(name) ?? -1];
      const values = registers.map((register, column) => {
        const raw = raws[column];
        if (raw === undefined) return undefined;
        const reading = { raw, physical: physical(register, raw, rawOf), at };
        const { verdict, track } = judge(register, reading, tracks[column] ?? {});
        tracks[column] = track;
        if (verdict === "believed") return raw;
        withheld[verdict]++;
        return undefined;
      });
      return { values, withheld };
    },
  };
}

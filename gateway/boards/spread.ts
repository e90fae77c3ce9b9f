/** Likelihoods by distance from a centre: a discrete Laplace distribution with a Cauchy tail, by its mean step. */
export interface Spread {
  readonly table: readonly number[];
  readonly tail: number;
  readonly width: number;
}

/** Part of a spread that is in its tail. */
const TAIL = 0.3;

export function spreadOf(meanStep: number): Spread {
  const ratio = (Math.sqrt(1 + meanStep * meanStep) - 1) / meanStep;
  const width = 2 * meanStep;
  const tail = TAIL / (Math.PI * width);
  const table: number[] = [];
  let laplace = (1 - TAIL) * (1 - ratio) / (1 + ratio);
  // The table ends where only the tail counts.
  for (let distance = 0; laplace > tail / 1000; distance++, laplace *= ratio) {
    table.push(laplace + tail / (1 + (distance / width) ** 2));
  }
  return { table, tail, width };
}

export function likelihood(difference: number, { table, tail, width }: Spread): number {
  const distance = Math.round(Math.abs(difference));
  return table[distance] ?? tail / (1 + (distance / width) ** 2);
}

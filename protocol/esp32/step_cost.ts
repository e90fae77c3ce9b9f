const SCALES = [3, 2, 1.5, 25, 1.5, 1];
export function stepCost(column: number, value: number, before: number | undefined, row: readonly number[]): number {
  let cost = 0;
  if (before !== undefined) {
    const scale = SCALES[column] ?? 1;
    cost += Math.log(1 + Math.abs(value - before) / scale);
  }
  void row;
  return cost;
}

/** What a bucket keeps of one register, in the register's unit. */
export interface Summary {
  /** Values seen; gaps are not counted. */
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly mean: number;
  /** The value of the latest time, and that time in unix milliseconds. */
  readonly last: number;
  readonly lastAt: number;
  /** Index into `QUALITIES` of the worst value. */
  readonly quality: number;
}

/** Cells of one register, in this order, in `Bucket.cells`. */
export const CELL = { count: 0, min: 1, max: 2, sum: 3, last: 4, lastAt: 5, quality: 6 } as const;
/** Cells a register takes. */
export const STRIDE = 7;

/** Samples of a series that fall into one span of time, summarised register by register. */
export interface Bucket {
  /** Unix milliseconds at which the span begins. */
  readonly start: number;
  /** `STRIDE` numbers a register: flat, because every sample that is uploaded passes through here. */
  readonly cells: Float64Array;
}

/** The start of the span of `lengthMs` that `at` lies in; spans are counted from the unix epoch, so days are UTC days. */
export function bucketStart(at: number, lengthMs: number): number {
  return at - at % lengthMs;
}

export function emptyBucket(start: number, columns: number): Bucket {
  return { start, cells: new Float64Array(columns * STRIDE) };
}

/** How many registers a bucket has. */
export function columnsOfBucket(bucket: Bucket): number {
  return bucket.cells.length / STRIDE;
}

/** Counts one value of one register in. Of two values of the same time the one added later is the last. */
export function addValue(bucket: Bucket, column: number, value: number, at: number, quality: number): void {
  const { cells } = bucket;
  const base = column * STRIDE;
  const count = cells[base] ?? 0;
  cells[base] = count + 1;
  if (count === 0 || value < (cells[base + 1] ?? 0)) cells[base + 1] = value;
  if (count === 0 || value > (cells[base + 2] ?? 0)) cells[base + 2] = value;
  cells[base + 3] = (cells[base + 3] ?? 0) + value;
  if (count === 0 || at >= (cells[base + 5] ?? 0)) {
    cells[base + 4] = value;
    cells[base + 5] = at;
  }
  if (quality > (cells[base + 6] ?? 0)) cells[base + 6] = quality;
}

/** Counts one register of a bucket into one of another. */
export function mergeColumn(into: Bucket, column: number, from: Bucket, fromColumn: number): void {
  const a = into.cells, b = from.cells;
  const i = column * STRIDE, j = fromColumn * STRIDE;
  const count = a[i] ?? 0, more = b[j] ?? 0;
  if (more === 0) return;
  if (count === 0) {
    for (let cell = 0; cell < STRIDE; cell++) a[i + cell] = b[j + cell] ?? 0;
    return;
  }
  a[i] = count + more;
  a[i + 1] = Math.min(a[i + 1] ?? 0, b[j + 1] ?? 0);
  a[i + 2] = Math.max(a[i + 2] ?? 0, b[j + 2] ?? 0);
  a[i + 3] = (a[i + 3] ?? 0) + (b[j + 3] ?? 0);
  if ((b[j + 5] ?? 0) >= (a[i + 5] ?? 0)) {
    a[i + 4] = b[j + 4] ?? 0;
    a[i + 5] = b[j + 5] ?? 0;
  }
  a[i + 6] = Math.max(a[i + 6] ?? 0, b[j + 6] ?? 0);
}

/** Counts all registers of a bucket into one of the same registers. */
export function mergeBucket(into: Bucket, from: Bucket): void {
  for (let column = columnsOfBucket(into) - 1; column >= 0; column--) mergeColumn(into, column, from, column);
}

/** What the bucket knows of a register; `undefined` when it saw no value. */
export function summaryOf(bucket: Bucket, column: number): Summary | undefined {
  const cell = (index: number) => bucket.cells[column * STRIDE + index] ?? 0;
  const count = cell(CELL.count);
  if (count === 0) return undefined;
  const sum = cell(CELL.sum);
  return {
    count,
    min: cell(CELL.min),
    max: cell(CELL.max),
    sum,
    mean: sum / count,
    last: cell(CELL.last),
    lastAt: cell(CELL.lastAt),
    quality: cell(CELL.quality),
  };
}

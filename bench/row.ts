/** One line of the benchmark's report. */
export interface Row {
  readonly name: string;
  readonly value: number;
  /** What `value` counts: "polls/s", "bytes", "ms". */
  readonly unit: string;
  /** What it is measured against in the same run, in the same unit. */
  readonly yardstick?: number;
  /** `value / yardstick`. */
  readonly ratio?: number;
}

/** What a byte costs on this line: what the planning of block reads needs to know. */
export interface LineTiming {
  /** Milliseconds one byte takes; 0 where the network makes it negligible. */
  readonly charMs: number;
  /** Milliseconds of silence between frames (t3.5 or as configured). */
  readonly gapMs: number;
}

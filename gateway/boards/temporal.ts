import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import { type Decoded, type FrameFault, readWords } from "./raw.ts";
import { type Reading, worse } from "./reading.ts";
import type { Quality } from "../../protocol/sample.ts";

/** Values with the register id of each. */
interface TemporalBase {
  readonly ids: readonly number[];
  readonly values: readonly number[];
}

/** Reads `70 | count | count ids | count x uint16 LE` (contract/2-boards §4.5): exact. */
export function decodeTemporalBase(frame: Uint8Array): Outcome<Decoded<TemporalBase>, FrameFault> {
  const count = frame[1];
  if (count === undefined || frame.length < 2 + 3 * count) return refusal("length", "temporal frame is too short");
  const ids = Array.from(frame.subarray(2, 2 + count));
  if (count === 0 || ids.some((id) => id > 9)) return refusal("field", "temporal frame with an unknown register");
  return success({ content: { ids, values: readWords(frame, 2 + count, count) }, length: 2 + 3 * count });
}

/** What a `71` frame refers to: the register ids of the call before it, and the two last rows of the ring, by register id. */
export interface TemporalPast {
  readonly ids: readonly number[];
  readonly newest: Reading;
  readonly older: Reading;
}

/** Reads `71 | count | codes`: differences from 2 x newest - older. Exact as far as the past is. */
export function decodeTemporalDelta(frame: Uint8Array, past: TemporalPast): Outcome<Decoded<Reading>, FrameFault> {
  const count = frame[1];
  if (count === undefined) return refusal("length", "temporal frame is too short");
  if (count === 0) return refusal("field", "temporal frame of no values");
  if (count !== past.ids.length) return refusal("missing_base", `${count} values after a call with ${past.ids.length}`);
  const values: number[] = [];
  const qualities: Quality[] = [];
  let at = 2;
  for (const id of past.ids) {
    const code = readCode(frame, at);
    if (!code.ok) return code;
    values.push((predict(past, id) + code.value.delta) & 0xffff);
    qualities.push(worse(past.newest.qualities[id] ?? "exact", past.older.qualities[id] ?? "exact"));
    at = code.value.end;
  }
  return success({ content: { values, qualities }, length: at });
}

/** The line through the two last values, or the last one where that leaves uint16. */
function predict(past: TemporalPast, id: number): number {
  const newest = past.newest.values[id] ?? 0;
  const line = 2 * newest - (past.older.values[id] ?? 0);
  return line < 0 || line > 0xffff ? newest : line;
}

/** A code is sign and magnitude in one byte, `00 int8` or `01 int16 LE`. */
function readCode(frame: Uint8Array, at: number): Outcome<{ delta: number; end: number }, FrameFault> {
  const [first, low, high] = [frame[at], frame[at + 1], frame[at + 2]];
  if (first === undefined) return refusal("length", "temporal frame is cut");
  if (first >= 0x80) return success({ delta: first & 0x40 ? -(first & 0x3f) : first & 0x3f, end: at + 1 });
  if (first > 1) return refusal("field", `no temporal code begins with ${first}`);
  if (low === undefined || (first === 1 && high === undefined)) return refusal("length", "temporal frame is cut");
  if (first === 0) return success({ delta: (low << 24) >> 24, end: at + 2 });
  return success({ delta: ((low | ((high ?? 0) << 8)) << 16) >> 16, end: at + 3 });
}

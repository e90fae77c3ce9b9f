import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import type { Quality } from "../../protocol/sample.ts";
import type { Decoded, FrameFault } from "./raw.ts";
import type { Reading } from "./reading.ts";

/** Bytes of a run's value by group type (0 unknown, 1 VAC1, 2 IAC1, 3 FAC1, 4 VPV, 5 IPV, 6 TEMP, 7 POW and PAC). */
const VALUE_BYTES = [2, 2, 1, 1, 2, 1, 2, 2];

/** The only type whose runs hold equal values; in the others every value but the first may be off by the tolerance. */
const UNKNOWN_TYPE = 0;

/**
 * Reads `50 | count | number of groups | groups`, a group being `type | n | n positions | runs`, a run `value | length`
 * (contract/2-boards §4.4). Lossy by design: a run stands for values within a tolerance of its first,
 * and types of one byte keep only the low byte.
 */
export function decodeSemantic(frame: Uint8Array): Outcome<Decoded<Reading>, FrameFault> {
  const [, count, groups] = frame;
  if (count === undefined || groups === undefined) return refusal("length", "semantic frame is too short");
  const values = new Array<number | undefined>(count).fill(undefined);
  const qualities = new Array<Quality>(count).fill("exact");
  let at = 3;
  for (let i = 0; i < groups; i++) {
    const group = readGroup(frame, at, { values, qualities });
    if (!group.ok) return group;
    at = group.value;
  }
  const known = values.filter((value) => value !== undefined);
  if (count === 0 || known.length !== count) return refusal("field", `${known.length} values in place of ${count}`);
  return success({ content: { values: known, qualities }, length: at });
}

interface Target {
  readonly values: (number | undefined)[];
  readonly qualities: Quality[];
}

/** Reads one group into `into`, where every position may be written once; returns where it ends. */
function readGroup(frame: Uint8Array, at: number, into: Target): Outcome<number, FrameFault> {
  const [type, n] = [frame[at], frame[at + 1]];
  const width = VALUE_BYTES[type ?? 0];
  if (type === undefined || n === undefined || frame.length < at + 2 + n) return refusal("length", "group is cut");
  if (width === undefined || n === 0) return refusal("field", `group of type ${type} with ${n} values`);
  const positions = frame.subarray(at + 2, at + 2 + n);
  let end = at + 2 + n;
  for (let done = 0; done < n; end += width + 1) {
    const length = frame[end + width];
    if (length === undefined) return refusal("length", "run is cut");
    if (length === 0 || done + length > n) return refusal("field", `run of ${length} values`);
    const value = (frame[end] ?? 0) | (width === 2 ? (frame[end + 1] ?? 0) << 8 : 0);
    for (let i = 0; i < length; i++) {
      const position = positions[done + i] ?? 0;
      if (position >= into.values.length || into.values[position] !== undefined) {
        return refusal("field", `position ${position} is beyond the count or given twice`);
      }
      into.values[position] = value;
      into.qualities[position] = type === UNKNOWN_TYPE || (width === 2 && i === 0) ? "exact" : "lossy";
    }
    done += length;
  }
  return success(end);
}

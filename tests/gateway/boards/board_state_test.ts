import assert from "node:assert/strict";
import { NEW_BOARD, parseBoardState } from "../../../gateway/boards/board_state.ts";
import { FRESH_ENCODER, remember } from "../../../gateway/boards/encoder_memory.ts";
import { NEW_HABITS } from "../../../gateway/boards/habits.ts";
import { readingOf } from "../../../gateway/boards/reading.ts";
import { BATCH_IDS } from "./days.ts";

const SAMPLE = [2310, 90, 34, 2080, 33, 420];
const batch = (quality: "exact" | "estimated", sample = SAMPLE) =>
  readingOf(Array.from({ length: 5 }, () => sample).flat(), quality);

Deno.test("a state of version 0.1 is read: it goes on where it was, with the usual habits", () => {
  const encoder = remember(FRESH_ENCODER, batch("exact"), BATCH_IDS);
  const { habits: _, stillFor: __, ...before } = encoder;
  const read = parseBoardState(JSON.stringify({ ...NEW_BOARD, boot: 3, taken: [13_000], batches: 1, encoder: before }));
  assert.deepEqual(read?.encoder, { ...before, habits: NEW_HABITS, stillFor: 0 });
  assert.equal(read?.boot, 3);
});

Deno.test("a state comes back from its JSON as it was, after hundreds of batches as well, and stays small", () => {
  let encoder = FRESH_ENCODER;
  for (let n = 0; n < 300; n++) {
    encoder = remember(encoder, batch("estimated", SAMPLE.map((value, i) => value + (n * (i + 3)) % 7)), BATCH_IDS);
  }
  const text = JSON.stringify({ ...NEW_BOARD, encoder });
  assert.deepEqual(parseBoardState(text)?.encoder, encoder);
  assert.ok(JSON.stringify(encoder.habits).length < 500, JSON.stringify(encoder.habits));
});

Deno.test("exact values teach what belongs to a watt; estimates only until then, and only for a while", () => {
  let encoder = FRESH_ENCODER;
  for (let n = 0; n < 100; n++) encoder = remember(encoder, batch("estimated"), BATCH_IDS);
  const { currents } = encoder.habits;
  assert.deepEqual([currents.certain, currents.samples], [false, 60]);
  encoder = remember(encoder, batch("exact", [2310, 90, 40, 2080, 40, 420]), BATCH_IDS);
  assert.deepEqual(encoder.habits.currents.perWatt, [0.019231, 0.019231]);
  for (let n = 0; n < 100; n++) encoder = remember(encoder, batch("estimated"), BATCH_IDS);
  assert.deepEqual(encoder.habits.currents.perWatt, [0.019231, 0.019231]);
});

Deno.test("a small power that does not move for four batches is none, unless it is exact", () => {
  const small = [2310, 1, 0, 20, 0, 300];
  const after = (quality: "exact" | "estimated", batches: number) => {
    let encoder = remember(FRESH_ENCODER, batch(quality, small), BATCH_IDS);
    for (let n = 0; n < batches; n++) encoder = remember(encoder, batch(quality, small), BATCH_IDS);
    return encoder.last?.values;
  };
  assert.deepEqual(after("estimated", 3), small);
  assert.deepEqual(after("estimated", 4), [2310, 0, 0, 0, 0, 300]);
  assert.deepEqual(after("exact", 10), small);
});

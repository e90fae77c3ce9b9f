import assert from "node:assert/strict";
import fc from "fast-check";
import { HIGHEST_SEQUENCE } from "../../../protocol/sequence_number.ts";
import { claimSequence, emptyWindow, type SequenceWindow, WINDOW } from "../../../gateway/store/sequence_window.ts";

/** The rule in plain words: every number ever used is remembered, and what is too far below the highest is refused. */
function model(): (sequence: number) => boolean {
  const used = new Set<number>();
  let highest = 0;
  return (sequence) => {
    if (sequence < 1 || used.has(sequence) || highest - sequence > WINDOW) return false;
    used.add(sequence);
    highest = Math.max(highest, sequence);
    return true;
  };
}

Deno.test("a window accepts what a memory of every number accepts", () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: -20, max: 20 }) },
    { weight: 2, arbitrary: fc.integer({ min: -1030, max: 1030 }) },
    { weight: 1, arbitrary: fc.constantFrom(-1026, -1025, -1024, -1023, 1023, 1024, 1025, 1026, 5000) },
  );
  fc.assert(fc.property(fc.integer({ min: 1, max: 3000 }), fc.array(step, { maxLength: 200 }), (start, steps) => {
    const expected = model();
    let window = emptyWindow();
    let around = start;
    for (const step of [0, ...steps]) {
      const sequence = around + step;
      const next: SequenceWindow | undefined = claimSequence(window, sequence);
      assert.equal(next !== undefined, expected(sequence), `number ${sequence} with ${window.highest} highest`);
      if (next) window = next;
      if (window.highest > 0) around = window.highest;
    }
  }));
});

for (
  const [name, sequence] of [["zero", 0], ["a negative", -1], ["a fraction", 1.5], ["no number", NaN], [
    "more than 2^52",
    2 ** 52 + 1,
  ], [
    "more than 2^53 - 1",
    2 ** 53,
  ]] as const
) {
  Deno.test(`${name} is no sequence number`, () => assert.equal(claimSequence(emptyWindow(), sequence), undefined));
}

Deno.test("the largest number is used once, and the window below it works", () => {
  const top = claimSequence(emptyWindow(), HIGHEST_SEQUENCE);
  assert.ok(top);
  assert.equal(claimSequence(top, HIGHEST_SEQUENCE), undefined);
  const below = claimSequence(top, HIGHEST_SEQUENCE - WINDOW);
  assert.ok(below);
  assert.equal(claimSequence(below, HIGHEST_SEQUENCE - WINDOW), undefined);
  assert.equal(claimSequence(below, HIGHEST_SEQUENCE - WINDOW - 1), undefined);
});

/** Which of these numbers are taken, one after the other. */
function taken(...sequences: readonly number[]): readonly boolean[] {
  let window = emptyWindow();
  return sequences.map((sequence) => {
    const next = claimSequence(window, sequence);
    window = next ?? window;
    return next !== undefined;
  });
}

Deno.test("a leap of a whole window, and of one less and one more, forgets no number that is still in it", () => {
  assert.deepEqual(taken(1, 1 + WINDOW, 1), [true, true, false]);
  assert.deepEqual(taken(2, 1 + WINDOW, 2), [true, true, false]);
  assert.deepEqual(taken(1, 2 + WINDOW, 1), [true, true, false], "below the window");
  assert.deepEqual(taken(1, 2 + WINDOW, 2), [true, true, true], "in the window, and new");
});

Deno.test("a number that was skipped can be used, also when the one a window below it was", () => {
  assert.deepEqual(taken(5, 10, 6 + WINDOW, 5 + WINDOW, 5 + WINDOW), [true, true, true, true, false]);
});

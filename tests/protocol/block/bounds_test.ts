import assert from "node:assert/strict";
import { concat } from "../../../crypto/bytes.ts";
import { decodeBlock } from "../../../protocol/block/block.ts";
import { Column, HIGHEST, LOWEST } from "../../../protocol/block/column.ts";
import { COUNT_LEVEL, counts, START } from "../../../protocol/block/model.ts";
import { RangeEncoder } from "../../../protocol/block/range_coder.ts";
import { TIME_BITS, Timeline } from "../../../protocol/block/timeline.ts";

const LATEST = 2 ** TIME_BITS - 1;

/** What becomes of a block of one column that somebody's own encoder wrote. */
function foreign(samples: number, write: (parts: { encoder: RangeEncoder; times: Timeline; column: Column }) => void) {
  const encoder = new RangeEncoder(START);
  counts.code(encoder, COUNT_LEVEL, samples - 1);
  write({ encoder, times: new Timeline(), column: new Column() });
  const decoded = decodeBlock(concat(Uint8Array.of(0), encoder.finish()));
  return decoded.ok ? decoded.value : decoded.fault;
}

Deno.test("a block that another encoder wrote within the bounds is read", () => {
  for (const value of [LOWEST, HIGHEST]) {
    const read = foreign(1, ({ encoder, times, column }) => {
      times.code(encoder, LATEST);
      column.code(encoder, value);
    });
    assert.deepEqual(read, [{ at: LATEST, values: [value] }]);
  }
});

Deno.test("more samples than a block has are refused before any of them is read", () => {
  assert.equal(foreign(10_001, () => {}), "count");
  assert.equal(foreign(1_000_000, () => {}), "count");
});

for (const [from, to] of [[LATEST, LATEST + 1], [0, -1], [LATEST, 2 ** 45]] as const) {
  Deno.test(`a time of ${to} ms after one of ${from} ms is refused`, () => {
    const read = foreign(2, ({ encoder, times, column }) => {
      times.code(encoder, from);
      column.code(encoder, 5);
      times.code(encoder, to);
    });
    assert.equal(read, "range");
  });
}

for (const value of [LOWEST - 1, HIGHEST + 1, -(2 ** 44)]) {
  Deno.test(`a value of ${value} is refused`, () => {
    const read = foreign(1, ({ encoder, times, column }) => {
      times.code(encoder, 7);
      column.code(encoder, value);
    });
    assert.equal(read, "range");
  });
}

import assert from "node:assert/strict";
import fc from "fast-check";
import { addValue, bucketStart, emptyBucket, mergeBucket, summaryOf } from "../../../gateway/store/bucket.ts";
import { decodeBucket, encodeBucket } from "../../../gateway/store/bucket_codec.ts";

const START = Date.UTC(2026, 5, 21, 12);

const reading = fc.oneof(
  fc.record({ raw: fc.integer({ min: -0x8000, max: 0xffff }), gain: fc.constantFrom(1, 10, 100, 1000) })
    .map(({ raw, gain }) => raw / gain),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e30, max: 1e30 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 }),
);
const addition = fc.record({
  column: fc.integer({ min: 0, max: 2 }),
  value: reading,
  offset: fc.integer({ min: 0, max: 86_399_999 }),
  quality: fc.integer({ min: 0, max: 2 }),
});

function bucketOf(additions: readonly { column: number; value: number; offset: number; quality: number }[]) {
  const bucket = emptyBucket(START, 3);
  for (const { column, value, offset, quality } of additions) {
    addValue(bucket, column, value, START + offset, quality);
  }
  return bucket;
}

Deno.test("a bucket comes back from its bytes, its sum to eleven digits", () => {
  fc.assert(fc.property(fc.array(addition, { maxLength: 40 }), (additions) => {
    const bucket = bucketOf(additions);
    const decoded = decodeBucket(encodeBucket(bucket), START, 3);
    assert.ok(decoded.ok);
    for (let column = 0; column < 3; column++) {
      const before = summaryOf(bucket, column), after = summaryOf(decoded.value, column);
      if (before === undefined || after === undefined) {
        assert.equal(before, after);
        continue;
      }
      assert.deepEqual({ ...after, sum: 0, mean: 0 }, { ...before, sum: 0, mean: 0 });
      assert.ok(Math.abs(after.sum - before.sum) <= 1e-11 * Math.abs(before.sum));
    }
  }));
});

Deno.test("bytes that are no bucket are refused by name and never throw", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 0, max: 4 }), (bytes, columns) => {
    const decoded = decodeBucket(bytes, START, columns);
    if (!decoded.ok) assert.ok(["cut", "form", "trailing"].includes(decoded.fault));
  }));
  const bytes = encodeBucket(bucketOf([{ column: 0, value: 230.5, offset: 1, quality: 0 }]));
  assert.equal(decodeBucket(bytes.subarray(0, -1), START, 3).ok, false);
  assert.equal(decodeBucket(new Uint8Array([...bytes, 0]), START, 3).ok, false);
  assert.equal(decodeBucket(Uint8Array.of(0x18, 1), START, 1).ok, false);
});

Deno.test("a minute of ten registers takes about nine bytes a register", () => {
  const bucket = emptyBucket(START, 10);
  for (let poll = 0; poll < 30; poll++) {
    for (let column = 0; column < 10; column++) {
      addValue(bucket, column, (2300 + 10 * column + poll) / 10, START + 2000 * poll, 0);
    }
  }
  assert.ok(encodeBucket(bucket).length <= 95, `${encodeBucket(bucket).length} bytes`);
});

Deno.test("merging two buckets is adding their values to one, the later time being the last", () => {
  fc.assert(fc.property(fc.array(addition, { maxLength: 20 }), fc.array(addition, { maxLength: 20 }), (one, two) => {
    const merged = bucketOf(one);
    mergeBucket(merged, bucketOf(two));
    const whole = bucketOf([...one, ...two]);
    for (let column = 0; column < 3; column++) {
      const a = summaryOf(merged, column), b = summaryOf(whole, column);
      assert.deepEqual(a && { ...a, sum: 0, mean: 0 }, b && { ...b, sum: 0, mean: 0 });
      const size = [...one, ...two].reduce((sum, { value }) => sum + Math.abs(value), 0);
      assert.ok(Math.abs((a?.sum ?? 0) - (b?.sum ?? 0)) <= 1e-12 * size);
    }
  }));
});

Deno.test("spans are counted from the unix epoch: days are UTC days", () => {
  assert.equal(bucketStart(Date.UTC(2026, 5, 21, 23, 59, 59, 999), 86_400_000), Date.UTC(2026, 5, 21));
  assert.equal(bucketStart(Date.UTC(2026, 5, 22), 86_400_000), Date.UTC(2026, 5, 22));
});

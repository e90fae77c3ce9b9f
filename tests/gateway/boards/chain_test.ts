import assert from "node:assert/strict";
import { type Chain, follow, isSettled, type Mend, mended } from "../../../gateway/boards/chain.ts";
import { type Reading, readingOf } from "../../../gateway/boards/reading.ts";
import type { Quality } from "../../../protocol/sample.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** A batch of equal samples, ten seconds that end at `endAt`. */
function batch(endAt: number, watts: number, quality: Quality = "estimated") {
  const row = [2_300, watts === 0 ? 0 : 40, watts === 0 ? 0 : 13, watts, watts === 0 ? 0 : 12, 400];
  const reading: Reading = readingOf([row, row, row, row, row].flat(), quality);
  return { reading, times: [8, 6, 4, 2, 0].map((s) => endAt - s * SECOND), chained: true, powerMoves: watts !== 0 };
}

function chainOf(changes: Partial<Chain> = {}): Chain {
  const end = [2_300, 40, 13, 900, 12, 400];
  return { knownAt: 0, powerKnownAt: 0, endAt: 0, end, gaps: [], broken: false, lowSince: null, ...changes };
}

/** What comes of a batch behind a chain that is so old and whose power was known so long ago. */
const behind = (age: number, changes: Partial<Chain> = {}, watts = 900) =>
  follow(chainOf({ endAt: age - 10 * SECOND, ...changes }), batch(age, watts));

Deno.test("a chain is counted for a quarter of an hour, and not at all out of the dark", () => {
  assert.equal(behind(15 * MINUTE).doubtful, false);
  assert.equal(behind(15 * MINUTE + 1).doubtful, true);
  assert.equal(behind(HOUR, { knownAt: HOUR - MINUTE, powerKnownAt: HOUR - MINUTE }).doubtful, false);
  assert.equal(behind(HOUR, { knownAt: HOUR - MINUTE, powerKnownAt: HOUR - 30 * SECOND }).doubtful, true);
  assert.equal(behind(HOUR, {}, 0).doubtful, false, "idle");
});

Deno.test("what stands for itself begins a chain and corrects the one before it, unless that ended too long ago", () => {
  const at = (endAt: number) => follow(chainOf({ endAt: HOUR }), { ...batch(endAt, 1_000, "exact"), chained: false });
  const { chain, mend, doubtful } = at(HOUR + 10 * SECOND);
  assert.equal(doubtful, false);
  assert.deepEqual([chain.knownAt, chain.powerKnownAt], [HOUR + 10 * SECOND, HOUR + 10 * SECOND]);
  assert.deepEqual([mend?.offsets, mend?.endAt, mend?.doneTo], [[0, 0, 0, 100, 0, 0], HOUR, 0]);
  assert.notEqual(at(HOUR + 15 * MINUTE + 8 * SECOND).mend, undefined);
  assert.equal(at(HOUR + 15 * MINUTE + 9 * SECOND).mend, undefined);
  assert.equal(follow(null, batch(HOUR, 900)).mend, undefined);
  assert.equal(
    follow(chainOf(), { ...batch(10 * SECOND, 950, "exact"), chained: false }).mend,
    undefined,
    "nothing hung on it",
  );
  const lossy = follow(chainOf({ endAt: HOUR }), { ...batch(HOUR + 10 * SECOND, 1_000, "lossy"), chained: false });
  assert.deepEqual(lossy.mend?.offsets, [null, null, null, null, null, null]);
  // An exact batch of differences needs no correction: its chain was exact.
  assert.deepEqual(
    follow(chainOf({ endAt: HOUR }), batch(HOUR + 10 * SECOND, 900, "exact")).chain.knownAt,
    HOUR + 10 * SECOND,
  );
});

/** What a batch at 0 W shows of a chain. */
const dark = (age: number, changes: Partial<Chain> = {}) => behind(age, changes, 0);

Deno.test("an inverter that has become idle shows what was left of its power, and is known from then on", () => {
  const { chain, mend } = dark(HOUR);
  assert.deepEqual(mend?.offsets, [null, -40, -13, -900, -12, null]);
  assert.deepEqual([chain.powerKnownAt, chain.knownAt, chain.lowSince], [HOUR, 0, null]);
  assert.notEqual(dark(4 * HOUR + 10 * SECOND).mend, undefined);
  assert.equal(dark(4 * HOUR + 11 * SECOND).mend, undefined, "more than four hours");
  assert.equal(dark(HOUR, { powerKnownAt: 1 }).mend, undefined, "out of the dark");
  assert.equal(
    dark(HOUR, { knownAt: HOUR - 10 * SECOND, powerKnownAt: HOUR - 10 * SECOND }).mend,
    undefined,
    "no chain",
  );
  assert.equal(dark(HOUR, { endAt: HOUR - 16 * MINUTE }).mend, undefined, "too long ago");
});

Deno.test("power that still moves is not idle, nor is a batch behind a lost one", () => {
  const moving = follow(chainOf({ endAt: HOUR }), { ...batch(HOUR + 10 * SECOND, 0), powerMoves: true });
  assert.deepEqual([moving.mend, moving.chain.powerKnownAt, moving.doubtful], [undefined, 0, true]);
  const lost = dark(HOUR, { broken: true });
  assert.deepEqual([lost.mend, lost.chain.powerKnownAt, lost.chain.broken], [undefined, 0, false]);
  assert.deepEqual(lost.chain.gaps, [[HOUR - 8 * SECOND, 2 * SECOND]]);
});

Deno.test("estimates that were at 0 for two minutes while power moved prove nothing", () => {
  const low = behind(HOUR, {}, 10);
  assert.equal(low.chain.lowSince, HOUR - 8 * SECOND);
  assert.equal(behind(HOUR, { lowSince: 7 }, 10).chain.lowSince, 7);
  assert.equal(behind(HOUR, { lowSince: 7 }, 11).chain.lowSince, null);
  const since = (ms: number) => dark(HOUR, { lowSince: HOUR - 8 * SECOND - ms }).mend;
  assert.notEqual(since(2 * MINUTE), undefined);
  assert.equal(since(2 * MINUTE + 1), undefined);
});

const mend: Mend = {
  knownAt: 0,
  powerKnownAt: 10 * MINUTE,
  endAt: 20 * MINUTE,
  gaps: [],
  shownAt: 20 * MINUTE,
  offsets: [40, 0, null, 100, 2, -20],
  doneTo: 0,
};

Deno.test("a sample is corrected by its share of what the chain was off by, power since it was known, and never out of 0", () => {
  const sample = [2_300, 40, 13, 900, 12, 400];
  assert.deepEqual(mended(mend, 10 * MINUTE, sample), [2_320, 40, 13, 900, 12, 390]);
  assert.deepEqual(mended(mend, 15 * MINUTE, sample), [2_330, 40, 13, 950, 13, 385]);
  assert.deepEqual(mended(mend, 20 * MINUTE, sample), [2_340, 40, 13, 1_000, 14, 380]);
  assert.deepEqual(mended(mend, 20 * MINUTE, [2_300, 0, 0, 0, 5, 400]), [2_340, 0, 0, 0, 5, 380], "idle");
  assert.deepEqual(mended(mend, 20 * MINUTE, [undefined, 40, 13, 900, 0, 10]), [undefined, 40, 13, 1_000, 0, 0]);
  assert.equal(mended(mend, 20 * MINUTE, [0xffff, 40, 13, 900, 0, 10])[0], 0xffff);
});

Deno.test("gaps count forty times their length", () => {
  const gapped = { ...mend, powerKnownAt: 0, gaps: [[10 * MINUTE, MINUTE] as [number, number]] };
  const power = (at: number) => mended(gapped, at, [2_300, 40, 13, 900, 12, 400])[3];
  assert.deepEqual([power(10 * MINUTE - 1), power(10 * MINUTE), power(20 * MINUTE)], [917, 983, 1_000]);
});

Deno.test("what lies before power was known is not settled by what came after, unless it is 0", () => {
  const at = (at: number, watts: number) => ({ at, values: [2_300, 0, 0, watts, 0, 400] });
  assert.equal(isSettled(mend, [at(10 * MINUTE + 1, 5), at(11 * MINUTE, 5)]), true);
  assert.equal(isSettled(mend, [at(10 * MINUTE, 5), at(11 * MINUTE, 5)]), false);
  assert.equal(isSettled(mend, [at(5 * MINUTE, 0), at(6 * MINUTE, 0)]), true);
});

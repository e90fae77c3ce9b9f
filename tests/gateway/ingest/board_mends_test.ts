import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { MIGRATIONS } from "../../../gateway/store/database.ts";
import { dictionaryFrame } from "../boards/board.ts";
import { type DayBatch, score } from "../boards/days.ts";
import { assertRollupsAddUp } from "../store/rollup_check.ts";
import { MIDNIGHT, range, type UploadingBoard, withBoard } from "./uploading_board.ts";

/** 22 minutes of a small plant at 940 to 1,060 W, told as differences from one another; the first and the last batch stand for themselves. */
const LAST = 133;
const day = chained(LAST, (poll) => Math.round(1_000 + 60 * Math.sin(poll / 60) + 2 * Math.sin(poll * 1.7)));

/** Batches of an inverter that gives so many W at each poll. */
function chained(count: number, wattsAt: (poll: number) => number, sampleOf = sampleAt): readonly DayBatch[] {
  let before: readonly number[] = [];
  return range(1, count).map((number) => {
    const truth = range(5 * number - 4, 5 * number).flatMap((poll) => sampleOf(poll, wattsAt(poll)));
    const frame = dictionaryFrame(5, before, truth);
    before = truth.slice(24);
    return number === 1 || number === count ? { truth } : { truth, frame };
  });
}

function sampleAt(poll: number, watts: number): readonly number[] {
  const volts = 2_300 + poll * 7 % 5;
  const amperes = Math.round(watts * 100 / volts);
  return [volts, amperes, Math.round(amperes / 3), watts, Math.round(amperes / 3), 400 + Math.round(watts / 100)];
}

/** The same with values that scatter as those of an inverter do. */
function scatteredAt(poll: number, watts: number): readonly number[] {
  const scatter = (k: number) => {
    const x = Math.sin(poll * 12.9898 + k * 78.233) * 43_758.5453;
    return x - Math.floor(x) - 0.5;
  };
  const volts = 2_300 + Math.round(6 * scatter(1) + 4 * Math.sin(poll / 200));
  const [amperes, first, second] = [watts * 100 / volts, watts / 70 + 0.6 * scatter(2), watts / 72 + 0.6 * scatter(3)];
  const currents = watts === 0 ? [0, 0, 0] : [amperes, first, second].map(Math.round);
  return [
    volts,
    currents[0] ?? 0,
    currents[1] ?? 0,
    watts,
    currents[2] ?? 0,
    400 + Math.round(watts / 100 + scatter(4)),
  ];
}

/** A batch of equal samples. */
function batchOf(watts: number): readonly number[] {
  return range(1, 5).flatMap(() => sampleAt(5, watts));
}

function roundedEnergy(board: UploadingBoard): readonly number[] {
  const { wh, notCountedWh } = board.energy();
  return [wh, notCountedWh].map((energy) => Math.round(energy * 1_000));
}

const GAP = { from: 41, to: 60 };

const whOf = (from: number, to: number) => score(day.slice(from - 1, to), []).trueWh;

function qualities(board: UploadingBoard, from: number, to: number): readonly (string | undefined)[] {
  return [...new Set(range(from, to).map((number) => board.stored(number).quality))];
}

const all = { device: "shed", registers: ["Pac", "Vac1"], from: MIDNIGHT, to: MIDNIGHT + 86_400_000 };

Deno.test("behind lost batches samples are provisional and not counted, until one stands for itself: then all is corrected", async () => {
  await withBoard(async (board) => {
    await board.upload(day, range(1, GAP.from - 1));
    const before = board.energy();
    assert.equal(before.notCountedWh, 0);
    await board.upload(day, range(GAP.to + 1, LAST - 1));
    assert.deepEqual(qualities(board, GAP.to + 1, LAST - 1), ["provisional"]);
    assert.deepEqual(qualities(board, 2, GAP.from - 1), ["estimated"]);
    const during = board.energy();
    assert.equal(during.wh, before.wh);
    const missing = whOf(GAP.to + 1, LAST - 1);
    assert.ok(Math.abs(during.notCountedWh / missing - 1) < 0.2, `${during.notCountedWh} of ${missing} Wh`);
    const provisional = range(GAP.to + 1, LAST - 1).map((number) => board.stored(number).values);

    await board.upload(day, [LAST]);
    assert.deepEqual(qualities(board, GAP.to + 1, LAST - 1), ["estimated"]);
    const { wh, notCountedWh } = board.energy();
    assert.ok(notCountedWh < 0.001, `${notCountedWh} Wh`);
    // What is missing is bridged, as with any gap of minutes.
    const truth = whOf(1, LAST);
    assert.ok(Math.abs(wh / truth - 1) < 0.02, `${wh} of ${truth} Wh`);
    const mended = range(GAP.to + 1, LAST - 1).map((number) => board.stored(number).values);
    const truths = day.slice(GAP.to, LAST - 1);
    const off = (values: typeof mended) => Math.abs(score(truths, values).wh - missing);
    assert.ok(off(mended) < off(provisional) / 4, `${off(mended)} Wh off, ${off(provisional)} before`);
    assertRollupsAddUp(board.db, all);
  });
});

/** Batches of a quarter of an hour: for so long the power of a chain is counted, and so much of it a slice corrects. */
const QUARTER = 90;

Deno.test("a chain that goes on for longer than a quarter of an hour is provisional from then on, and counted when it ends", async () => {
  await withBoard(async (board) => {
    const count = 300;
    const long = chained(count, (poll) => Math.round(1_000 + 60 * Math.sin(poll / 60) + 2 * Math.sin(poll * 1.7)));
    const whTo = (to: number) => score(long.slice(0, to), []).trueWh;
    await board.upload(long, range(1, QUARTER));
    assert.deepEqual(qualities(board, 2, QUARTER), ["estimated"]);
    assert.equal(board.energy().notCountedWh, 0);
    await board.upload(long, range(QUARTER + 1, count - 1));
    assert.deepEqual(qualities(board, QUARTER + 2, count - 1), ["provisional"]);
    const { wh, notCountedWh } = board.energy();
    assert.ok(Math.abs(wh / whTo(QUARTER + 1) - 1) < 0.02, `${wh} Wh`);
    assert.ok(Math.abs((wh + notCountedWh) / whTo(count) - 1) < 0.05, `${notCountedWh} Wh`);

    await board.upload(long, [count]);
    assert.deepEqual(qualities(board, 2, count - 1), ["estimated"]);
    const after = board.energy();
    assert.ok(after.notCountedWh < 0.001 && Math.abs(after.wh / whTo(count) - 1) < 0.005, `${after.wh} Wh`);
    assertRollupsAddUp(board.db, all);
  });
});

/** Polls of half a day: dark, 1.5 h of rising power, as long of falling power, dark again. */
const DAWN = 60;
const NOON = DAWN + 2_700;
const DUSK = NOON + 2_700;
const DARK = DUSK + 300;

/** W at a poll between dawn and dusk, 0 outside. */
function hill(poll: number): number {
  const watts = 1_200 * Math.min(poll - DAWN, DUSK - poll) / 2_700;
  return Math.round(Math.max(0, watts + (watts > 10 ? 3 * Math.sin(poll * 1.7) + 4 * Math.sin(poll / 9.1) : 0)));
}

/** A day of which the batch at noon stands for itself. */
function knownAtNoon(sampleOf: typeof sampleAt): readonly DayBatch[] {
  return chained(DARK / 5, hill, sampleOf).map((batch, i) => i + 1 === NOON / 5 ? { truth: batch.truth } : batch);
}

Deno.test("what a morning brings is not counted before something stands for itself; the evening after that is, in the dark", async () => {
  await withBoard(async (board) => {
    const day = knownAtNoon(scatteredAt);
    const noon = NOON / 5;
    const whTo = (to: number) => score(day.slice(0, to), []).trueWh;
    await board.upload(day, range(1, noon - 1));
    const { wh, notCountedWh } = board.energy();
    assert.equal(wh, 0);
    assert.ok(notCountedWh > whTo(noon - 1) / 2, `${notCountedWh} Wh`);
    await board.upload(day, range(noon, noon + QUARTER));
    const morning = board.energy();
    assert.ok(Math.abs(morning.wh / whTo(noon + QUARTER) - 1) < 0.02, `${morning.wh} of ${whTo(noon + QUARTER)} Wh`);
    assert.ok(morning.notCountedWh < 1, `${morning.notCountedWh} Wh`);
    await board.upload(day, range(noon + QUARTER + 1, (DUSK - 300) / 5));
    assert.ok(board.energy().wh - morning.wh < 1);
    assert.ok(board.energy().notCountedWh > 100);
    await board.upload(day, range((DUSK - 300) / 5 + 1, DARK / 5));
    const evening = board.energy();
    assert.ok(Math.abs(evening.wh / whTo(DARK / 5) - 1) < 0.02, `${evening.wh} of ${whTo(DARK / 5)} Wh`);
    assert.ok(evening.notCountedWh < 1, `${evening.notCountedWh} Wh`);
    assertRollupsAddUp(board.db, all);
  });
});

Deno.test("an evening whose estimates came down to 0 while power still moved is not counted", async () => {
  await withBoard(async (board) => {
    const day = knownAtNoon(sampleAt);
    await board.upload(day, range(1, DARK / 5));
    const truth = score(day.slice(0, NOON / 5 + QUARTER), []).trueWh;
    const { wh, notCountedWh } = board.energy();
    assert.ok(Math.abs(wh / truth - 1) < 0.03, `${wh} of ${truth} Wh`);
    assert.ok(notCountedWh > 100, `${notCountedWh} Wh`);
  });
});

Deno.test("a day of which nothing stands for itself is never counted, also when the next day begins with something that does", async () => {
  await withBoard(async (board) => {
    const day = chained(DARK / 5, hill);
    await board.upload(day, range(1, day.length - 1));
    const dark = board.energy();
    assert.equal(dark.wh, 0);
    await board.upload(day, [day.length]); // it is dark: 0 W, exactly
    const later = [...day, ...range(1, 20).map((): DayBatch => ({ truth: day.at(-1)?.truth ?? [] }))];
    await board.upload(later, range(day.length + 1, day.length + 20));
    const { wh, notCountedWh } = board.energy();
    assert.equal(wh, 0);
    assert.equal(notCountedWh, dark.notCountedWh);
    assert.ok(notCountedWh > score(day, []).trueWh / 2, `${notCountedWh} Wh`);
    const noon = board.stored(NOON / 5);
    assert.equal(noon.quality, "provisional");
  });
});

Deno.test("a chain that goes astray is corrected from when it was known; what it gave too much, the next energy makes up for", async () => {
  await withBoard(async (board) => {
    const last = 80; // in a chain of minutes, which is counted as it comes
    const astray = day.slice(0, last).map(({ truth, frame }, i) => {
      const at = i + 1 === last ? truth.map((value, p) => p % 6 === 3 ? Math.max(0, value - 400) : value) : truth;
      return i + 1 === last || frame === undefined ? { truth: at } : { truth: at, frame };
    });
    await board.upload(astray, range(1, last - 1));
    const unmended = range(2, last - 1).map((number) => board.stored(number).values);
    await board.upload(astray, [last]);
    const mended = range(2, last - 1).map((number) => board.stored(number).values);
    const power = (values: readonly (readonly number[])[], batch: number) => values[batch]?.[27] ?? NaN;
    const off = (batch: number) => power(mended, batch) - power(unmended, batch);
    assert.ok(
      Math.abs(off(0)) < 10 && Math.abs(off(39) + 200) < 40 && off(last - 3) < -350,
      `${[0, 39, last - 3].map(off)}`,
    );
    // 13 minutes at 200 W less on average, and never a total that falls.
    const before = board.energy();
    const more = range(last + 1, last + 60).map((): DayBatch => ({
      truth: Array(5).fill([2300, 100, 35, 2300, 35, 450]).flat(),
    }));
    const shown: number[] = [];
    for (const number of range(last + 1, last + 60)) {
      await board.upload([...astray, ...more], [number]);
      shown.push(board.energy().wh);
    }
    assert.ok(shown.every((wh, i) => wh >= (shown[i - 1] ?? before.wh)));
    const exact = 60 * 2300 / 360;
    const gain = (shown.at(-1) ?? NaN) - before.wh;
    assert.ok(Math.abs(gain - (exact - 200 * (last - 2) / 360)) < 8, `${gain} of ${exact}`);
    const total = board.services.energy.of("shed", MIDNIGHT).lifetimeWh;
    assert.ok(Math.abs((total ?? NaN) - (shown.at(-1) ?? NaN)) < 0.01);
  });
});

Deno.test("hours are corrected in slices of a quarter of an hour; a kill or a failure between them loses and doubles nothing", async () => {
  const count = 1_000;
  const long = [
    ...chained(count, (poll) => Math.round(600 + poll / 10)),
    ...range(1, 40).map((): DayBatch => ({ truth: batchOf(1_100) })),
  ];
  const numbers = range(1, count + 40);
  const valuesOf = (board: UploadingBoard) => numbers.map((number) => board.stored(number));
  let [values, energy]: readonly unknown[] = [];
  await withBoard(async (board) => {
    await board.upload(long, numbers);
    [values, energy] = [valuesOf(board), roundedEnergy(board)];
  });
  await withBoard(async (board) => {
    await board.upload(long, range(1, count - 1));
    await board.uploadOnly(long, count);
    let [slices, more] = [0, true];
    while (more) {
      if (slices % 3 === 0) {
        await assert.rejects(board.mendOnce({ fails: true }), /the slice is undone/);
      }
      if (slices % 3 === 1) await board.restart();
      const slice = await board.mendOnce();
      assert.ok(slice.batches <= QUARTER + 1, `${slice.batches} batches in a slice`);
      // The board goes on meanwhile.
      await board.uploadOnly(long, count + ++slices);
      more = slice.more;
    }
    assert.ok(slices >= count / QUARTER, `${slices} slices`);
    for (const number of numbers.slice(count + slices)) await board.uploadOnly(long, number);
    assert.deepEqual(valuesOf(board), values);
    assert.deepEqual(roundedEnergy(board), energy);
    assertRollupsAddUp(board.db, all);
  });
});

Deno.test("a database of the version before opens, with a board in the middle of a chain", async () => {
  await withBoard(async (board) => {
    await board.upload(day, range(1, 20));
    const states = board.stores.boards;
    const { row } = board.stores.devices.find("shed") ?? assert.fail();
    const { chain: _, mends: __, ...older } = JSON.parse(states.load(row) ?? "{}");
    await board.stores.commit.run(() => states.save(row, JSON.stringify(older)));
    asBefore("CREATE TABLE energy_not_counted", board.db);
    await board.restart();
    await board.upload(day, range(21, LAST));
    const truth = whOf(1, LAST);
    assert.ok(Math.abs(board.energy().wh / truth - 1) < 0.02);
  });
});

/** Takes a database back to the version before the one that made a table. */
function asBefore(table: string, db: DatabaseSync): void {
  const version = MIGRATIONS.findIndex((step) => step.includes(table));
  const later = MIGRATIONS.slice(version).flatMap((step) =>
    [...step.matchAll(/CREATE TABLE (\w+)/g)].map(([, name]) => name)
  );
  for (const name of later) db.exec(`DROP TABLE ${name}`);
  db.exec(`PRAGMA user_version = ${version}`);
}

import assert from "node:assert/strict";
import { fromHex } from "../../../crypto/bytes.ts";
import { FRESH_ENCODER, remember } from "../../../gateway/boards/encoder_memory.ts";
import { decodeFrame } from "../../../gateway/boards/frame.ts";
import { readingOf } from "../../../gateway/boards/reading.ts";
import { reference, testWith } from "../../needs.ts";
import { BATCH_IDS, decodeDay, excerpt, readDay, score } from "./days.ts";

const POWER = 3;

/** The rows of a batch. */
function rows(values: readonly number[]): readonly (readonly number[])[] {
  return Array.from({ length: values.length / 6 }, (_, row) => values.slice(6 * row, 6 * row + 6));
}

function rowsOf(hex: string, memory = FRESH_ENCODER): readonly (readonly number[])[] {
  const decoded = decodeFrame(fromHex(hex) ?? assert.fail(hex), memory);
  assert.ok(decoded.ok);
  return rows(decoded.value.reading.values);
}

Deno.test("an idle inverter stays idle: what moves in the dark is voltage and temperature", () => {
  const before = readingOf(Array.from({ length: 5 }, () => [2270, 0, 0, 0, 0, 248]).flat(), "exact");
  const memory = remember(FRESH_ENCODER, before, BATCH_IDS);
  assert.deepEqual(rowsOf("d0051e4100fffdfc8181", memory), [
    [2269, 0, 0, 0, 0, 248],
    [2267, 0, 0, 0, 0, 248],
    [2270, 0, 0, 0, 0, 248],
    [2266, 0, 0, 0, 0, 249],
    [2270, 0, 0, 0, 0, 249],
  ]);
});

Deno.test("a night makes no power", () => {
  const night = excerpt("night");
  const { refused, wh, columns } = score(night, decodeDay(night).map((reading) => reading?.values));
  assert.deepEqual([refused, wh, columns.slice(1, 5)], [0, 0, [1, 1, 1, 1]]);
});

Deno.test("power begins at dawn with the batch that proves it, and ends at dusk", () => {
  const dawn = excerpt("dawn");
  for (const [i, reading] of decodeDay(dawn).entries()) {
    const was = dawn.slice(0, i + 1).some(({ truth }) => rows(truth).some((row) => row[POWER] !== 0));
    if (!was) {
      assert.ok(reading && rows(reading.values).every((row) => row.slice(1, 5).every((value) => value === 0)), `${i}`);
    }
  }
  const [now, truly] = [decodeDay(dawn).at(-1)?.values, dawn.at(-1)?.truth].map((values) =>
    values?.[24 + POWER] ?? NaN
  );
  assert.ok(
    truly !== undefined && now !== undefined && truly > 50 && Math.abs(now - truly) < 10,
    `${now} W, not ${truly}`,
  );
  const dusk = excerpt("dusk");
  const last = rows(decodeDay(dusk).at(-1)?.values ?? []).at(-1);
  assert.deepEqual(last?.slice(1, 5), [0, 0, 0, 0]);
});

Deno.test("a chain under clouds keeps its power: voltage times current and the currents hold it", () => {
  const clouds = excerpt("clouds");
  const { refused, values, trueWh, wh } = score(clouds, decodeDay(clouds).map((reading) => reading?.values));
  assert.equal(refused, 0);
  assert.ok(values > 0.6, `${values}`);
  assert.ok(Math.abs(wh / trueWh - 1) < 0.01, `${wh} of ${trueWh}`);
});

Deno.test("a frame that stands for itself weighs voltage times current and warmth before the pattern", () => {
  const [first] = rowsOf("d0011eeffbede4fb00aefcf7eae4fb00aefcf7ece4fb00aefcf7eae4fb00aefcf7ebe4fb00aefcf7");
  assert.deepEqual(first, [2297, 72, 25, 1650, 25, 447]);
  const temperatures = rowsOf(
    "d0011efffffe9b9100b60196d0c09b9100b50196d0fae3fb00aefcfffbf5e4fb00aefcfffbfae3fb00aefcfffb",
  ).map((row) => row[5]);
  assert.deepEqual(temperatures, [472, 472, 451, 451, 451]);
});

Deno.test("an estimate that is too low is raised by what the bytes prove, not led below 0 nor away", () => {
  const before = readingOf(Array.from({ length: 5 }, () => [2300, 0, 0, 4, 0, 300]).flat(), "estimated");
  const memory = remember(FRESH_ENCODER, before, BATCH_IDS);
  // Power falls by 20 in the first sample, and stays there: as three bytes, and as one that may also stand for +108.
  for (const code of ["00ecff", "ec"]) {
    const frame = `d0051e0882${code.repeat(5)}`;
    assert.deepEqual(rowsOf(frame, memory).map((row) => row[POWER]), [0, 0, 0, 0, 0], frame);
  }
});

/** The days that the boards' own encoder made, whole, and what was right of them before the habits of inverters were known. */
const DAYS = [
  { name: "sun-5kw-2s", values: 0.483, now: 0.73, offBy: 0.01 },
  { name: "sun-3kw-2s-broken-chain", values: 0.262, now: 0.54, offBy: 0.01 },
  { name: "night", values: 0.468, now: 0.67, offBy: 0 },
  { name: "ramp", values: 0.041, now: 0.16, offBy: 0.04 },
  { name: "noon", values: 1, now: 1, offBy: 0 },
] as const;

for (const { name, values, now, offBy } of DAYS) {
  const file = reference(`esp32/days/${name}.txt.gz`);
  testWith(
    [file],
    `a whole day, ${name}: no frame refused whose base is known, more values right than before`,
    async () => {
      const day = await readDay(file.url);
      const { refused, values: right, trueWh, wh } = score(day, decodeDay(day).map((reading) => reading?.values));
      assert.equal(refused, 0);
      assert.ok(right >= values && right >= now, `${right} of the values`);
      assert.ok(Math.abs(wh - trueWh) <= offBy * trueWh, `${wh} Wh of ${trueWh}`);
    },
  );
}

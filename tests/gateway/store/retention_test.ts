import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { keepRetention } from "../../../gateway/tasks/retention.ts";
import { createGroupCommit } from "../../../gateway/store/group_commit.ts";
import { openGatewayDatabase } from "../../../gateway/store/database.ts";
import { type Ages, createRetention } from "../../../gateway/store/retention.ts";
import { createSamples } from "../../../gateway/store/samples.ts";
import { systemRandom } from "../../../platform/random.ts";
import { transaction } from "../../../platform/sqlite.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { FakeClock } from "../../fakes/clock.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 5, 21, 12);
const AGES: Ages = { raw: 30 * DAY, "1m": 40 * DAY, "15m": 50 * DAY, "1d": undefined };

/** A database with one sample a day for the last `days` days, at 12:00 UTC. */
function fixture(days: number) {
  const folder = Deno.makeTempDirSync();
  const db = openGatewayDatabase(folder);
  const samples = createSamples(db, systemRandom);
  transaction(db, () => {
    for (let day = days - 1; day >= 0; day--) {
      const series = { profile: "ecowatt", registers: ["Pac"], samples: [{ at: NOW - day * DAY, values: [day] }] };
      const device = DeviceId.parse("roof");
      samples.append({ device, inverter: "inverter", series, quality: "exact", receivedAt: NOW });
    }
  });
  const count = (sql: string) => Number(db.prepare(`SELECT count(*) AS n FROM ${sql}`).get()?.["n"]);
  return {
    db,
    /** Rows of blocks, minutes, quarters and days; the newest bucket of each is open and in no row. */
    rows: () => [
      count("sample_block"),
      ...[60_000, 900_000, DAY].map((length) => count(`rollup WHERE length_ms = ${length}`)),
    ],
    [Symbol.dispose]: () => {
      db.close();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

Deno.test("each resolution is kept for its own age, and days outlive the samples they were made of", () => {
  using f = fixture(60);
  assert.deepEqual(f.rows(), [60, 59, 59, 59]);
  const retention = createRetention(f.db);
  assert.equal(transaction(f.db, () => retention.deleteSome(NOW, AGES, 1000)), 29 + 19 + 9);
  assert.deepEqual(f.rows(), [31, 40, 50, 59]);
  assert.equal(transaction(f.db, () => retention.deleteSome(NOW, AGES, 1000)), 0);
});

Deno.test("a block stays until its newest sample is old, a bucket until its last moment is", () => {
  using f = fixture(1);
  const samples = createSamples(f.db, systemRandom);
  const at = [40 * DAY, 29.5 * DAY].map((age) => NOW - age);
  const series = { profile: "ecowatt", registers: ["Pac"], samples: at.map((at) => ({ at, values: [1] })) };
  const batch = {
    device: DeviceId.parse("barn"),
    inverter: "inverter",
    series,
    quality: "exact",
    receivedAt: NOW,
  } as const;
  transaction(f.db, () => samples.append(batch));
  const retention = createRetention(f.db);
  const minutes = { raw: 30 * DAY, "1m": 40 * DAY, "15m": undefined, "1d": undefined };
  assert.equal(transaction(f.db, () => retention.deleteSome(NOW, minutes, 1000)), 0);
  assert.equal(transaction(f.db, () => retention.deleteSome(NOW + 60_000, minutes, 1000)), 0);
  assert.equal(transaction(f.db, () => retention.deleteSome(NOW + 60_001, minutes, 1000)), 1, "the oldest minute");
  assert.equal(transaction(f.db, () => retention.deleteSome(NOW + DAY / 2, minutes, 1000)), 0);
  assert.equal(transaction(f.db, () => retention.deleteSome(NOW + DAY / 2 + 1, minutes, 1000)), 1, "the block");
});

Deno.test("a clock that jumps ahead makes nothing older than a day after the newest sample", () => {
  using f = fixture(60);
  const retention = createRetention(f.db);
  assert.equal(transaction(f.db, () => retention.deleteSome(NOW + 365 * DAY, AGES, 1000)), 30 + 20 + 10);
  assert.deepEqual(f.rows(), [30, 39, 49, 59]);
});

Deno.test("no transaction deletes more than it may", () => {
  using f = fixture(60);
  const retention = createRetention(f.db);
  const deleted = [];
  for (let rows = 20; rows === 20;) deleted.push(rows = transaction(f.db, () => retention.deleteSome(NOW, AGES, 20)));
  assert.deepEqual(deleted, [20, 20, 17]);
});

Deno.test("the task deletes at its start and every hour, and stops when told", async () => {
  using f = fixture(31);
  const clock = new FakeClock(NOW);
  await using commit = createGroupCommit(f.db);
  const stop = new AbortController();
  const io = { retention: createRetention(f.db), commit, clock, log: getLogger(["test"]) };
  const task = keepRetention(AGES, io, stop.signal);
  await clock.advance(0);
  assert.equal(f.rows()[0], 31);
  await clock.advance(3_600_000);
  assert.equal(f.rows()[0], 30);
  stop.abort();
  await task;
});

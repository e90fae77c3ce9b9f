import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { getLogger } from "@logtape/logtape";
import { keepRetention } from "../../../gateway/tasks/retention.ts";
import { createGroupCommit } from "../../../gateway/store/group_commit.ts";
import { openGatewayDatabase } from "../../../gateway/store/database.ts";
import { createLearnedProfiles } from "../../../gateway/store/learned_profiles.ts";
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

/** One round of steps of `limit` rows: how many rows each deleted. */
function round({ db }: ReturnType<typeof fixture>, limit: number): readonly number[] {
  const retention = createRetention(db);
  const steps: number[] = [];
  for (let after: number | undefined = -1; after !== undefined;) {
    const from: number = after;
    const step = transaction(db, () => retention.deleteSome(NOW, AGES, limit, from));
    steps.push(step.rows);
    after = step.after;
  }
  return steps;
}

Deno.test("each resolution is kept for its own age, and days outlive the samples they were made of", () => {
  using f = fixture(60);
  assert.deepEqual(f.rows(), [60, 59, 59, 59]);
  assert.deepEqual(round(f, 1000), [29 + 19 + 9]);
  assert.deepEqual(f.rows(), [31, 40, 50, 59]);
  assert.deepEqual(round(f, 1000), [0]);
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
  const minutes = { raw: 30 * DAY, "1m": 40 * DAY, "15m": undefined, "1d": undefined };
  const deleted = (now: number) =>
    transaction(f.db, () => createRetention(f.db).deleteSome(now, minutes, 1000, -1)).rows;
  assert.equal(deleted(NOW), 0);
  assert.equal(deleted(NOW + 60_000), 0);
  assert.equal(deleted(NOW + 60_001), 1, "the oldest minute");
  assert.equal(deleted(NOW + DAY / 2), 0);
  assert.equal(deleted(NOW + DAY / 2 + 1), 1, "the block");
});

Deno.test("no transaction deletes more than it may", () => {
  using f = fixture(60);
  assert.deepEqual(round(f, 20), [20, 20, 17]);
  assert.deepEqual(f.rows(), [31, 40, 50, 59]);
});

Deno.test("no transaction looks at more series than it may, and a round comes to all of them", () => {
  using f = fixture(0);
  const samples = createSamples(f.db, systemRandom);
  transaction(f.db, () => {
    for (let n = 0; n < 120; n++) {
      const series = { profile: "ecowatt", registers: ["Pac"], samples: [{ at: NOW - 35 * DAY, values: [n] }] };
      const device = DeviceId.parse(`node-${n}`);
      samples.append({ device, inverter: "inverter", series, quality: "exact", receivedAt: NOW });
    }
  });
  assert.deepEqual(round(f, 1000), [50, 50, 20]);
  assert.deepEqual(round(f, 1000), [0, 0, 0]);
});

/** Days after NOW at which the clock is looked at; `walk`: and twice a day on the way there. */
type Looks = readonly (number | { readonly walk: number })[];

const CLOCKS: readonly (readonly [what: string, days: Looks, believed: readonly boolean[]])[] = [
  ["that goes on", [0, 0.04, 0.9, { walk: 40 }], [true, true, true, true]],
  ["that goes ahead by years", [0, 3_650, { walk: 3_656.9 }, { walk: 3_657.1 }], [true, false, false, true]],
  ["that goes ahead and comes back", [0, 3_650, { walk: 3_652 }, 0.2, 0.3], [true, false, false, true, true]],
  ["that goes ahead a second time", [0, 100, { walk: 105 }, 107, { walk: 113 }, { walk: 115 }], [
    true,
    false,
    false,
    false,
    false,
    true,
  ]],
  ["of a box that was off for a month", [0, 30, { walk: 36.9 }, { walk: 37.1 }], [true, false, false, true]],
  ["that was at the epoch for a while", [0, -20_000, 0.1, { walk: 7.2 }], [true, true, false, true]],
  ["that is set back a little while it is not believed", [0, 30, 29.5, 30], [true, false, false, false]],
];
for (const [what, days, believed] of CLOCKS) {
  Deno.test(`a clock ${what}: when old samples may be deleted by it`, () => {
    using f = fixture(1);
    const look = (day: number) => {
      return transaction(f.db, () => createRetention(f.db).settles(NOW + day * DAY)) === undefined;
    };
    let last = 0;
    const told = days.map((day) => {
      const to = typeof day === "number" ? day : day.walk;
      if (typeof day !== "number") { while (last + 0.5 < to) look(last += 0.5); }
      return look(last = to);
    });
    assert.deepEqual(told, believed);
  });
}

Deno.test("the first look at a database that nobody looked at goes by its newest samples", () => {
  using f = fixture(1);
  assert.equal(createRetention(f.db).settles(NOW + 2 * DAY), NOW + 9 * DAY);
});

function stores(db: DatabaseSync) {
  return { retention: createRetention(db), profiles: createLearnedProfiles(db) };
}

Deno.test("a clock that jumps ahead deletes nothing, whatever comes with it", async () => {
  using f = fixture(60);
  const clock = new FakeClock(NOW);
  await using commit = createGroupCommit(f.db);
  const stop = new AbortController();
  const ages = { raw: 100 * DAY, "1m": 100 * DAY, "15m": 100 * DAY, "1d": 100 * DAY };
  const task = keepRetention(
    ages,
    { ...stores(f.db), commit, clock, log: getLogger(["test"]) },
    stop.signal,
  );
  await clock.advance(0);
  clock.jump(NOW + 3_650 * DAY);
  const series = { profile: "ecowatt", registers: ["Pac"], samples: [{ at: clock.now(), values: [1] }] };
  const batch = { device: DeviceId.parse("roof"), inverter: "inverter", series, quality: "exact" } as const;
  await commit.run(() => createSamples(f.db, systemRandom).append({ ...batch, receivedAt: clock.now() }));
  await clock.advance(24 * 3_600_000);
  assert.equal(f.rows()[0], 61);
  stop.abort();
  await task;
});

Deno.test("the task deletes at its start and every hour, and stops when told", async () => {
  using f = fixture(31);
  const clock = new FakeClock(NOW);
  await using commit = createGroupCommit(f.db);
  const stop = new AbortController();
  const io = { ...stores(f.db), commit, clock, log: getLogger(["test"]) };
  const task = keepRetention(AGES, io, stop.signal);
  await clock.advance(0);
  assert.equal(f.rows()[0], 31);
  await clock.advance(3_600_000);
  assert.equal(f.rows()[0], 30);
  stop.abort();
  await task;
});

import { alarmText } from "../../../gateway/system/alarm_text.ts";
import assert from "node:assert/strict";
import { type AlarmFacts, alarmsOf } from "../../../gateway/system/alarms.ts";

const NOW = Date.UTC(2026, 5, 21, 12);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const GIB = 2 ** 30;

const WELL: AlarmFacts = {
  now: NOW,
  devices: [{ deviceId: "roof", weak: false, state: "ok", since: NOW - DAY, reason: { code: "samples_arrive" } }],
  mqtt: { connected: true, since: NOW - DAY, trouble: undefined },
  disk: { freeBytes: 20 * GIB, totalBytes: 30 * GIB },
  refusals: [],
  rollouts: [],
  updates: [],
};

const UPDATE = {
  device_id: "roof",
  current_version: "1.0.0",
  checked_at_ms: NOW,
  state: "rolled_back" as const,
  version: "1.1.0",
  rollout: 3,
  chunks_received: 9,
  total_chunks: 9,
  percentage: 100,
  changed_at_ms: NOW - HOUR,
  reason: "did not confirm",
};

const device = (state: "ok" | "asleep" | "stale" | "fault", weak = false) => ({
  devices: [{
    deviceId: "roof",
    weak,
    state,
    since: NOW - HOUR,
    reason: { code: "recorded" as const, text: "it is so" },
  }],
});

const CASES: readonly [string, Partial<AlarmFacts>, string[]][] = [
  ["nothing when all is well", {}, []],
  ["nothing of a device that sleeps", device("asleep"), []],
  ["a device at fault", device("fault"), ["error device roof"]],
  ["a silent device", device("stale"), ["warning device roof"]],
  ["a weak device, as a notice", device("ok", true), ["notice weak_devices roof"]],
  ["no broker configured is fine", { mqtt: undefined }, []],
  ["a broker that is away", { mqtt: { connected: false, since: NOW - HOUR, trouble: "bad password" } }, [
    "warning mqtt ",
  ]],
  ["a disk of unknown size is fine", { disk: undefined }, []],
  ["a big disk with 512 MiB left is fine", { disk: { freeBytes: GIB / 2, totalBytes: 30 * GIB } }, []],
  ["a small disk with a tenth left is fine", { disk: { freeBytes: GIB / 10, totalBytes: GIB } }, []],
  ["a disk that runs full", { disk: { freeBytes: GIB / 25, totalBytes: GIB } }, ["warning disk "]],
  ["a disk that is full", { disk: { freeBytes: 2 ** 20, totalBytes: GIB } }, ["error disk "]],
  ["nine refusals within an hour are usual", { refusals: Array(9).fill(NOW - 60_000) }, []],
  ["ten refusals within an hour", { refusals: Array(10).fill(NOW - 60_000) }, ["warning security "]],
  ["ten refusals of yesterday are over", { refusals: Array(10).fill(NOW - DAY) }, []],
  [
    "a rollout that waits for somebody, however long",
    { rollouts: [{ name: "firmware rollout 3", reason: "2 failed", paused: true, startedAt: NOW - 90 * DAY }] },
    ["error rollout firmware rollout 3"],
  ],
  [
    "a rollout that ended by itself this week",
    { rollouts: [{ name: "settings rollout 4", reason: "sick", paused: false, startedAt: NOW - DAY }] },
    ["warning rollout settings rollout 4"],
  ],
  [
    "a rollout that ended by itself long ago is no news",
    { rollouts: [{ name: "settings rollout 4", reason: "sick", paused: false, startedAt: NOW - 8 * DAY }] },
    [],
  ],
  ["an update that was rolled back", { updates: [UPDATE] }, ["warning firmware roof"]],
  ["an update that failed", { updates: [{ ...UPDATE, state: "failed" }] }, ["warning firmware roof"]],
  ["an update that went well", { updates: [{ ...UPDATE, state: "confirmed" }] }, []],
  ["a rollback of last month is no news", { updates: [{ ...UPDATE, changed_at_ms: NOW - 30 * DAY }] }, []],
];

for (const [name, facts, expected] of CASES) {
  Deno.test(`alarms: ${name}`, () => {
    const alarms = alarmsOf({ ...WELL, ...facts });
    assert.deepEqual(alarms.map(({ severity, kind, about }) => `${severity} ${kind} ${about ?? ""}`), expected);
    for (const { message, advice } of alarms.map(({ reason }) => alarmText(reason))) {
      assert.ok(message.length > 5 && advice.length > 5);
    }
  });
}

Deno.test("alarms: the worst come first, then the oldest", () => {
  const of = (deviceId: string, state: "fault" | "stale", since: number) => {
    return { deviceId, weak: false, state, since, reason: { code: "recorded" as const, text: "it is so" } };
  };
  const devices = [of("c", "stale", NOW - 1), of("b", "stale", NOW - DAY), of("a", "fault", NOW - 5)];
  assert.deepEqual(alarmsOf({ ...WELL, devices }).map(({ about }) => about), ["a", "b", "c"]);
});

Deno.test("an alarm is a code with what belongs to it, and its sentence is made from these", () => {
  const [update] = alarmsOf({ ...WELL, updates: [UPDATE] });
  assert.deepEqual(update?.reason, { code: "update_rolled_back", version: "1.1.0", why: "did not confirm" });
  assert.equal(alarmText(update.reason).message, "Its update to 1.1.0 was rolled back: did not confirm");
  assert.equal(
    alarmText({ code: "weak_devices", first: "shed", count: 3 }).message,
    "shed and 2 more sign uploads only: somebody on its network could answer in the gateway's place",
  );
  assert.equal(
    alarmText({ code: "broker_unreachable", trouble: undefined }).message,
    "The MQTT broker cannot be reached",
  );
});

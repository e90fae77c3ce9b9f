import assert from "node:assert/strict";
import { openGatewayDatabase } from "../../../gateway/store/database.ts";
import type { Rollout } from "../../../gateway/store/port/rollout.ts";
import { settingsPolicy } from "../../../gateway/store/port/settings_rollout.ts";
import { createRolloutStores, type RolloutStore } from "../../../gateway/store/rollouts.ts";
import { temporaryDirectory } from "../../fakes/temporary_directory.ts";
import { at, openFixture } from "../api/fixture.ts";
import EARLIER from "../../fixtures/rollouts_0.1.0/rollouts.json" with { type: "json" };

type Database = ReturnType<typeof openGatewayDatabase>;

/** Writes what an earlier version wrote, in the order of the fixture. */
function writeEarlier(db: Database): void {
  for (const { over, rollout } of EARLIER.settings) {
    db.prepare("INSERT INTO settings_rollout(over, rollout) VALUES (?, ?)").run(over, JSON.stringify(rollout));
  }
  for (const { over, rollout, members } of EARLIER.firmware) {
    const sql = "INSERT INTO firmware_rollout(over, revision, rollout) VALUES (?, 'one', ?)";
    const { lastInsertRowid: id } = db.prepare(sql).run(over, JSON.stringify(rollout));
    for (const [i, member] of members.entries()) {
      db.prepare("INSERT INTO firmware_member VALUES (?, ?, ?, ?)").run(id, i, member.device, JSON.stringify(member));
    }
  }
}

/** A document without the keys that came since, and without those in which documents are told apart here. */
function without(value: unknown, ...keys: readonly string[]): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner) => keys.includes(key) ? undefined : inner));
}

const KINDS = [
  {
    kind: "settings",
    path: "/api/v1/settings/rollouts",
    earlier: EARLIER.settings.map(({ view }) => view),
    codes: [null, null, null, null, "recorded", "aborted_by"],
  },
  {
    kind: "firmware",
    path: "/api/v1/rollouts",
    earlier: EARLIER.firmware.map(({ view }) => view),
    codes: [null, "recorded", null, "paused_by", "aborted_by", null, null, "recorded"],
  },
] as const;

for (const { kind, path, earlier, codes } of KINDS) {
  Deno.test(`rollouts of ${kind} that an earlier version wrote are answered as it did, with codes`, async () => {
    await using f = await openFixture();
    using db = openGatewayDatabase(f.folder);
    writeEarlier(db);
    const { status, body } = await f.ask("GET", path);
    assert.equal(status, 200);
    const found = at(body, "rollouts");
    assert.ok(Array.isArray(found));
    const rollouts = found.toReversed();
    const views = earlier.map((view, i) => ({ ...view, id: i + 1 }));
    assert.deepEqual(without(rollouts, "reason_code"), without(views));
    assert.deepEqual(rollouts.map((one) => at(one, "reason_code")), codes);
  });
}

Deno.test("alarms tell of rollouts that stopped by themselves, not of those that somebody stopped, also of earlier ones", async () => {
  await using f = await openFixture();
  using db = openGatewayDatabase(f.folder);
  writeEarlier(db);
  const told = async () => {
    const alarms = at((await f.ask("GET", "/api/v1/alarms")).body, "alarms");
    assert.ok(Array.isArray(alarms));
    return alarms.filter((one) => at(one, "kind") === "rollout").map((one) =>
      `${at(one, "severity")} ${at(one, "about")}`
    );
  };
  const earlier = ["error firmware rollout 2", "warning firmware rollout 8", "warning settings rollout 5"];
  assert.deepEqual((await told()).toSorted(), earlier);
  assert.equal((await f.ask("POST", "/api/v1/rollouts/7/pause")).status, 200);
  assert.deepEqual((await told()).toSorted(), earlier, "also when it is written as a code");
  assert.equal((await f.ask("POST", "/api/v1/rollouts/2/abort")).status, 200);
  assert.deepEqual((await told()).toSorted(), earlier.slice(1));
});

Deno.test("what is written again is still in the form that an earlier version reads", async () => {
  await using folder = await temporaryDirectory();
  using db = openGatewayDatabase(folder.path);
  writeEarlier(db);
  const { firmware, settings } = createRolloutStores(db);
  const rewrite = <Goal, Mark>(store: RolloutStore<Goal, Mark>) => {
    for (const { id, rollout } of store.latest(100)) {
      store.save(id, rollout, { ...rollout, members: rollout.members.map((member) => ({ ...member })) });
    }
  };
  rewrite(firmware);
  rewrite(settings);
  const texts = (sql: string) => db.prepare(sql).all().map((row) => JSON.parse(String(Object.values(row)[0])));
  const heads = EARLIER.firmware.map(({ rollout }) => rollout);
  const members = EARLIER.firmware.flatMap(({ members }) => members);
  const ofSettings = EARLIER.settings.map(({ rollout }) => rollout);
  const written = [
    texts("SELECT rollout FROM firmware_rollout ORDER BY id"),
    texts("SELECT member FROM firmware_member ORDER BY rollout, position"),
    texts("SELECT rollout FROM settings_rollout ORDER BY id"),
  ];
  assert.deepEqual(
    written.map((one) => without(one, "reason")),
    [heads, members, ofSettings].map((one) => without(one, "reason")),
  );
  const reasons = written.flat().map(({ reason }) => reason).filter((reason) => reason !== undefined);
  assert.ok(reasons.length > 5 && reasons.every((reason) => typeof reason === "string"), "a text, as before");
});

Deno.test("a sentence of a device that looks like JSON is still a sentence", async () => {
  await using folder = await temporaryDirectory();
  using db = openGatewayDatabase(folder.path);
  const [first] = EARLIER.settings;
  for (const reason of ['{"code":"no such code"}', "{not JSON", "{}"]) {
    const members = [{ device: "a", stage: "left", reason }];
    const row = JSON.stringify({ ...first?.rollout, members, reason });
    db.prepare("INSERT INTO settings_rollout(over, rollout) VALUES (0, ?)").run(row);
    const [found] = createRolloutStores(db).settings.latest(1);
    assert.deepEqual(found?.rollout.reason, { code: "recorded", text: reason });
    assert.deepEqual(found?.rollout.members[0]?.reason, { code: "recorded", text: reason });
  }
});

const BASE = {
  phase: "running",
  by: "test",
  createdAt: 1,
  wave: 0,
  members: ["a", "b", "c"].map((device) => ({ device, stage: "waiting", attempts: 0, notBefore: 1 } as const)),
} as const;
const POLICY = settingsPolicy(1, 3, 60_000);

const STORES = {
  firmware: (db: Database) => exercised(createRolloutStores(db).firmware, { model: "m", version: "1.0.0" }),
  settings: (db: Database) => exercised(createRolloutStores(db).settings, { template: null, settings: {} }),
};

function exercised<Goal, Mark>(store: RolloutStore<Goal, Mark>, goal: Goal) {
  const rollout: Rollout<Goal, Mark> = { ...BASE, goal, policy: POLICY };
  return {
    add: () => store.add(rollout),
    save: (id: number, change: Partial<Rollout<Goal, Mark>>) => {
      const before = store.find(id)?.rollout ?? assert.fail();
      store.save(id, before, { ...before, ...change });
    },
    begin: (id: number, device: string) => {
      const before = store.find(id)?.rollout ?? assert.fail();
      const members = before.members.map((member) =>
        member.device === device ? { ...member, stage: "begun", attempts: 1, begunAt: 7 } as const : member
      );
      store.save(id, before, { ...before, members });
    },
    phase: (id: number) => store.find(id)?.rollout.phase,
    stages: (id: number) => store.find(id)?.rollout.members.map(({ stage }) => stage).join(" "),
    ids: () => ({
      running: store.running().map(({ id }) => id),
      ofA: store.runningFor("a").map(({ id }) => id),
      ofNobody: store.runningFor("nobody").map(({ id }) => id),
      latest: store.latest(2).map(({ id }) => id),
    }),
  };
}

for (const [kind, open] of Object.entries(STORES)) {
  Deno.test(`rollouts of ${kind} are kept, found by state and device, and the same to every process`, async () => {
    await using folder = await temporaryDirectory();
    using db = openGatewayDatabase(folder.path);
    using other = openGatewayDatabase(folder.path);
    const store = open(db);
    const elsewhere = open(other);
    const [one, two, three] = [store.add(), store.add(), store.add()];
    assert.deepEqual([one, two, three], [1, 2, 3]);
    assert.deepEqual(store.ids(), { running: [1, 2, 3], ofA: [3, 2, 1], ofNobody: [], latest: [3, 2] });
    assert.equal(elsewhere.stages(one), "waiting waiting waiting");
    store.begin(one, "b");
    for (const place of [store, elsewhere]) assert.equal(place.stages(one), "waiting begun waiting");
    elsewhere.save(two, { phase: "paused", reason: { code: "paused_by", by: "op" } });
    for (const place of [store, elsewhere]) assert.equal(place.phase(two), "paused");
    store.save(three, { phase: "aborted", reason: { code: "aborted_by", by: "op" } });
    assert.deepEqual(elsewhere.ids(), { running: [1, 2], ofA: [2, 1], ofNobody: [], latest: [3, 2] });
    db.exec("BEGIN");
    store.save(one, { phase: "done" });
    assert.equal(store.phase(one), "done");
    db.exec("ROLLBACK");
    assert.equal(store.phase(one), "running", "what was undone is not remembered");
  });
}

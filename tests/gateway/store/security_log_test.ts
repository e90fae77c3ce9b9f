import assert from "node:assert/strict";
import { Fault } from "../../../gateway/fault.ts";
import { createGroupCommit } from "../../../gateway/store/group_commit.ts";
import { createSecurityLog, type Reason, writeNoted } from "../../../gateway/store/security_log.ts";
import { openGatewayStore } from "../../fakes/gateway_store.ts";

Deno.test("the log keeps its newest rows, refusals longer, and counts everything", () => {
  using store = openGatewayStore();
  const log = createSecurityLog(store.db, 1000);
  store.db.exec("BEGIN");
  for (let i = 1; i <= 2500; i++) {
    log.append({
      at: i,
      deviceId: i % 5 === 0 ? "garage" : "roof",
      sequence: i,
      reason: i % 10 === 0 ? "replay" : "ok",
      path: "/process",
      address: "10.0.0.1",
    });
  }
  store.db.exec("COMMIT");
  assert.deepEqual(log.latest({ limit: 2 }).map((row) => row.sequence), [2500, 2499]);
  const all = log.latest({ limit: 5000 });
  assert.deepEqual(all.slice(0, 1000).map((row) => row.sequence), Array.from({ length: 1000 }, (_, i) => 2500 - i));
  assert.deepEqual(all.slice(1000).map((row) => row.sequence), Array.from({ length: 150 }, (_, i) => 1500 - 10 * i));
  assert.deepEqual(log.latest({ before: 1501, limit: 2 }).map((row) => row.sequence), [1500, 1490]);
  assert.deepEqual(log.latest({ deviceIds: ["garage"], limit: 2 }).map((row) => row.sequence), [2500, 2495]);
  assert.equal(log.latest({ deviceIds: ["garage"], limit: 5000 }).length, 200 + 150);
  const rows = Number(store.db.prepare("SELECT count(*) AS n FROM security_log").get()?.["n"]);
  assert.ok(rows >= 1000 && rows <= 1256, `${rows} rows on disk`);
  assert.deepEqual(log.counts(), new Map([["ok", 2250], ["replay", 250]]));
});

Deno.test("an hour of what a hundred boards poll does not push a refusal out, and refusals are bounded as well", () => {
  using store = openGatewayStore();
  const log = createSecurityLog(store.db, 1000);
  const append = (reason: Reason, count: number, sequence: number) => {
    store.db.exec("BEGIN");
    for (let i = 0; i < count; i++) {
      log.append({ at: i, deviceId: "board", sequence: sequence + i, reason, path: "/changes", address: "10.0.0.1" });
    }
    store.db.exec("COMMIT");
  };
  append("bad_signature", 3, 1);
  append("ok", 21 * 60, 10_000);
  assert.deepEqual(log.latest({ filter: "refused", limit: 10 }).map(({ id }) => id), [3, 2, 1]);
  append("replay", 3000, 100_000);
  append("ok", 2000, 200_000);
  const kept = log.latest({ filter: "refused", limit: 5000 });
  assert.deepEqual([kept.length, kept[0]?.sequence, kept.at(-1)?.sequence], [250, 102_999, 102_750]);
  assert.deepEqual(log.counts(), new Map([["ok", 3260], ["bad_signature", 3], ["replay", 3000]]));
});

const lineOf = (sequence: number, reason: Reason = "ok") => {
  return { at: sequence, deviceId: "roof", sequence, reason, path: "/process", address: "10.0.0.1" };
};

Deno.test("what is noted stands between the refusals that were written before and after it, also once it is written", async () => {
  using store = openGatewayStore();
  await using commit = createGroupCommit(store.db);
  const log = createSecurityLog(store.db);
  log.note(lineOf(1));
  await commit.run(() => log.append(lineOf(2, "replay")));
  log.note(lineOf(3));
  await commit.run(() => log.append(lineOf(4, "malformed")));
  log.note(lineOf(5));
  const sequences = (of = log) => of.latest({ limit: 10 }).map(({ id, sequence }) => [id, sequence]);
  const all = [[5, 5], [4, 4], [3, 3], [2, 2], [1, 1]];
  assert.deepEqual(sequences(), all);
  assert.deepEqual(log.latest({ filter: "ok", before: 5, limit: 1 }).map(({ sequence }) => sequence), [3]);
  assert.deepEqual(log.latest({ deviceIds: ["barn"], limit: 10 }), []);
  assert.deepEqual(sequences(createSecurityLog(store.db)), [[4, 4], [2, 2]], "another process sees what is written");
  await writeNoted(log, commit);
  assert.deepEqual(sequences(), all);
  assert.deepEqual(sequences(createSecurityLog(store.db)), all);
  assert.deepEqual(log.counts(), new Map<Reason, number>([["ok", 3], ["malformed", 1], ["replay", 1]]));
});

Deno.test("what was noted and lost with its transaction is written with the next, once", async () => {
  using store = openGatewayStore();
  await using commit = createGroupCommit(store.db);
  const log = createSecurityLog(store.db);
  for (let i = 1; i <= 40; i++) log.note(lineOf(i));
  await assert.rejects(commit.run(() => {
    log.write();
    throw new Fault("conflict", "test");
  }));
  await writeNoted(log, commit);
  log.note(lineOf(41));
  await commit.run(() => log.write()); // on disk, and nobody heard of it
  assert.equal(log.latest({ limit: 100 }).length, 41);
  await writeNoted(log, commit);
  const written = createSecurityLog(store.db).latest({ limit: 100 }).map(({ sequence }) => sequence);
  assert.deepEqual(written, Array.from({ length: 41 }, (_, i) => 41 - i));
  assert.equal(log.counts().get("ok"), 41);
});

Deno.test("a refusal that was undone leaves no gap that would count as accepted", async () => {
  using store = openGatewayStore();
  await using commit = createGroupCommit(store.db);
  const log = createSecurityLog(store.db);
  log.note(lineOf(1));
  await assert.rejects(commit.run(() => {
    log.append(lineOf(2, "replay"));
    throw new Fault("conflict", "test");
  }));
  log.note(lineOf(3));
  await writeNoted(log, commit);
  assert.deepEqual(log.counts(), new Map([["ok", 2]]));
});

Deno.test("what is noted is bounded, and asks to be written when there is much of it", () => {
  using store = openGatewayStore();
  const log = createSecurityLog(store.db);
  const asked = Array.from({ length: 5000 }, (_, i) => log.note(lineOf(i + 1)));
  assert.deepEqual([asked.indexOf(true), asked.slice(0, 4096).filter((asks) => asks).length], [255, 16]);
  assert.equal(log.latest({ limit: 10_000 }).length, 4096);
});

Deno.test("what is noted and written does not grow the log beyond its bound", async () => {
  using store = openGatewayStore();
  await using commit = createGroupCommit(store.db);
  const log = createSecurityLog(store.db, 1000);
  for (let i = 1; i <= 3000; i++) {
    if (log.note(lineOf(i))) await writeNoted(log, commit);
  }
  const rows = Number(store.db.prepare("SELECT count(*) AS n FROM security_log").get()?.["n"]);
  assert.ok(rows >= 900 && rows <= 1256, `${rows} rows on disk`);
});

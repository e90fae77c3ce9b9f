import assert from "node:assert/strict";
import { createSecurityLog, type Reason } from "../../../gateway/store/security_log.ts";
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

import assert from "node:assert/strict";
import { createSecurityLog } from "../../../gateway/store/security_log.ts";
import { openGatewayStore } from "../../fakes/gateway_store.ts";

Deno.test("the log keeps its newest rows and counts everything", () => {
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
  assert.equal(all.length, 1000);
  assert.equal(all.at(-1)?.sequence, 1501);
  assert.deepEqual(log.latest({ deviceId: "garage", limit: 2 }).map((row) => row.sequence), [2500, 2495]);
  assert.equal(log.latest({ deviceId: "garage", limit: 5000 }).length, 200);
  const rows = Number(store.db.prepare("SELECT count(*) AS n FROM security_log").get()?.["n"]);
  assert.ok(rows >= 1000 && rows <= 1256, `${rows} rows on disk`);
  assert.deepEqual(log.counts(), new Map([["ok", 2250], ["replay", 250]]));
});

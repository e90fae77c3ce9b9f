import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { createCommandNotifier } from "../../../gateway/command/notifier.ts";
import { createStoreChanges } from "../../../gateway/store/changes.ts";
import { FakeClock } from "../../fakes/clock.ts";

Deno.test("a database that once did not answer is looked at again: commands of other processes still come through", async () => {
  const path = await Deno.makeTempFile();
  using db = new DatabaseSync(path);
  using other = new DatabaseSync(path);
  other.exec("CREATE TABLE command(id INTEGER PRIMARY KEY) STRICT");
  const clock = new FakeClock();
  const notifier = createCommandNotifier({ changes: createStoreChanges({ db, clock }), clock });
  const stop = new AbortController();
  const wait = () => notifier.wait(1, 10_000, notifier.heard(1), stop.signal);

  other.exec("BEGIN EXCLUSIVE");
  await assert.rejects(wait(), /database is locked/);
  other.exec("COMMIT");

  const heard = notifier.heard(1);
  const woken = wait();
  other.exec("INSERT INTO command VALUES (1)");
  assert.equal(await clock.until(woken, 500), "look");
  assert.ok(notifier.heard(1) > heard, "only the time was over");
  stop.abort();
  await Deno.remove(path);
});

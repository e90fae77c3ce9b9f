import assert from "node:assert/strict";
import { KINDS } from "./both_effects.ts";

const ALL = [0, 1, 2, 3];
/** More than any wave takes. */
const ROUNDS = 12;

for (const [kind, { start, pushes }] of Object.entries(KINDS)) {
  Deno.test(`${kind}: those who go first have it, and the others when all of the first did well with it`, async () => {
    await using r = await start(true);
    assert.deepEqual(await r.reached(), pushes ? [0, 1] : []);
    for (let round = 0; round < 3; round++) {
      await r.round(0, 2, 3);
      assert.deepEqual(await r.reached(), pushes ? [0, 1] : [0], "one of two did well");
      assert.equal(r.rollout().wave, 0);
    }
    for (let round = 0; r.rollout().wave === 0; round++) {
      assert.ok(round < ROUNDS);
      assert.deepEqual((await r.reached()).filter((place) => place > 1), []);
      await r.round(...ALL);
    }
    for (let round = 0; r.rollout().phase === "running"; round++) {
      assert.ok(round < ROUNDS);
      await r.round(...ALL);
    }
    assert.equal(r.rollout().phase, "done");
    assert.deepEqual(await r.reached(), ALL);
  });

  Deno.test(`${kind}: what does nobody good stops at the first, and is taken back where that can be`, async () => {
    await using r = await start(false);
    for (let round = 0; round < ROUNDS; round++) await r.round(...ALL);
    const { phase, wave, reason } = r.rollout();
    assert.deepEqual([phase, wave], [pushes ? "aborted" : "paused", 0]);
    assert.ok(reason?.code === "devices_failed" && reason.failed === 1, JSON.stringify(reason));
    assert.deepEqual(
      await r.reached(),
      pushes ? [] : [r.rollout().members.findIndex(({ stage }) => stage === "failed")],
    );
  });

  Deno.test(`${kind}: a pause holds for as long as it lasts`, async () => {
    await using r = await start(true);
    await r.round(0);
    const before = await r.reached();
    await r.change({ kind: "pause", by: "op" });
    await assert.rejects(() => r.change({ kind: "pause", by: "op" }), { code: "conflict" });
    for (let round = 0; round < ROUNDS; round++) {
      await r.round(...ALL);
      assert.deepEqual(await r.reached(), before);
      assert.deepEqual([r.rollout().phase, r.rollout().wave], ["paused", 0]);
    }
    assert.deepEqual(r.rollout().reason, { code: "paused_by", by: "op" });
    await r.change({ kind: "resume", by: "op" });
    for (let round = 0; r.rollout().phase === "running"; round++) {
      assert.ok(round < ROUNDS);
      await r.round(...ALL);
    }
    assert.deepEqual([r.rollout().phase, await r.reached()], ["done", ALL]);
  });

  Deno.test(`${kind}: aborted it goes no further, and what can be taken back is`, async () => {
    for (const restore of [true, false]) {
      await using r = await start(true);
      await r.round(0);
      const before = await r.reached();
      await r.change({ kind: "abort", by: "op", restore });
      const after = pushes && restore ? [] : before;
      assert.deepEqual(await r.reached(), after);
      for (let round = 0; round < ROUNDS; round++) await r.round(...ALL);
      assert.deepEqual([r.rollout().phase, r.rollout().wave, await r.reached()], ["aborted", 0, after]);
      for (const kind of ["pause", "resume"] as const) {
        await assert.rejects(() => r.change({ kind, by: "op" }), { code: "conflict" });
      }
    }
  });
}

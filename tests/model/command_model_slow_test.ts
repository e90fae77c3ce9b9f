import assert from "node:assert/strict";
import { runSchedules } from "./command_model.ts";

/** Schedules in every run; `deno task soak` runs any number. */
const SCHEDULES = 10_000;

Deno.test(`${SCHEDULES} random schedules: no double effect, none after expiry, nothing stuck, in order`, async () => {
  const seed = Number(Deno.env.get("ECOWATT_MODEL_SEED") ?? 1);
  const schedules = Number(Deno.env.get("ECOWATT_MODEL_SCHEDULES") ?? SCHEDULES);
  const result = await runSchedules(seed, schedules);
  assert.deepEqual(result.failures.slice(0, 10), []);
  assert.ok(schedules < 1000 || ["completed", "failed", "expired", "cancelled"].every((state) => result.states[state]));
});

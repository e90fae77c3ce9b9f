import assert from "node:assert/strict";
import { at } from "../api/fixture.ts";
import { fleet, polls, ROLLOUTS, start } from "./rollout_fleet.ts";

Deno.test("what a rollout would do is told before, with the reasons of those who cannot, and nothing is set", async () => {
  await using f = await fleet();
  await f.addBoard("shed");
  const plan = { settings: { poll_interval_s: 2.5, upload_interval_s: 30 }, devices: ["b", "shed", "a"] };
  await start(f, { devices: ["a"] });
  const { status, body } = await f.ask("POST", `${ROLLOUTS}/preview`, plan);
  assert.equal(status, 200);
  assert.deepEqual(at(body, "devices"), [
    { device_id: "b", changes: [{ key: "poll_interval_s", from: 2, to: 2.5 }], refusals: [] },
    {
      device_id: "shed",
      changes: [],
      refusals: [{
        key: "poll_interval_s",
        code: "not_whole_seconds",
        message: "must be whole seconds: this board cannot do fractions",
      }],
    },
    {
      device_id: "a",
      changes: [{ key: "poll_interval_s", from: 10, to: 2.5 }],
      refusals: [{ key: null, message: "rollout 1 of it is not over" }],
    },
  ]);
  assert.deepEqual(await polls(f), [10, 2, 2, 2]);
  assert.equal((await f.ask("POST", `${ROLLOUTS}/preview`, { ...plan, devices: ["nobody"] })).status, 404);
  assert.equal((await f.ask("POST", `${ROLLOUTS}/preview`, { settings: {}, devices: ["a"] })).status, 400);
  assert.equal((await f.send("viewer", "POST", `${ROLLOUTS}/preview`, plan)).status, 403);
});

Deno.test("how the settings of all devices stand is told at once, with what is against them, page by page", async () => {
  await using f = await fleet();
  await f.ask("PATCH", "/api/v1/devices/a/settings", { poll_interval_s: 7 });
  await f.ask("PATCH", "/api/v1/devices/b/settings", { poll_interval_s: 7 });
  const { version } = await f.changes("b");
  const refused = {
    parameter: "poll_frequency",
    status: "rejected",
    version,
    error: "too slow for me",
    error_code: "line_too_slow",
  };
  await f.report("b", refused);
  const first = (await f.ask("GET", "/api/v1/settings?limit=3")).body;
  assert.deepEqual(at(first, "devices"), [
    { device_id: "a", version: 2, state: "pending", reason: null, reason_code: null },
    { device_id: "b", version: 2, state: "rejected", reason: "too slow for me", reason_code: "line_too_slow" },
    { device_id: "c", version: 1, state: "in_sync", reason: null, reason_code: null },
  ]);
  assert.equal(at(first, "next"), "c");
  const rest = (await f.ask("GET", "/api/v1/settings?limit=3&after=c")).body;
  assert.deepEqual([at(rest, "devices", 0, "device_id"), at(rest, "next")], ["d", null]);
});

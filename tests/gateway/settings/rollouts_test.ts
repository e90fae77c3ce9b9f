import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { keepRollouts } from "../../../gateway/tasks/rollouts.ts";
import { at } from "../api/fixture.ts";
import { openSettings, type SettingsFixture } from "./fixture.ts";
import { fleet, live, NAMES, PARAMETERS, pass, poll, polls, ROLLOUTS, start } from "./rollout_fleet.ts";

const phase = async (f: SettingsFixture, id: number) => at((await f.ask("GET", `${ROLLOUTS}/${id}`)).body, "phase");
const reason = async (f: SettingsFixture, id: number) => at((await f.ask("GET", `${ROLLOUTS}/${id}`)).body, "reason");

Deno.test("the first go first, and the rest follow when these stayed healthy, also over restarts", async () => {
  for (const restarts of [false, true]) {
    let f = await fleet();
    const pause = async () => {
      if (restarts) f = await f.crash();
    };
    const id = await start(f);
    assert.deepEqual(await polls(f), [10, 10, 2, 2]);
    await pause();
    for (let round = 0; await phase(f, id) === "canary"; round++) {
      assert.ok(round < 10);
      assert.deepEqual(await polls(f), [10, 10, 2, 2]);
      await pass(f, ...NAMES);
      await pause();
    }
    assert.equal(await phase(f, id), "rest");
    assert.deepEqual(await polls(f), [10, 10, 10, 10]);
    for (let round = 0; await phase(f, id) === "rest"; round++) {
      assert.ok(round < 10);
      await pass(f, ...NAMES);
      await pause();
    }
    assert.equal(await phase(f, id), "done");
    await f[Symbol.asyncDispose]();
  }
});

Deno.test("one of the first that refuses, takes back, falls silent or never answers brings all back", async () => {
  const bad: Readonly<Record<string, (f: SettingsFixture) => Promise<void>>> = {
    "rejected: test: no": async (f) => {
      const { version } = await f.changes("a");
      await f.report("a", { parameter: "poll_frequency", status: "rejected", version, error: "test: no" });
      await pass(f, "b", "c", "d");
    },
    "reverted: test: cannot reach the gateway": async (f) => {
      await pass(f, ...NAMES);
      const { version } = await f.changes("a");
      const error = "test: cannot reach the gateway";
      await f.report("a", { parameter: "poll_frequency", status: "reverted", version, value: 2, error });
      await f.rollouts.tick();
    },
    "uploads no more": async (f) => {
      await live(f, ...NAMES);
      for (let round = 0; round < 6; round++) await pass(f, "b", "c", "d");
    },
    "did not apply the settings in time": async (f) => {
      for (let round = 0; round < 6; round++) await pass(f, "b", "c", "d");
    },
  };
  for (const [why, happens] of Object.entries(bad)) {
    await using f = await fleet();
    const id = await start(f, { canary: { devices: 2, healthy_for_s: 3_600 } });
    await happens(f);
    assert.deepEqual([await phase(f, id), await reason(f, id)], ["failed", `a: ${why}`]);
    assert.deepEqual(await polls(f), [2, 2, 2, 2], why);
    await live(f, ...NAMES);
    const history = (await f.ask("GET", "/api/v1/devices/b/settings/history")).body;
    const events = at(history, "events");
    assert.ok(Array.isArray(events));
    assert.ok(events.some((event) => at(event, "event", "by") === `rollout ${id}: back`));
  }
});

Deno.test("one of the rest that is away holds nobody up, and gets the settings when it comes back", async () => {
  await using f = await fleet();
  const id = await start(f);
  for (let round = 0; await phase(f, id) !== "done"; round++) {
    assert.ok(round < 20);
    await pass(f, "a", "b", "c");
  }
  assert.deepEqual([await phase(f, id), await reason(f, id)], ["done", null]);
  assert.equal((await f.changes("d")).version, 2);
});

Deno.test("a report alone is not health: an upload has to come since it was set", async () => {
  await using f = await fleet();
  const id = await start(f, { devices: ["a", "b"], canary: { devices: 1, healthy_for_s: 0 } });
  await f.clock.advance(1_000);
  const { version } = await f.changes("a");
  await f.report("a", ...PARAMETERS.map((parameter) => ({ parameter, status: "applied", version })));
  await f.rollouts.tick();
  assert.equal(await phase(f, id), "canary");
  await live(f, "a");
  await f.rollouts.tick();
  assert.equal(await phase(f, id), "rest");
});

Deno.test("nobody counts as silent because the gateway was down", async () => {
  let f = await fleet();
  const id = await start(f);
  await pass(f, ...NAMES);
  await f.clock.advance(3_600_000);
  f = await f.crash();
  await f.rollouts.tick();
  assert.equal(await phase(f, id), "canary");
  for (let round = 0; round < 4; round++) await pass(f, ...NAMES);
  assert.equal(await phase(f, id), "rest");
  await f[Symbol.asyncDispose]();
});

Deno.test("a device that somebody sets, or removes, leaves the rollout and keeps what it has", async () => {
  await using f = await fleet();
  const id = await start(f, { canary: { devices: 3, healthy_for_s: 3_600 } });
  await f.ask("PATCH", "/api/v1/devices/a/settings", { poll_interval_s: 7 });
  await f.ask("DELETE", "/api/v1/devices/c");
  await pass(f, "a", "b", "d");
  const { status, body } = await f.ask("POST", `${ROLLOUTS}/${id}/abort`, {});
  assert.equal(status, 200);
  const stages = [0, 1, 2, 3].map((i) => at(body, "devices", i, "stage"));
  assert.deepEqual(stages, ["left", "back", "left", "waiting"]);
  assert.deepEqual([await poll(f, "a"), await poll(f, "b"), await poll(f, "d")], [7, 2, 2]);
  assert.equal((await f.ask("POST", `${ROLLOUTS}/${id}/abort`, {})).status, 409);
});

Deno.test("what somebody sets in the last moment is not put back", async () => {
  await using f = await fleet();
  const id = await start(f);
  await f.ask("PATCH", "/api/v1/devices/a/settings", { poll_interval_s: 7 });
  const { body } = await f.ask("POST", `${ROLLOUTS}/${id}/abort`, {});
  assert.deepEqual([at(body, "devices", 0, "stage"), at(body, "devices", 1, "stage")], ["left", "back"]);
  assert.deepEqual(await polls(f), [7, 2, 2, 2]);
});

Deno.test("a rollout that is stopped where it is leaves what was set", async () => {
  await using f = await fleet();
  const id = await start(f);
  assert.equal((await f.ask("POST", `${ROLLOUTS}/${id}/abort`, { restore: false })).status, 200);
  assert.deepEqual(await polls(f), [10, 10, 2, 2]);
});

Deno.test("without a canary a template goes to all at once, chosen by label, model or name", async () => {
  await using f = await fleet();
  assert.equal((await f.ask("PUT", "/api/v1/settings/templates/slow", { poll_interval_s: 20 })).status, 200);
  for (const name of ["a", "c"]) {
    const path = `/api/v1/devices/${name}/labels`;
    assert.deepEqual((await f.ask("PUT", path, { labels: ["south", "barn"] })).body, {
      device_id: name,
      labels: ["barn", "south"],
    });
  }
  const apply = async (choice: object) => {
    const { status, body } = await f.ask("POST", ROLLOUTS, { template: "slow", ...choice });
    return [status, at(body, "phase")];
  };
  assert.deepEqual(await apply({ label: "south", devices: ["a", "b"] }), [201, "done"]);
  assert.deepEqual(await polls(f), [20, 2, 2, 2]);
  assert.deepEqual(await apply({ label: "south" }), [201, "done"]);
  assert.deepEqual(await polls(f), [20, 2, 20, 2]);
  assert.deepEqual(await apply({ model: "ecowatt-node" }), [201, "done"]);
  assert.deepEqual(await polls(f), [20, 20, 20, 20]);
  assert.deepEqual(at((await f.ask("GET", "/api/v1/devices/a/settings")).body, "desired"), {
    poll_interval_s: 20,
    upload_interval_s: 30,
  });
});

Deno.test("a rollout that one device cannot have, or that makes no sense, sets none", async () => {
  await using f = await fleet();
  await f.addBoard("board");
  await start(f, { devices: ["a"] });
  const fine = { settings: { poll_interval_s: 10 }, devices: ["b", "c"] };
  const canary = { devices: 1, healthy_for_s: 60 };
  const refused: readonly (readonly [object, number])[] = [
    [{ ...fine, devices: ["b", "nobody"] }, 404],
    [{ template: "nobody", devices: ["b"] }, 404],
    [{ ...fine, devices: ["a", "b"] }, 409],
    [{ ...fine, settings: { poll_interval_s: 60 } }, 422],
    [{ settings: { poll_interval_s: 2.5 }, devices: ["b", "board"] }, 422],
    [{ settings: { poll_interval_s: 3 }, devices: ["b", "board"], canary }, 422],
    [{ ...fine, label: "nothing" }, 422],
    [{ ...fine, devices: [] }, 400],
    [{ ...fine, template: "slow" }, 400],
    [{ settings: { poll_interval_s: 10 } }, 400],
    [{ ...fine, settings: {} }, 400],
    [{ ...fine, canary: { devices: 0, healthy_for_s: 1 } }, 400],
    [{ ...fine, canary: { devices: 1 } }, 400],
    [{ ...fine, canary: { ...canary, devices: 1.5 } }, 400],
    [[], 400],
  ];
  for (const [plan, expected] of refused) {
    assert.equal((await f.ask("POST", ROLLOUTS, plan)).status, expected, JSON.stringify(plan));
  }
  assert.deepEqual(await polls(f), [10, 2, 2, 2]);
  assert.equal((await f.ask("GET", `${ROLLOUTS}/99`)).status, 404);
  assert.equal((await f.ask("GET", `${ROLLOUTS}/x`)).status, 400);
  assert.equal((await f.ask("POST", `${ROLLOUTS}/99/abort`, {})).status, 404);
});

Deno.test("a board goes back to what it did before, as far as it is known", async () => {
  await using f = await openSettings();
  await f.addBoard("board");
  await f.ask("PUT", "/api/v1/devices/board/settings", { poll_interval_s: 2 });
  await f.changes("board");
  await f.report("board", { parameter: "poll_frequency", status: "accepted", value: 2, unit: "seconds" });
  await f.ask("PUT", "/api/v1/devices/board/settings", {});
  const id = await start(f, {
    devices: ["board"],
    settings: { poll_interval_s: 3 },
    canary: { devices: 1, healthy_for_s: 60 },
  });
  assert.equal((await f.changes("board")).newPollTimer, 3);
  await f.report("board", { parameter: "poll_frequency", status: "rejected", value: 3, error: "NVS save failed" });
  await f.rollouts.tick();
  assert.equal(await phase(f, id), "failed");
  assert.equal((await f.changes("board")).newPollTimer, 2);
});

Deno.test("templates are kept, listed, replaced and removed; an impossible one is refused", async () => {
  await using f = await openSettings();
  const path = "/api/v1/settings/templates";
  assert.deepEqual((await f.ask("GET", path)).body, { templates: [] });
  assert.equal((await f.ask("PUT", `${path}/slow`, { poll_interval_s: 20 })).status, 200);
  assert.equal((await f.ask("PUT", `${path}/slow`, { poll_interval_s: 30 })).status, 200);
  assert.deepEqual(at((await f.ask("GET", `${path}/slow`)).body, "settings"), { poll_interval_s: 30 });
  assert.equal(at((await f.ask("GET", path)).body, "templates", 0, "changed_by"), "token test admin");
  const refused: readonly (readonly [string, unknown, number])[] = [
    ["slow", { poll_interval_s: 0 }, 422],
    ["slow", { poll_interval_s: 5, upload_interval_s: 4 }, 422],
    ["slow", {}, 400],
    ["slow", { version: 3 }, 400],
    ["a%20b", { poll_interval_s: 5 }, 400],
  ];
  for (const [name, body, expected] of refused) {
    assert.equal((await f.ask("PUT", `${path}/${name}`, body)).status, expected, JSON.stringify(body));
  }
  assert.equal((await f.ask("DELETE", `${path}/slow`)).status, 204);
  assert.equal((await f.ask("DELETE", `${path}/slow`)).status, 404);
  assert.equal((await f.ask("GET", `${path}/slow`)).status, 404);
});

Deno.test("the task looks every five seconds, survives a look that fails, and ends when it is told to", async () => {
  await using f = await openSettings();
  let looks = 0;
  const rollouts = {
    tick: () => ++looks === 2 ? Promise.reject(new Error("test: no disk")) : Promise.resolve(),
  };
  const stop = new AbortController();
  const running = keepRollouts({ rollouts, clock: f.clock, log: getLogger(["test"]) }, stop.signal);
  await f.clock.advance(14_000);
  assert.equal(looks, 3);
  stop.abort();
  await running;
});

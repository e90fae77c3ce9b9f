import assert from "node:assert/strict";
import { stateReasonText } from "../../../gateway/state/reason_text.ts";
import { getLogger } from "@logtape/logtape";
import { createServices } from "../../../gateway/services.ts";
import { openGatewayDatabase } from "../../../gateway/store/database.ts";
import type { DeviceStates } from "../../../gateway/state/device_states.ts";
import { systemRandom } from "../../../platform/random.ts";
import type { NodeHealth } from "../../../protocol/messages/node_health.ts";
import { turnsDuring } from "../../fakes/turns.ts";
import { at, type Fixture, NOW, openFixture } from "../api/fixture.ts";

const MIN = 60_000;
const HOUR = 60 * MIN;

function statesOf(f: Fixture, listening = true): DeviceStates {
  const io = { dataDir: f.folder, clock: f.clock, random: systemRandom, log: getLogger(["test"]) };
  return createServices(f.stores, listening ? { listeningSince: f.clock.now() } : {}, io).states;
}

const telling = (state: "ok" | "asleep" | "fault", since_ms: number): NodeHealth => ({
  upload_interval_s: 30,
  inverters: [{ inverter: "roof", state, since_ms, reason: `test ${state}` }],
});

/** A power curve that ends at `end`, a sample a minute. */
const samples = (end: number, powers: readonly number[]) =>
  powers.map((power, i) => ({ at: end - (powers.length - 1 - i) * MIN, values: [power] }));

Deno.test("a state is told and written down when it changes, and a restart invents none", async () => {
  await using f = await openFixture();
  await f.ask("POST", "/api/v1/devices", { device_id: "roof" });
  const device = f.management.device("roof");
  const heard: string[] = [];
  const states = statesOf(f);
  using _ = states.listen(({ deviceId }, { state }) => void heard.push(`${deviceId} ${state}`));
  const tell = async (health: NodeHealth) => {
    states.heard(device, f.clock.now());
    await f.stores.commit.run(() => states.told(device, health, f.clock.now()));
    await states.review([device]);
  };
  await states.review([device]);
  await tell(telling("asleep", NOW - HOUR));
  await tell(telling("asleep", NOW - HOUR));
  assert.deepEqual(heard, ["roof stale", "roof asleep"]);
  assert.equal(states.of(device).since, NOW - HOUR);

  await f.clock.advance(8 * HOUR);
  const restarted = statesOf(f);
  using __ = restarted.listen((_, { state }) => void heard.push(state));
  await restarted.review([device]);
  assert.deepEqual([restarted.of(device).state, restarted.of(device).since], ["asleep", NOW - HOUR]);
  assert.equal(heard.length, 2, "nothing is told");
  await f.clock.advance(7 * MIN);
  await restarted.review([device]);
  assert.equal(heard.at(-1), "stale", "by now it would have been heard of");
  assert.deepEqual(restarted.of(device).inverters.map(({ state }) => state), ["stale"]);
});

Deno.test("the command line believes a running gateway, and judges itself when none runs", async () => {
  await using f = await openFixture();
  await f.ask("POST", "/api/v1/devices", { device_id: "roof" });
  const device = f.management.device("roof");
  const states = statesOf(f);
  states.heard(device, NOW);
  await f.stores.commit.run(() => states.told(device, telling("fault", NOW), NOW));
  await states.review([device]);
  await states.keepContacts([device]);
  assert.equal(statesOf(f, false).of(device).state, "fault");
  await f.clock.advance(HOUR);
  assert.equal(statesOf(f, false).of(device).state, "stale");
});

Deno.test("the command line sees a device come back before the running gateway has looked at it again", async () => {
  await using f = await openFixture();
  await f.ask("POST", "/api/v1/devices", { device_id: "roof" });
  const device = f.management.device("roof");
  const states = statesOf(f);
  await states.review([device]);
  await states.keepContacts([device]);
  assert.equal(statesOf(f, false).of(device).state, "stale");
  await f.clock.advance(5_000);
  await f.store({ device: "roof", registers: ["Pac"], samples: samples(f.clock.now(), [900, 910]) });
  await f.stores.commit.run(() => states.told(device, telling("ok", f.clock.now()), f.clock.now()));
  assert.equal(statesOf(f, false).of(device).state, "ok");
});

Deno.test("a board that faded before it went silent is asleep, one that broke off is stale", async () => {
  const DUSK = [900, 400, 120, 40, 30, 25, 20, 10, 5, 0], CUT = [900, 910, 905, 0, 0];
  for (const [powers, expected] of [[DUSK, "asleep"], [CUT, "stale"]] as const) {
    await using f = await openFixture();
    await f.ask("POST", "/api/v1/devices", { device_id: "barn", auth: "legacy" });
    await f.store({ device: "barn", registers: ["Pac"], samples: samples(NOW, powers) });
    const device = f.management.device("barn");
    assert.equal(statesOf(f).of(device).state, "ok");
    const states = statesOf(f);
    await f.clock.advance(HOUR);
    assert.equal(states.of(device).state, expected);
  }
});

Deno.test("a board is not ok by uploads of which nothing could be read", async () => {
  await using f = await openFixture();
  const register = () => f.ask("POST", "/api/v1/devices", { device_id: "barn", auth: "legacy" });
  const keepOne = () => {
    const item = { at: f.clock.now(), deviceId: "barn", fault: "base64", detail: "test", content: "?" };
    return f.stores.commit.run(() => f.stores.quarantine.keep(item));
  };
  const told = () => {
    const device = f.management.device("barn");
    const states = statesOf(f);
    states.heard(device, f.clock.now());
    const { state, reason } = states.of(device);
    return `${state}: ${stateReasonText(reason)}`;
  };
  await register();
  assert.equal(told(), "ok: it is heard of, and its first samples are awaited");
  await keepOne();
  assert.equal(told(), "stale: it is heard of, but no samples could be read");
  await f.store({ device: "barn", registers: ["Pac"], samples: samples(f.clock.now(), [900]) });
  assert.equal(told(), "ok: samples arrive", "another item of that upload could be read");
  await f.clock.advance(15 * MIN);
  await keepOne();
  assert.equal(told(), "ok: samples arrived, but its last upload could not be read");
  await f.clock.advance(45 * MIN);
  await keepOne();
  assert.equal(told(), "stale: it is heard of, but no samples could be read for 60 minutes");
});

Deno.test("a device that was removed and registered again begins anew", async () => {
  await using f = await openFixture();
  await f.ask("POST", "/api/v1/devices", { device_id: "roof" });
  const before = f.management.device("roof");
  const states = statesOf(f);
  states.heard(before, NOW);
  await f.stores.commit.run(() => states.told(before, telling("ok", NOW), NOW));
  await states.review([before]);
  await f.ask("DELETE", "/api/v1/devices/roof");
  await f.clock.advance(MIN);
  await f.ask("POST", "/api/v1/devices", { device_id: "roof" });
  const after = f.management.device("roof");
  assert.equal(states.of(after).state, "stale");
  states.heard(after, f.clock.now());
  await f.stores.commit.run(() => states.told(after, telling("ok", NOW), f.clock.now()));
  assert.equal(states.of(after).state, "ok", "the same words are heard again");
});

Deno.test("the command line gives a reason that is still true", async () => {
  await using f = await openFixture();
  await f.ask("POST", "/api/v1/devices", { device_id: "barn", auth: "legacy" });
  const device = f.management.device("barn");
  const states = statesOf(f);
  const heard: string[] = [];
  using _ = states.listen((_, { state }) => void heard.push(state));
  states.heard(device, NOW);
  await states.review([device]);
  await f.store({ device: "barn", registers: ["Pac"], samples: samples(NOW, [900]) });
  await states.review([device]);
  await states.keepContacts([device]);
  assert.deepEqual(statesOf(f, false).of(device).reason, { code: "samples_arrive" });
  assert.deepEqual(heard, ["ok"], "another reason is no other state");
});

Deno.test("a sentence that an earlier version wrote is told as it is, until the device is looked at again", async () => {
  await using f = await openFixture();
  await f.ask("POST", "/api/v1/devices", { device_id: "roof" });
  const device = f.management.device("roof");
  const states = statesOf(f);
  states.heard(device, NOW);
  await states.review([device]);
  await states.keepContacts([device]);
  {
    using db = openGatewayDatabase(f.folder);
    db.exec("UPDATE device_state SET reason = 'samples arrive, once'");
  }
  assert.equal(stateReasonText(statesOf(f, false).of(device).reason), "samples arrive, once");
  await states.review([device]);
  assert.deepEqual(statesOf(f, false).of(device).reason, { code: "first_samples_awaited" });
});

Deno.test("the list of devices is asked by state", async () => {
  await using f = await openFixture();
  for (const device_id of ["a", "b"]) await f.ask("POST", "/api/v1/devices", { device_id });
  await f.store({ device: "a", registers: ["Pac"], samples: samples(NOW, [900]) });
  const ids = async (state: string) => {
    const devices = at((await f.ask("GET", `/api/v1/devices?state=${state}`)).body, "devices");
    return Array.isArray(devices) ? devices.map((device) => at(device, "device_id")) : undefined;
  };
  assert.deepEqual([await ids("ok"), await ids("stale"), await ids("asleep")], [["a"], ["b"], []]);
  assert.equal((await f.ask("GET", "/api/v1/devices?state=tired")).status, 400);
  const shown = (await f.ask("GET", "/api/v1/devices/a")).body;
  assert.equal(at(shown, "state"), "ok");
  assert.equal(at(shown, "state_since"), new Date(NOW).toISOString());
  assert.equal(at(shown, "inverter_states", 0, "inverter"), "inverter");
});

Deno.test("a gateway whose own clock was ahead takes nobody for alive by what it wrote down then", async () => {
  await using f = await openFixture();
  await f.ask("POST", "/api/v1/devices", { device_id: "roof" });
  await f.ask("POST", "/api/v1/devices", { device_id: "barn" });
  const [roof, barn] = [f.management.device("roof"), f.management.device("barn")];
  const year = 366 * 24 * HOUR;
  f.clock.jump(NOW + 10 * year);
  const wrong = statesOf(f);
  for (const device of [roof, barn]) {
    wrong.heard(device, f.clock.now());
    await f.store({ device: device.deviceId, registers: ["Pac"], samples: samples(f.clock.now(), [700, 800]) });
  }
  await wrong.review([roof, barn]);
  await wrong.keepContacts([roof, barn]);
  assert.equal(wrong.of(roof).state, "ok");
  f.clock.jump(NOW);
  const right = statesOf(f);
  await f.clock.advance(2 * HOUR);
  right.heard(barn, f.clock.now());
  await f.store({ device: "barn", registers: ["Pac"], samples: samples(f.clock.now(), [900]) });
  await right.review([roof, barn]);
  assert.deepEqual([roof, barn].map((device) => right.of(device).state), ["stale", "ok"]);
  assert.ok([roof, barn].every((device) => right.of(device).since <= f.clock.now()));
  assert.equal(at((await f.ask("GET", "/api/v1/devices/barn/latest")).body, "values", 0, "value"), 900);
});

Deno.test("a gateway that was away for days does not say of a device that was not heard since that it is well", async () => {
  await using f = await openFixture();
  await f.ask("POST", "/api/v1/devices", { device_id: "roof" });
  const device = f.management.device("roof");
  const states = statesOf(f);
  states.heard(device, NOW);
  await f.store({ device: "roof", registers: ["Pac"], samples: samples(NOW, [700]) });
  await states.review([device]);
  await states.keepContacts([device]);
  assert.equal(states.of(device).state, "ok");
  f.clock.jump(NOW + 72 * HOUR);
  const restarted = statesOf(f);
  assert.deepEqual([restarted.of(device).state, restarted.of(device).reason.code], ["stale", "not_heard_since_start"]);
  restarted.heard(device, f.clock.now());
  await f.store({ device: "roof", registers: ["Pac"], samples: samples(f.clock.now(), [700]) });
  assert.equal(restarted.of(device).state, "ok");
});

Deno.test("a look at many devices lets others have their turn between any two", async () => {
  await using f = await openFixture();
  for (let i = 0; i < 30; i++) await f.ask("POST", "/api/v1/devices", { device_id: `device-${i}` });
  assert.ok(await turnsDuring(statesOf(f).review(f.management.listDevices())) >= 30);
});

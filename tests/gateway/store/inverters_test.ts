import assert from "node:assert/strict";
import { fakeLog } from "../../fakes/log.ts";
import { type Fixture, openFixture } from "../api/fixture.ts";

const WEEK_MS = 7 * 86_400_000;
const SUNSPEC = "sunspec:1@40002/66,113@40070/60";

function store(fixture: Fixture, inverter: string, registers: readonly string[], profile = "ecowatt"): Promise<void> {
  const samples = [{ at: fixture.clock.now(), values: registers.map(() => 400) }];
  return fixture.store({ device: "barn", inverter, profile, registers, samples });
}

Deno.test("a device has the inverters that it uploads, each as its newest upload tells", async () => {
  await using fixture = await openFixture();
  const { clock, management, services: { inverters } } = fixture;
  await fixture.ask("POST", "/api/v1/devices", { device_id: "barn" });
  assert.deepEqual(inverters.known(management.device("barn")), []);
  assert.deepEqual(inverters.profiles(management.device("barn")), []);
  await store(fixture, "west", ["Vac1"]);
  await store(fixture, "east", ["Pac"]);
  await clock.advance(1);
  await store(fixture, "west", ["Pac"]);
  const shown = () =>
    inverters.present("barn").map(({ inverter, profile, registers }) => [inverter, profile.id, registers]);
  assert.deepEqual(shown(), [["east", "ecowatt", ["Pac"]], ["west", "ecowatt", ["Pac", "Vac1"]]]);
  await clock.advance(86_400_001);
  await store(fixture, "west", ["Fac1"]);
  assert.deepEqual(
    shown(),
    [["east", "ecowatt", ["Pac"]], ["west", "ecowatt", ["Fac1"]]],
    "the others are not polled now",
  );
  await clock.advance(1);
  await store(fixture, "west", ["113.W"], SUNSPEC);
  assert.deepEqual(shown(), [["east", "ecowatt", ["Pac"]], ["west", SUNSPEC, ["113.W"]]], "it was exchanged");
  assert.deepEqual(inverters.profiles(management.device("barn")).map(({ id }) => id), ["ecowatt", SUNSPEC]);
});

Deno.test("an inverter that was silent for a week while others spoke is gone; it stays named and can be told something", async () => {
  await using fixture = await openFixture();
  const { clock, management, services: { inverters } } = fixture;
  await fixture.ask("POST", "/api/v1/devices", { device_id: "barn" });
  await store(fixture, "east", ["Pac"]);
  await clock.advance(WEEK_MS);
  await store(fixture, "west", ["Pac"]);
  const present = () => inverters.present("barn").map(({ inverter }) => inverter);
  assert.deepEqual(present(), ["east", "west"]);
  await clock.advance(1);
  await store(fixture, "west", ["Pac"]);
  assert.deepEqual(present(), ["west"]);
  assert.deepEqual(inverters.known(management.device("barn")).map(({ inverter }) => inverter), ["east", "west"]);
  assert.deepEqual(inverters.names("barn"), ["east", "west"]);
});

Deno.test("a board has its one inverter from the start", async () => {
  await using fixture = await openFixture();
  await fixture.ask("POST", "/api/v1/devices", { device_id: "board", auth: "legacy" });
  const { management, services: { inverters } } = fixture;
  const board = management.device("board");
  const known = inverters.known(board).map(({ inverter, profile }) => [inverter, profile.id]);
  assert.deepEqual(known, [["inverter", "ecowatt"]]);
  assert.deepEqual(inverters.profiles(board).map(({ id }) => id), ["ecowatt"]);
  assert.deepEqual(inverters.present("board"), [], "nothing came from it yet");
});

Deno.test("an inverter that its node does not list any more is gone at once: from the power, the total and what is told", async () => {
  await using fixture = await openFixture();
  const { clock, management, stores, services: { inverters, states, energy } } = fixture;
  await fixture.ask("POST", "/api/v1/devices", { device_id: "barn" });
  const device = management.device("barn");
  const tell = (...names: readonly string[]) => {
    const told = names.map((inverter) => ({ inverter, state: "ok" as const, since_ms: clock.now(), reason: "test" }));
    return stores.commit.run(() => states.told(device, { upload_interval_s: 30, inverters: told }, clock.now()));
  };
  const hour = async (inverter: string) => {
    for (let minute = 0; minute <= 60; minute += 10) {
      await store(fixture, inverter, ["Pac"]);
      await clock.advance(600_000);
    }
  };
  await hour("east");
  await tell("east");
  assert.equal(Math.round(energy.of("barn", clock.now()).lifetimeWh ?? -1), 400);
  await tell("roof-east");
  await hour("roof-east");
  assert.deepEqual(inverters.present("barn").map(({ inverter }) => inverter), ["roof-east"]);
  const { lifetimeWh, todayWh, inverters: shown } = energy.of("barn", clock.now());
  assert.deepEqual([Math.round(lifetimeWh ?? -1), Math.round(todayWh ?? -1)], [400, 800], "the day had both");
  assert.deepEqual(shown.map(({ inverter }) => inverter), ["roof-east"]);
  assert.deepEqual(inverters.names("barn"), ["east", "roof-east"], "its samples are still there");
});

Deno.test("what its node does not list any more can be removed, and is back when it is heard of; what it polls cannot", async () => {
  const { log, lines } = fakeLog();
  await using fixture = await openFixture(undefined, undefined, log);
  const { clock, management, stores, services: { inverters, states, energy } } = fixture;
  await fixture.ask("POST", "/api/v1/devices", { device_id: "barn" });
  const device = management.device("barn");
  const tell = (...names: readonly string[]) => {
    const told = names.map((inverter) => ({ inverter, state: "ok" as const, since_ms: clock.now(), reason: "test" }));
    return stores.commit.run(() => states.told(device, { upload_interval_s: 30, inverters: told }, clock.now()));
  };
  const remove = async (inverter: string, from = "barn") => {
    const { status, body } = await fixture.ask("DELETE", `/api/v1/devices/${from}/inverters/${inverter}`);
    return [status, JSON.stringify(body ?? "")];
  };
  await store(fixture, "east", ["Pac"]);
  await clock.advance(600_000);
  await store(fixture, "east", ["Pac"]);
  await store(fixture, "west", ["Pac"]);
  await tell("east", "west");
  assert.match((await remove("east")).join(), /^409.*barn polls it; take it out of its configuration/);
  await tell("west");
  assert.deepEqual((await remove("south"))[0], 404);
  assert.deepEqual((await remove("east", "shed"))[0], 404);
  const viewed = await fixture.send("operator", "DELETE", "/api/v1/devices/barn/inverters/east");
  assert.equal(viewed.status, 403);
  await viewed.body?.cancel();
  assert.deepEqual(inverters.names("barn"), ["east", "west"]);
  assert.deepEqual(await remove("east"), [204, '""']);
  assert.deepEqual((await remove("east"))[0], 404, "it is removed");
  assert.deepEqual(inverters.names("barn"), ["west"]);
  assert.deepEqual(inverters.known(device).map(({ inverter }) => inverter), ["west"]);
  assert.deepEqual(energy.of("barn", clock.now()).inverters.map(({ inverter }) => inverter), ["west"]);
  assert.ok((energy.of("barn", clock.now()).todayWh ?? 0) > 50, "its day stays the device's");
  assert.deepEqual(lines.filter((line) => /removed/.test(line)), ["info: inverter east of barn was removed"]);
  await clock.advance(1);
  await store(fixture, "east", ["Pac"]);
  await tell("east", "west");
  assert.deepEqual(inverters.names("barn"), ["east", "west"]);
  assert.deepEqual(inverters.present("barn").map(({ inverter }) => inverter), ["east", "west"]);
});

Deno.test("of a device that tells no list, what was removed is not summed, and a board keeps its inverter", async () => {
  await using fixture = await openFixture();
  const { clock, services: { energy } } = fixture;
  await fixture.ask("POST", "/api/v1/devices", { device_id: "barn" });
  await fixture.ask("POST", "/api/v1/devices", { device_id: "board", auth: "legacy" });
  await store(fixture, "east", ["Pac"]);
  await clock.advance(600_000);
  await store(fixture, "east", ["Pac"]);
  await fixture.ask("DELETE", "/api/v1/devices/barn/inverters/east");
  assert.deepEqual(energy.of("barn", clock.now()).inverters, []);
  const samples = [{ at: clock.now(), values: [400] }];
  await fixture.store({ device: "board", registers: ["Pac"], samples });
  const { status } = await fixture.ask("DELETE", "/api/v1/devices/board/inverters/inverter");
  assert.equal(status, 409);
});

for (const [source, from] of [["a counter", 50_000], ["its power alone", undefined]] as const) {
  Deno.test(`one meter goes on after an inverter is renamed, twice, with ${source}, whenever its samples come`, async () => {
    await using fixture = await openFixture();
    const { clock, management, stores, services: { states, energy } } = fixture;
    await fixture.ask("POST", "/api/v1/devices", { device_id: "barn" });
    const device = management.device("barn");
    const tell = (inverter: string, ...formerly: string[]) => {
      const one = { inverter, state: "ok" as const, since_ms: clock.now(), reason: "test", formerly };
      return stores.commit.run(() => states.told(device, { upload_interval_s: 30, inverters: [one] }, clock.now()));
    };
    let wh = from ?? 0;
    /** An hour at 400 W, a sample in ten minutes. */
    const hour = async (inverter: string) => {
      for (let minute = 0; minute <= 60; minute += 10) {
        const values = from === undefined ? [400] : [400, wh];
        const registers = from === undefined ? ["113.W"] : ["113.W", "113.WH"];
        const samples = [{ at: clock.now(), values: values.map(floatBits) }];
        await fixture.store({ device: "barn", inverter, profile: SUNSPEC, registers, samples });
        if (minute === 60) break;
        await clock.advance(600_000);
        wh += 400 / 6;
      }
    };
    const shown = () => {
      const { lifetimeWh, todayWh, inverters } = energy.of("barn", clock.now());
      const names = inverters.map(({ inverter }) => inverter).join();
      return [names, Math.round((lifetimeWh ?? -1) - (from ?? 0)), Math.round(todayWh ?? -1)];
    };
    await tell("east");
    await hour("east");
    const [, first] = shown();
    assert.deepEqual(shown(), ["east", 400, 400]);
    await tell("roof-east", "east"); // told before its first sample
    assert.deepEqual(shown(), ["roof-east", first, 400], "nothing is counted twice, and nothing is lost");
    await hour("roof-east");
    assert.deepEqual(shown(), ["roof-east", 800, 800]);
    await tell("attic"); // told before it is known which one it is, and after its first samples
    await hour("attic");
    await tell("attic", "east", "roof-east");
    await tell("attic", "east", "roof-east");
    assert.deepEqual(shown(), ["attic", 1200, 1200]);
    assert.deepEqual(energy.days("barn", 1, clock.now()).map(({ wh }) => Math.round(wh)), [1200]);
  });
}

/** A float32 as its word pair. */
function floatBits(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return view.getUint32(0);
}

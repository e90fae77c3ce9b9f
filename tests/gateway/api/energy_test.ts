import assert from "node:assert/strict";
import { knownProfile } from "../../../profiles/known_profile.ts";
import { newestSamples } from "../../../gateway/ingest/newest_sample.ts";
import { boardMessage } from "../../../gateway/mqtt/board_payload.ts";
import { stateMessage } from "../../../gateway/mqtt/state_payload.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { at, openFixture } from "./fixture.ts";
import { openTestStores } from "../../fakes/stores.ts";

const MAP = "sunspec:1@40002/66,103@40070/50";
const NOON = Date.UTC(2026, 5, 21, 12);
const MINUTE = 60_000;

/** So many polls, one a minute from `from` on, of an inverter that delivers 600 W and counts it. */
function polls(from: number, count: number, wh: number) {
  return Array.from({ length: count }, (_, k) => ({ at: from + k * MINUTE, values: [600, 0, wh + 10 * k, 0] }));
}

Deno.test("energy is told for each inverter, each device and all of them, and survives a restart", async () => {
  await using fixture = await openFixture();
  for (const name of ["roof", "board", "silent"]) {
    await fixture.ask("POST", "/api/v1/devices", { device_id: name, model: "test" });
  }
  const registers = ["103.W", "103.W_SF", "103.WH", "103.WH_SF"];
  const samples = polls(NOON - 30 * MINUTE, 31, 5_000_000);
  await fixture.store({ device: "roof", inverter: "east", profile: MAP, registers, samples });
  const power = samples.map(({ at }) => ({ at, values: [600] }));
  await fixture.store({ device: "board", registers: ["Pac"], samples: power });

  const roof = await fixture.ask("GET", "/api/v1/devices/roof/energy");
  assert.equal(at(roof.body, "lifetime_wh"), 5_000_300);
  assert.equal(at(roof.body, "inverters", 0, "source"), "counter");
  const board = await fixture.ask("GET", "/api/v1/devices/board/energy?days=2");
  assert.equal(Math.round(Number(at(board.body, "lifetime_wh"))), 300);
  assert.equal(at(board.body, "inverters", 0, "source"), "computed");
  const silent = await fixture.ask("GET", "/api/v1/devices/silent/energy");
  assert.deepEqual([at(silent.body, "today_wh"), at(silent.body, "inverters")], [null, []]);
  const all = await fixture.ask("GET", "/api/v1/energy");
  assert.equal(Math.round(Number(at(all.body, "lifetime_wh"))), 5_000_600);
  assert.deepEqual(at(all.body, "unknown"), ["silent"]);
  assert.equal((await fixture.ask("GET", "/api/v1/devices/nobody/energy")).status, 404);
  assert.equal((await fixture.ask("GET", "/api/v1/devices/roof/energy?days=0")).status, 400);
  assert.equal((await fixture.send(undefined, "GET", "/api/v1/energy")).status, 401);
});

Deno.test("a day begins at the site's midnight, not at that of UTC", async () => {
  const folder = await Deno.makeTempDir();
  const device = DeviceId.parse("roof");
  const from = Date.parse("2026-06-21T21:30:00Z"), count = 61; // midnight in Berlin is 22:00 UTC
  {
    await using opened = await openTestStores(folder, { timeZone: "Europe/Berlin" });
    const { stores, services: { samples: sink } } = opened;
    const samples = Array.from({ length: count }, (_, k) => ({ at: from + k * MINUTE, values: [600] }));
    const series = { profile: "ecowatt", registers: ["Pac"], samples };
    const batch = { device, inverter: "inverter", series, quality: "exact", receivedAt: from + 61 * MINUTE } as const;
    await stores.commit.run(() => sink.append(batch));
    await assert.rejects(
      stores.commit.run(() => {
        sink.append({
          ...batch,
          series: { ...series, samples: [{ at: from + 62 * MINUTE, values: [600] }] },
        });
        throw new Error("test: the upload is undone");
      }),
    );
  }
  await using opened = await openTestStores(folder, { timeZone: "Europe/Berlin" });
  const { energy } = opened.services;
  const days = energy.days("roof", 3, from + 61 * MINUTE);
  assert.deepEqual(days.map(({ day, wh }) => [day, Math.round(wh)]), [["2026-06-21", 300], ["2026-06-22", 300]]);
  const { todayWh, lifetimeWh } = energy.of("roof", from + 61 * MINUTE);
  assert.deepEqual([Math.round(todayWh ?? -1), Math.round(lifetimeWh ?? -1)], [300, 600]);
  assert.equal(energy.of("roof", from + 48 * 60 * MINUTE).todayWh, 0);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("what is provisional is shown as such everywhere, and not counted, but told apart", async () => {
  await using fixture = await openFixture();
  await fixture.ask("POST", "/api/v1/devices", { device_id: "board", model: "test" });
  const batch = (from: number, quality: "exact" | "provisional") => ({
    device: "board",
    registers: ["Pac"],
    samples: Array.from({ length: 5 }, (_, k) => ({ at: from + k * MINUTE, values: [600] })),
    quality,
  });
  await fixture.store(batch(NOON - 60 * MINUTE, "exact"));
  await fixture.store(batch(NOON - 30 * MINUTE, "provisional"));
  const path = "/api/v1/devices/board";
  const { body: energy } = await fixture.ask("GET", `${path}/energy?days=1`);
  assert.deepEqual([at(energy, "today_wh"), at(energy, "today_not_counted_wh")], [40, 50]);
  assert.deepEqual(at(energy, "inverters", 0, "today_not_counted_wh"), 50);
  assert.deepEqual(at(energy, "days"), [{ day: "2026-06-21", wh: 40, not_counted_wh: 50 }]);
  const { body: fleet } = await fixture.ask("GET", "/api/v1/energy");
  assert.deepEqual([at(fleet, "today_wh"), at(fleet, "today_not_counted_wh")], [40, 50]);
  assert.equal(at(fleet, "devices", 0, "today_not_counted_wh"), 50);
  const { body: latest } = await fixture.ask("GET", `${path}/latest`);
  assert.equal(at(latest, "values", 0, "quality"), "provisional");
  const csv = await (await fixture.send("viewer", "GET", `${path}/samples.csv?resolution=raw`)).text();
  assert.equal(csv.match(/,exact,600/g)?.length, 5);
  assert.equal(csv.match(/,provisional,600/g)?.length, 5);
  const [newest] = newestSamples([{
    device: DeviceId.parse("board"),
    inverter: "inverter",
    series: { profile: "ecowatt", registers: ["Pac"], samples: [{ at: NOON, values: [600] }] },
    quality: "provisional",
    receivedAt: NOON,
  }], knownProfile);
  assert.ok(newest);
  for (const { payload } of [stateMessage(newest), boardMessage(newest) ?? assert.fail()]) {
    assert.equal(JSON.parse(payload).quality, "provisional");
  }
});

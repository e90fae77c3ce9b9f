import assert from "node:assert/strict";
import { change } from "../../../../gateway/command/change.ts";
import { noChunks, withChunk } from "../../../../gateway/firmware/progress.ts";
import type { SessionState } from "../../../../gateway/store/firmware_sessions.ts";
import { DeviceId } from "../../../../protocol/device_id.ts";
import type { Firmware } from "../../../../ota/manifest/firmware.ts";
import { FakeClock } from "../../../fakes/clock.ts";
import { temporaryDirectory } from "../../../fakes/temporary_directory.ts";
import { until } from "../../../fakes/until.ts";
import { type Ear, listenAt, type MqttFixture, startFixture, startOtherBroker } from "../fixture.ts";
import { DeviceDiscovery, entitiesOf, UpdateState } from "./schema.ts";

const OPERATOR = { username: "hass", password: "test-operator-password" };
const VIEWER = { username: "wall", password: "test-viewer-password" };
const EMBEDDED = { port: 0, users: [{ ...OPERATOR, role: "operator" }, VIEWER] };
const NODE = "homeassistant/device/ecowatt_roof/config";
const INVERTER = "homeassistant/device/ecowatt_roof_east/config";
const BARN = "homeassistant/device/ecowatt_barn/config";
const LIMIT = "ecowatt/roof/east/power_limit";
const CONDITION = "ecowatt/roof/condition";
const ENERGY = "ecowatt/roof/east/energy";
const MINUTE = 60_000;
/** The gateway looks so often at what is new. */
const LOOK_MS = 1_000;

/** A quarter of an hour of the ten-register inverter at a constant power, up to now. */
function samples(power: number, registers = ["Vac1", "Pac"]) {
  const now = Date.now();
  const series = {
    profile: "ecowatt",
    registers,
    samples: Array.from({ length: 16 }, (_, k) => ({
      at: now - (15 - k) * MINUTE,
      values: registers.map((name) => name === "Pac" ? power : name === "Vac1" ? 2301 : 60),
    })),
  };
  return [{ device: DeviceId.parse("roof"), inverter: "east", series, quality: "exact" as const, receivedAt: now }];
}

function discovery(ear: Ear, topic: string): DeviceDiscovery {
  return DeviceDiscovery.parse(JSON.parse(ear.last(topic) ?? "{}"));
}

interface Site extends AsyncDisposable {
  readonly gateway: MqttFixture;
  /** Heard everything from the start. */
  readonly ear: Ear;
}

/** A gateway whose device and inverter are announced. A clock of the test's own is moved on until they are. */
async function announced(
  config: Record<string, unknown> = {},
  { firmware = [], clock }: { readonly firmware?: readonly Firmware[]; readonly clock?: FakeClock } = {},
): Promise<Site> {
  await using starting = new AsyncDisposableStack();
  const gateway = starting.use(
    await startFixture(
      { embedded: EMBEDDED, home_assistant: { enabled: true, ...config } },
      { signed: ["roof"], firmware, ...(clock ? { clock } : {}) },
    ),
  );
  const ear = starting.use(await listenAt(gateway.mqtt.port ?? 0, "#", OPERATOR));
  await gateway.store(samples(600));
  await until(async () => {
    await clock?.advance(LOOK_MS);
    return ear.last(INVERTER) !== undefined && ear.last(NODE) !== undefined;
  }, "the announcements");
  const all = starting.move();
  return { gateway, ear, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** Whether all that an inverter and its device have was told. */
function isToldWhole(ear: Ear): boolean {
  const sensors = entitiesOf(discovery(ear, INVERTER)).filter(({ p }) => p === "sensor").map(({ stat_t }) => stat_t);
  const { inverters = {} } = JSON.parse(ear.last(CONDITION) ?? "{}");
  return "east" in inverters && [ENERGY, ...sensors].every((topic) => ear.last(topic) !== undefined);
}

Deno.test("a device and its inverter are announced, with their energy and condition, and kept by the broker", async () => {
  const clock = new FakeClock(Date.now());
  await using site = await announced({ dashboard_url: "http://solar.local:8080/" }, { clock });
  await until(async () => {
    await clock.advance(LOOK_MS);
    return isToldWhole(site.ear);
  }, "all of it");
  // From here on time stands still: whatever comes was kept.
  await using late = await listenAt(site.gateway.mqtt.port ?? 0, "#", VIEWER);
  await until(() => late.last(INVERTER) !== undefined && isToldWhole(late), "what was kept");
  const inverter = discovery(late, INVERTER);
  assert.deepEqual([inverter.dev.via_device, inverter.dev.cu, inverter.o.sw], [
    "ecowatt_roof",
    "http://solar.local:8080/",
    "1.2.3",
  ]);
  assert.deepEqual(entitiesOf(inverter).map(({ key }) => key).sort(), [
    "Pac",
    "Vac1",
    "lifetime",
    "power_limit",
    "problem",
    "today",
  ]);
  const energy = JSON.parse(late.last(ENERGY) ?? "{}");
  assert.deepEqual([energy.source, energy.lifetime_kwh], ["computed", 0.15]);
  assert.ok(late.heard.every(({ topic, retain }) => retain || topic === "esp32/ecowatt_data"));
});

Deno.test("Home Assistant that starts is told everything again", async () => {
  await using site = await announced();
  const { ear } = site;
  const before = ear.heard.length;
  await ear.client.publishAsync("homeassistant/status", "online", { qos: 1 });
  const again = (topic: string) => ear.heard.slice(before).some((message) => message.topic === topic);
  for (
    const topic of [NODE, INVERTER, "ecowatt/roof/east/state", "ecowatt/roof/east/energy", "ecowatt/gateway/status"]
  ) {
    await until(() => again(topic), topic);
  }
});

Deno.test("the power limit is queued as a command, and what becomes of it is shown", async (t) => {
  await using site = await announced();
  const { gateway, ear } = site;
  const { stores } = gateway;
  const set = (value: string, inverter = "east") =>
    ear.client.publishAsync(`ecowatt/roof/${inverter}/power_limit/set`, value, { qos: 1 });
  const shown = () => JSON.parse(ear.last(LIMIT) ?? "{}");
  const report = (id: string) =>
    stores.commit.run(() => {
      const command = stores.commands.find(id);
      assert.ok(command);
      const handed = change(stores.commands, command, {
        kind: "hand_out",
        at: Date.now(),
        leaseMs: 60_000,
        lost: false,
      });
      assert.ok(handed);
      change(stores.commands, handed, { kind: "report", at: Date.now(), status: "completed" });
    });

  await t.step("pending, then completed with the value in force", async () => {
    await set("60");
    await until(() => shown().command?.status === "pending", "the command");
    const { value, command } = shown();
    assert.deepEqual([value, command.power_value], [null, 60]);
    const { command: queued } = await gateway.commandService.status(command.command_id);
    assert.deepEqual(queued.content, { command_type: "set_power", parameters: { power_value: 60 } });
    assert.equal(queued.queuedBy, "mqtt hass");
    assert.ok(queued.terms.expiresAt && queued.terms.expiresAt <= Date.now() + 60 * MINUTE);
    await report(command.command_id);
    await until(() => shown().command.status === "completed", "the end");
    assert.equal(shown().value, 60);
  });
  await t.step("of a slider that is moved only the last position is left", async () => {
    for (const value of ["10", "20", "30.0"]) await set(value);
    await until(() => shown().command.power_value === 30, "the last one");
    const all = await gateway.commandService.history({ deviceId: "roof", limit: 10 });
    assert.deepEqual(all.map(({ command }) => command.life.state), ["pending", "cancelled", "cancelled", "completed"]);
  });
  await t.step("what cannot be is refused with the reason, and the value stays", async () => {
    for (const [value, reason] of [["101", /takes 0 to 100/], ["", /whole number/], ["5.5", /whole number/]] as const) {
      await set(value);
      await until(() => shown().command.status === "refused" && reason.test(shown().command.message), value);
      assert.equal(shown().value, 60);
    }
  });
  await t.step("the day's writes are not exceeded", async () => {
    await stores.commit.run(() => stores.commands.writes.setLimit(1));
    await set("40");
    await until(() => /used up/.test(shown().command.message ?? ""), "the refusal");
  });
  await t.step("an inverter that nobody has leaves no trace", async () => {
    await set("40", "nowhere");
    await set("41");
    await until(() => shown().command.power_value === 41, "the one after");
    assert.equal(
      ear.heard.some(({ topic }) => topic.includes("nowhere/power_limit") && !topic.endsWith("/set")),
      false,
    );
  });
  await t.step("a limit that is polled is the one in force", async () => {
    await gateway.store(samples(600, ["Pac", "Pow"]));
    await until(() => shown().value === 60, "the value");
    assert.equal("Pow" in discovery(ear, INVERTER).cmps, false);
  });
});

Deno.test("nobody but an operator sets a power limit, and nobody where it is switched off", async () => {
  await using site = await announced({ power_limit: false });
  const { gateway, ear } = site;
  const thrown = (options: { username: string; password: string }) =>
    new Promise<boolean>((resolve) => {
      listenAt(gateway.mqtt.port ?? 0, "none", options).then(({ client }) => {
        client.once("close", () => resolve(true));
        client.publish("ecowatt/roof/east/power_limit/set", "10", { qos: 1 }, () => resolve(false));
      });
    });
  assert.deepEqual([await thrown(VIEWER), await thrown(OPERATOR)], [true, true]);
  assert.equal((await gateway.commandService.history({ deviceId: "roof", limit: 1 })).length, 0);
  assert.equal(entitiesOf(discovery(ear, INVERTER)).some(({ p }) => p === "number"), false);
});

const FIRMWARE: Firmware = {
  model: "node",
  version: "2.0.0",
  audience: "node",
  keys: "default",
  sequence: 7,
  original_size: 4_000,
  encrypted_size: 4_016,
  sha256_hash: "00".repeat(32),
  signature: "",
  iv: "",
  chunk_size: 1_024,
  total_chunks: 4,
  min_version: null,
  manifest: null,
  manifest_signature: null,
  added_at: 1,
};

Deno.test("firmware: the newest that fits is offered, progress is shown, and an install starts a rollout", async () => {
  const firmware = [FIRMWARE, { ...FIRMWARE, version: "1.9.0" }, { ...FIRMWARE, version: "3.0.0", model: "another" }];
  await using site = await announced({ install: true }, { firmware });
  const { gateway, ear } = site;
  const { stores } = gateway;
  const roof = stores.devices.find("roof");
  assert.ok(roof);
  const session = (state: SessionState, current_version: string, received = noChunks(4)) =>
    stores.commit.run(() =>
      stores.firmwareSessions.save(roof, {
        current_version,
        checked_at: 1,
        rollout: null,
        version: "2.0.0",
        state,
        received,
        total_chunks: 4,
        changed_at: 1,
        reason: null,
      })
    );
  const shown = () => UpdateState.parse(JSON.parse(ear.last("ecowatt/roof/firmware") ?? "{}"));
  const idle = { in_progress: false, update_percentage: null };
  assert.equal(ear.last("ecowatt/roof/firmware"), undefined, "nothing is said before the device has");
  await session("none", "1.8.0");
  await until(() => shown().installed_version === "1.8.0", "what it runs");
  assert.deepEqual(shown(), { installed_version: "1.8.0", latest_version: "2.0.0", ...idle });

  await ear.client.publishAsync("ecowatt/roof/firmware/install", "install", { qos: 1 });
  await until(() => stores.firmwareRollouts.running().length === 1, "the rollout");
  const [started] = stores.firmwareRollouts.running();
  assert.deepEqual([started?.rollout.version, started?.rollout.by], ["2.0.0", "mqtt hass"]);
  assert.deepEqual(started?.rollout.members.map(({ device }) => device), ["roof"]);

  await session("downloading", "1.8.0", withChunk(noChunks(4), 0));
  await until(() => shown().in_progress === true, "the download");
  assert.deepEqual(shown(), {
    installed_version: "1.8.0",
    latest_version: "2.0.0",
    in_progress: true,
    update_percentage: 25,
  });
  await session("confirmed", "2.0.0");
  await until(() => shown().installed_version === "2.0.0", "the new version");
  assert.deepEqual(shown(), { installed_version: "2.0.0", latest_version: "2.0.0", ...idle });
});

Deno.test("a register that is no longer polled is taken back, and so is what goes while the gateway is down", async () => {
  await using broker = await startOtherBroker();
  await using folder = await temporaryDirectory();
  const config = (enabled: boolean) => ({
    broker: { url: `mqtt://127.0.0.1:${broker.port}` },
    home_assistant: { enabled },
  });
  const start = (enabled: boolean, signed: readonly string[] = []) =>
    startFixture(config(enabled), { signed, folder: folder.path });
  const keeping = async (topic: string) => {
    const ear = await listenAt(broker.port);
    await until(() => ear.last(topic) !== undefined, topic);
    return ear;
  };
  const kept = new Set<string>();
  {
    await using ear = await listenAt(broker.port);
    await using gateway = await start(true, ["roof", "barn"]);
    await gateway.store(samples(600, ["Pac", "Vac1"]));
    await until(() => ear.last(INVERTER) !== undefined, "the announcement");
    await gateway.stores.commit.run(() => {
      gateway.stores.db.exec("UPDATE sample_block SET received_at = received_at - 2 * 86400000");
    });
    await gateway.store(samples(600, ["Pac"]));
    await until(() => JSON.stringify(discovery(ear, INVERTER).cmps["Vac1"]) === '{"p":"sensor"}', "the removal");
    await until(() => ear.last(BARN) !== undefined && isToldWhole(ear), "everything");
    for (const { topic } of ear.heard) if (topic.includes("roof")) kept.add(topic);
  }
  {
    await using down = await startFixture({ broker: { url: "mqtt://127.0.0.1:1" } }, { folder: folder.path });
    await down.stores.commit.run(() => down.stores.devices.remove("roof", Date.now()));
  }
  {
    await using ear = await keeping(NODE);
    await using _ = await start(true);
    await until(() => [...kept].every((topic) => ear.last(topic) === ""), "the end of all that was kept of it");
    await using fresh = await keeping(BARN);
    assert.deepEqual(fresh.heard.filter(({ topic }) => topic.includes("roof")), []);
  }
  {
    await using ear = await keeping(BARN);
    await using _ = await start(false);
    await until(() => ear.last(BARN) === "", "the end of the announcement");
    await using fresh = await keeping("ecowatt/barn/status");
    assert.deepEqual(fresh.heard.filter(({ topic }) => topic.startsWith("homeassistant/")), []);
  }
});

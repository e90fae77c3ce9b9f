import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { VERSION } from "../../../../cli/version.ts";
import { databasePath } from "../../../../gateway/store/database.ts";
import { startGatewayProcess } from "../../../e2e/gateway.ts";
import { addSigningDevice } from "../../../e2e/signing_device.ts";
import { temporaryDirectory } from "../../../fakes/temporary_directory.ts";
import { output } from "../../../e2e/site.ts";
import { type Ear, listenAt } from "../ear.ts";
import { until } from "../../../fakes/until.ts";
import type { MqttGateway } from "../mqtt_gateway.ts";
import { startOtherBroker } from "../other_broker.ts";
import { entitiesOf } from "./schema.ts";
import { announced, discovery, INVERTER, MINUTE, NODE, OPERATOR, quarter, VIEWER } from "./home.ts";

const BARN = "homeassistant/device/ecowatt_barn/config";
const LIMIT = "ecowatt/roof/east/power_limit";
const ENERGY = "ecowatt/roof/east/energy";
const CONDITION = "ecowatt/roof/condition";

/** Whether all that an inverter and its device have was told. */
function isToldWhole(ear: Ear): boolean {
  const sensors = entitiesOf(discovery(ear, INVERTER)).filter(({ p }) => p === "sensor").map(({ stat_t }) => stat_t);
  const { inverters = {} } = JSON.parse(ear.last(CONDITION) ?? "{}");
  return "east" in inverters && [ENERGY, ...sensors].every((topic) => ear.last(topic) !== undefined);
}

/** The newest first. */
async function commandsOf({ ask }: MqttGateway): Promise<readonly Command[]> {
  return (await ask<{ commands: readonly Command[] }>("GET", "/command/history?device_id=roof")).commands;
}

interface Command {
  readonly command_id: string;
  readonly command_type: string;
  readonly parameters: unknown;
  readonly queued_by: string;
  readonly queued_timestamp: number;
  readonly expires_at: string | null;
  readonly status: string;
}

/** The device takes what waits for it, and tells that it is done. */
async function carryOut({ roof }: MqttGateway): Promise<void> {
  const { json } = await roof.post("/command/get", {});
  for (const { command_id } of json.commands) {
    await roof.post("/command/report", { command_id, status: "completed", result: { message: "done" } });
  }
}

/** Sets a limit as Home Assistant does, and what is shown of it. */
function limitsOf(ear: Ear) {
  return {
    set: (value: string, inverter = "east") =>
      ear.client.publishAsync(`ecowatt/roof/${inverter}/power_limit/set`, value, { qos: 1 }),
    shown: () => JSON.parse(ear.last(LIMIT) ?? "{}"),
  };
}

Deno.test("a device and its inverter are announced, with their energy and condition, and kept by the broker", async () => {
  await using home = await announced({ dashboard_url: "http://solar.local:8080/" });
  await until(() => isToldWhole(home.ear), "all of it");
  const told = new Set(home.ear.heard.map(({ topic }) => topic));
  await using late = await listenAt(home.gateway.mqttPort, "#", VIEWER);
  await until(() => late.last(INVERTER) !== undefined && isToldWhole(late), "what was kept");
  const inverter = discovery(late, INVERTER);
  assert.deepEqual([inverter.dev.via_device, inverter.dev.cu, inverter.o.sw], [
    "ecowatt_roof",
    "http://solar.local:8080/",
    VERSION,
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
  told.delete("esp32/ecowatt_data");
  const kept = late.heard.filter(({ retain }) => retain).map(({ topic }) => topic);
  assert.deepEqual([...told].filter((topic) => !kept.includes(topic)), []);
});

Deno.test("Home Assistant that starts is told everything again", async () => {
  await using home = await announced();
  const { ear } = home;
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
  await using home = await announced();
  const { gateway, ear } = home;
  const { set, shown } = limitsOf(ear);

  await t.step("pending, then completed with the value in force", async () => {
    await set("60");
    await until(() => shown().command?.status === "pending", "the command");
    const { value, command } = shown();
    assert.deepEqual([value, command.power_value], [null, 60]);
    const [queued] = await commandsOf(gateway);
    assert.ok(queued);
    assert.deepEqual([queued.command_id, queued.command_type, queued.parameters, queued.queued_by], [
      command.command_id,
      "set_power",
      { power_value: 60 },
      "mqtt hass",
    ]);
    assert.ok(Date.parse(queued.expires_at ?? "") <= 1_000 * queued.queued_timestamp + 60 * MINUTE);
    await carryOut(gateway);
    await until(() => shown().command.status === "completed", "the end");
    assert.equal(shown().value, 60);
  });
  await t.step("of a slider that is moved only the last position is left", async () => {
    for (const value of ["10", "20", "30.0"]) await set(value);
    await until(() => shown().command.power_value === 30, "the last one");
    const states = (await commandsOf(gateway)).map(({ status }) => status);
    assert.deepEqual(states, ["pending", "cancelled", "cancelled", "completed"]);
  });
  await t.step("what cannot be is refused with the reason, and the value stays", async () => {
    for (const [value, reason] of [["101", /takes 0 to 100/], ["", /whole number/], ["5.5", /whole number/]] as const) {
      await set(value);
      await until(() => shown().command.status === "refused" && reason.test(shown().command.message), value);
      assert.equal(shown().value, 60);
    }
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
    await gateway.roof.upload(...quarter(600, ["Pac", "Pow"]));
    await until(() => shown().value === 60, "the value");
    assert.equal("Pow" in discovery(ear, INVERTER).cmps, false);
  });
});

Deno.test("the day's writes of a power limit are not exceeded", async () => {
  await using home = await announced({}, { config: { writes_per_day: 1 } });
  const { set, shown } = limitsOf(home.ear);
  await set("60");
  await until(() => shown().command?.status === "pending", "the command");
  await carryOut(home.gateway);
  await until(() => shown().command.status === "completed", "the end");
  await set("40");
  await until(() => /used up/.test(shown().command.message ?? ""), "the refusal");
});

Deno.test("nobody but an operator sets a power limit, and nobody where it is switched off", async () => {
  await using home = await announced({ power_limit: false });
  const { gateway, ear } = home;
  const thrown = (options: { username: string; password: string }) =>
    new Promise<boolean>((resolve) => {
      listenAt(gateway.mqttPort, "none", options).then(({ client }) => {
        client.once("close", () => resolve(true));
        client.publish("ecowatt/roof/east/power_limit/set", "10", { qos: 1 }, () => resolve(false));
      });
    });
  assert.deepEqual([await thrown(VIEWER), await thrown(OPERATOR)], [true, true]);
  assert.deepEqual(await commandsOf(gateway), []);
  assert.equal(entitiesOf(discovery(ear, INVERTER)).some(({ p }) => p === "number"), false);
});

Deno.test("a register that is no longer polled is taken back, and so is what goes while the gateway is down", async () => {
  await using broker = await startOtherBroker();
  await using folder = await temporaryDirectory();
  const start = (enabled: boolean) => {
    const mqtt = { broker: { url: `mqtt://127.0.0.1:${broker.port}` }, home_assistant: { enabled } };
    return startGatewayProcess({ config: { mqtt }, dataDir: folder.path });
  };
  const keeping = async (topic: string) => {
    const ear = await listenAt(broker.port);
    await until(() => ear.last(topic) !== undefined, topic);
    return ear;
  };
  const kept = new Set<string>();
  {
    await using ear = await listenAt(broker.port);
    await using gateway = await start(true);
    const roof = await addSigningDevice(gateway, "roof", "node");
    await gateway.addDevice("barn", { model: "node" });
    await roof.upload(...quarter(600, ["Pac", "Vac1"]));
    await until(() => ear.last(INVERTER) !== undefined, "the announcement");
    {
      using db = new DatabaseSync(databasePath(join(folder.path, "gateway")));
      db.exec("UPDATE sample_block SET received_at = received_at - 2 * 86400000");
    }
    await roof.upload(...quarter(600, ["Pac"]));
    await until(() => JSON.stringify(discovery(ear, INVERTER).cmps["Vac1"]) === '{"p":"sensor"}', "the removal");
    await until(() => ear.last(BARN) !== undefined && isToldWhole(ear), "everything");
    for (const { topic } of ear.heard) if (topic.includes("roof")) kept.add(topic);
    await gateway.stop();
  }
  await output(["device", "remove", "roof", "--data-dir", folder.path]);
  {
    await using ear = await keeping(NODE);
    await using gateway = await start(true);
    await until(() => [...kept].every((topic) => ear.last(topic) === ""), "the end of all that was kept of it");
    await using fresh = await keeping(BARN);
    assert.deepEqual(fresh.heard.filter(({ topic }) => topic.includes("roof")), []);
    await gateway.stop();
  }
  {
    await using ear = await keeping(BARN);
    await using _gateway = await start(false);
    await until(() => ear.last(BARN) === "", "the end of the announcement");
    await using fresh = await keeping("ecowatt/barn/status");
    assert.deepEqual(fresh.heard.filter(({ topic }) => topic.startsWith("homeassistant/")), []);
  }
});

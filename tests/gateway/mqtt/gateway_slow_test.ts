import assert from "node:assert/strict";
import { someSamples } from "../../fakes/device_gateway.ts";
import { listenAt } from "./ear.ts";
import { until } from "../../fakes/until.ts";
import { startMqttGateway } from "./mqtt_gateway.ts";

const CREDENTIALS = { username: "nodered", password: "test-operator-password" };

Deno.test("an upload is published when it is stored, and settings from MQTT wait for the device", async () => {
  await using gateway = await startMqttGateway({
    embedded: { port: 0, users: [{ ...CREDENTIALS, role: "operator" }] },
    home_assistant: { enabled: true },
  });
  const { roof } = gateway;
  await using ear = await listenAt(gateway.mqttPort, "#", CREDENTIALS);
  const samples = someSamples(3, Date.now() - 60_000);
  const first = await roof.upload(samples, { blockId: 1 });
  assert.equal(first.json.mqtt_published, true);
  const again = await roof.upload(samples, { blockId: 1 }); // known before: nothing to publish
  assert.equal(again.json.mqtt_published, false);
  await until(() => ear.last("ecowatt/roof/status") === "online", "the device's status");
  const data = () => ear.heard.filter(({ topic }) => topic === "esp32/ecowatt_data");
  await until(() => data().length > 0, "the data");
  assert.equal(JSON.parse(data()[0]?.payload ?? "").register_data.REG_PAC, 1020);

  await ear.client.publishAsync("ecowatt/roof/settings/set", '{"poll_interval_s":3,"upload_interval_s":60}');
  let settings: unknown;
  await until(async () => {
    const { json } = await roof.post("/changes", { timestamp: 1 });
    if (json.Changed) settings = json.settings;
    return settings !== undefined;
  }, "the settings");
  assert.deepEqual(settings, { version: 1, poll_interval_s: 3, upload_interval_s: 60 });
  assert.equal((await gateway.ask<{ mqtt_connected: boolean }>("GET", "/status")).mqtt_connected, true);
  assert.equal(data().length, 1);
  const link = await gateway.ask<Record<string, unknown>>("GET", "/api/v1/mqtt");
  assert.deepEqual([link["kind"], link["connected"], link["home_assistant"]], ["embedded", true, true]);
  const announced = () => ear.heard.filter(({ topic }) => topic.startsWith("homeassistant/device/ecowatt_roof"));
  await until(() => announced().length >= 2, "the device and its inverter");
});

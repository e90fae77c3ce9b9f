import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { importHmacKey } from "../../../crypto/hmac.ts";
import { GatewayConfig } from "../../../gateway/config.ts";
import { startGateway } from "../../../gateway/gateway.ts";
import { systemClock } from "../../../platform/clock.ts";
import { systemRandom } from "../../../platform/random.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { blockOf, send, signedPost, someSamples, upload } from "../../fakes/device_gateway.ts";
import { listenAt } from "./fixture.ts";
import { until } from "../../fakes/until.ts";

const ROOF = DeviceId.parse("roof");
const CREDENTIALS = { username: "nodered", password: "test-operator-password" };

Deno.test("an upload is published when it is stored, and settings from MQTT wait for the device", async () => {
  const folder = await Deno.makeTempDir();
  const users = [{ ...CREDENTIALS, role: "operator" }];
  const config = GatewayConfig.parse({
    port: 0,
    mqtt: { embedded: { port: 0, users }, home_assistant: { enabled: true } },
  });
  {
    const log = getLogger(["test"]);
    const io = { dataDir: folder, clock: systemClock, random: systemRandom, log, version: "1.2.3" };
    await using gateway = await startGateway(config, io);
    assert.ok(gateway.mqttPort);
    await using ear = await listenAt(gateway.mqttPort, "#", CREDENTIALS);
    const { key } = await gateway.management.addDevice({ deviceId: ROOF, model: "test", auth: "signed" });
    const deviceKey = { deviceId: ROOF, number: key.number, hmac: importHmacKey(key.raw) };
    const body = upload("roof", blockOf(1, someSamples(3)));

    const first = await send(gateway, signedPost(gateway, deviceKey, 1, body));
    assert.deepEqual([first.status, first.json.mqtt_published], [200, true]);
    const again = await send(gateway, signedPost(gateway, deviceKey, 2, body)); // known before: nothing to publish
    assert.deepEqual([again.status, again.json.mqtt_published], [200, false]);
    await until(() => ear.last("ecowatt/roof/status") === "online", "the device's status");
    const data = () => ear.heard.filter(({ topic }) => topic === "esp32/ecowatt_data");
    await until(() => data().length > 0, "the data");
    assert.equal(JSON.parse(data()[0]?.payload ?? "").register_data.REG_PAC, 1020);

    await ear.client.publishAsync("ecowatt/roof/settings/set", '{"poll_interval_s":3,"upload_interval_s":60}');
    const ask = { device_id: "roof", timestamp: 1 };
    let settings: unknown;
    for (let sequence = 3; settings === undefined && sequence < 500; sequence++) {
      const answer = await send(gateway, signedPost(gateway, deviceKey, sequence, ask, "/changes"));
      assert.equal(answer.status, 200);
      if (answer.json.Changed) settings = answer.json.settings;
    }
    assert.deepEqual(settings, { version: 1, poll_interval_s: 3, upload_interval_s: 60 });
    const { secret } = await gateway.management.createToken({ name: "test", role: "viewer" });
    const status = await fetch(`${gateway.url}/status`, { headers: { authorization: `Bearer ${secret}` } });
    assert.equal((await status.json()).mqtt_connected, true);
    assert.equal(data().length, 1);
    const link = await fetch(`${gateway.url}/api/v1/mqtt`, { headers: { authorization: `Bearer ${secret}` } });
    const { kind, connected, home_assistant } = await link.json();
    assert.deepEqual([kind, connected, home_assistant], ["embedded", true, true]);
    const announced = () => ear.heard.filter(({ topic }) => topic.startsWith("homeassistant/device/ecowatt_roof"));
    await until(() => announced().length >= 2, "the device and its inverter");
  }
  await Deno.remove(folder, { recursive: true });
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { writeKeySet } from "../../../../keys/firmware_keys.ts";
import { keysFolder } from "../../../../ota/repository/repository.ts";
import { output } from "../../../e2e/site.ts";
import { imageBytes, testKeys } from "../../../ota/fixture.ts";
import { until } from "../../../fakes/until.ts";
import type { MqttGateway } from "../mqtt_gateway.ts";
import { UpdateState } from "./schema.ts";
import { announced } from "./home.ts";

/** Adds images, of four chunks, by the command line. */
async function addFirmware({ dataDir }: MqttGateway, images: readonly (readonly [string, string])[]): Promise<void> {
  await writeKeySet(keysFolder(join(dataDir, "gateway")), "default", await testKeys);
  const file = join(dataDir, "image");
  await Deno.writeFile(file, imageBytes(16_000));
  for (const [model, version] of images) {
    const which = ["--model", model, "--version", version, "--chunk-size", "4096"];
    await output(["firmware", "add", file, ...which, "--data-dir", dataDir]);
  }
}

Deno.test("firmware: the newest that fits is offered, progress is shown, and an install starts a rollout", async () => {
  await using home = await announced({ install: true });
  const { gateway, ear } = home;
  const { roof } = gateway;
  await addFirmware(gateway, [["node", "1.9.0"], ["node", "2.0.0"], ["another", "3.0.0"]]);
  const shown = () => UpdateState.parse(JSON.parse(ear.last("ecowatt/roof/firmware") ?? "{}"));
  const idle = { in_progress: false, update_percentage: null };
  assert.equal(ear.last("ecowatt/roof/firmware"), undefined, "nothing is said before the device has");
  await roof.post("/ota/check", { current_version: "1.8.0" });
  await until(() => shown().installed_version === "1.8.0", "what it runs");
  assert.deepEqual(shown(), { installed_version: "1.8.0", latest_version: "2.0.0", ...idle });

  await ear.client.publishAsync("ecowatt/roof/firmware/install", "install", { qos: 1 });
  const rollouts = async () =>
    (await gateway.ask<{ rollouts: { id: number; version: string; by: string }[] }>("GET", "/api/v1/rollouts"))
      .rollouts;
  await until(async () => (await rollouts()).length === 1, "the rollout");
  const [started] = await rollouts();
  assert.deepEqual([started?.version, started?.by], ["2.0.0", "mqtt hass"]);
  const { devices } = await gateway.ask<{ devices: { device_id: string }[] }>("GET", `/api/v1/rollouts/${started?.id}`);
  assert.deepEqual(devices.map(({ device_id }) => device_id), ["roof"]);

  const offer = await roof.post("/ota/check", { current_version: "1.8.0" });
  assert.equal(offer.json.version, "2.0.0");
  await roof.post("/ota/chunk", { version: "2.0.0", chunk_number: 0 });
  await until(() => shown().in_progress === true, "the download");
  assert.deepEqual(shown(), {
    installed_version: "1.8.0",
    latest_version: "2.0.0",
    in_progress: true,
    update_percentage: 25,
  });
  for (const number of [1, 2, 3]) await roof.post("/ota/chunk", { version: "2.0.0", chunk_number: number });
  await roof.post("/ota/verify", { version: "2.0.0", verified: true });
  await roof.post("/ota/complete", { version: "2.0.0", boot_status: "success" });
  await roof.post("/ota/check", { current_version: "2.0.0" });
  await until(() => shown().installed_version === "2.0.0", "the new version");
  assert.deepEqual(shown(), { installed_version: "2.0.0", latest_version: "2.0.0", ...idle });
});

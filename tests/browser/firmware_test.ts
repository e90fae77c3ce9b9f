import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { keysFolder } from "../../ota/repository/repository.ts";
import { writeKeySet } from "../../keys/firmware_keys.ts";
import { imageBytes, testKeys } from "../ota/fixture.ts";
import { importRsaPrivateKey } from "../../crypto/rsa.ts";
import { signImage } from "../../ota/repository/offline_signing.ts";
import { generateKeyMaterial } from "../../keys/firmware_keys.ts";
import { systemRandom } from "../../platform/random.ts";
import { NewFirmware } from "../../ota/manifest/firmware.ts";
import { image } from "../ota/fixture.ts";
import { addSigningDevice } from "../e2e/signing_device.ts";
import { browserTest, visit } from "./browser.ts";
import { type Fleet, startFleet } from "./fleet.ts";

browserTest("firmware: uploaded, rolled out in waves, paused, gone back with its reason, aborted", async (browser) => {
  await using fleet = await startFleet();
  await writeKeySet(keysOf(fleet), "default", testKeys);
  const attic = await addSigningDevice(fleet.gateway, "attic", "test");
  await addSigningDevice(fleet.gateway, "cellar", "test");
  await using desk = await visit(browser, await fleet.link("admin"));
  const { page } = desk;
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.goto(`${fleet.url}/#/firmware`);
  await page.getByText("There is no firmware yet").waitFor();
  await page.getByText("Nothing was rolled out yet").waitFor();
  await page.getByLabel("File").setInputFiles({
    name: "image.bin",
    mimeType: "application/octet-stream",
    buffer: Buffer.from(imageBytes(400_000)),
  });
  await page.getByLabel("Model").fill("test");
  await page.getByLabel("Version").fill("1.1.0");
  await page.getByRole("button", { name: "Upload" }).click();
  await page.getByText("Firmware 1.1.0 of test is ready").waitFor();
  await page.getByRole("button", { name: "Verify test 1.1.0" }).click();
  await page.getByText("test 1.1.0 is good").waitFor();
  await page.getByRole("button", { name: "Roll out test 1.1.0" }).click();
  await page.getByRole("heading", { name: "Roll out test 1.1.0?" }).waitFor();
  await desk.check();
  await page.getByRole("button", { name: "Start for 2 devices" }).click();
  await page.getByText("0 of 2 updated").waitFor();

  await using phone = await visit(browser, await fleet.link("viewer"), { width: 390 });
  await phone.page.getByRole("heading", { name: "Overview" }).waitFor();
  await phone.page.goto(`${fleet.url}/#/firmware`);
  await attic.post("/ota/check", { current_version: "1.0.0" });
  await attic.post("/ota/chunk", { version: "1.1.0", chunk_number: 0 });
  for (const watcher of [page, phone.page]) await watcher.getByLabel("Download of attic").waitFor();
  await desk.check();
  await phone.check();
  assert.equal(await phone.page.getByRole("button", { name: /Upload|Roll out|Remove|Pause/ }).count(), 0);

  await attic.post("/ota/complete", { version: "1.1.0", boot_status: "rolled_back", reason: "no inverter answered" });
  await page.getByText("no inverter answered").first().waitFor();
  await page.getByRole("listitem").filter({ hasText: "test 1.1.0" }).getByText("paused").first().waitFor();
  await page.getByRole("button", { name: "Go on with rollout 1 of test 1.1.0" }).click();
  await page.getByRole("button", { name: "Go on", exact: true }).click();
  await page.getByRole("button", { name: "Pause rollout 1 of test 1.1.0" }).waitFor();
  await page.getByRole("button", { name: "Abort rollout 1 of test 1.1.0" }).click();
  await page.getByRole("heading", { name: "Abort the rollout of test 1.1.0?" }).waitFor();
  await page.getByRole("button", { name: "Abort this rollout" }).click();
  await page.getByText("aborted").first().waitFor();
  await page.getByRole("button", { name: "Remove test 1.1.0" }).click();
  await page.getByRole("button", { name: "Remove this image" }).click();
  await page.getByText("There is no firmware yet").waitFor();
  await desk.check();
});

browserTest(
  "firmware that was signed on another machine is taken with its record, and refused for what is wrong",
  async (browser) => {
    await using fleet = await startFleet();
    const { privatePem, ...known } = testKeys;
    await writeKeySet(keysOf(fleet), "default", known);
    const record = async (size: number, pem: string | undefined) => {
      const key = await importRsaPrivateKey(pem ?? "") ?? assert.fail("no private key");
      const details = { ...NewFirmware.parse({ model: "test", version: "2.0.0" }), sequence: 7 };
      const signed = await signImage(() => Promise.resolve(image(size)), details, { key, random: systemRandom });
      return signed.ok ? JSON.stringify(signed.value) : assert.fail(signed.detail);
    };
    const file = (name: string, content: string | Uint8Array) => {
      return { name, mimeType: "application/octet-stream", buffer: Buffer.from(content) };
    };
    await using desk = await visit(browser, await fleet.link("admin"));
    const { page } = desk;
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.goto(`${fleet.url}/#/firmware`);
    await page.getByRole("button", { name: "Signed on another machine" }).click();
    const upload = page.getByRole("button", { name: "Upload" });
    await upload.click();
    await page.getByText("Choose the image's file first.").waitFor();
    const LARGE = 2_000_000;
    await page.getByLabel("File").setInputFiles(file("image.bin", imageBytes(LARGE)));
    await page.getByLabel("Signed record").setInputFiles(file("notes.json", '{"manifest":"{}"}'));
    await page.getByText("notes.json is not what `ecowatt firmware sign` writes").waitFor();
    await page.getByLabel("Signed record").setInputFiles(file("odd.json", await record(1_000, privatePem)));
    await page.getByText("It says: version 2.0.0 of test, sequence 7, 1000 B.").waitFor();
    await upload.click();
    await page.getByText(`image.bin has ${LARGE} bytes; the record is of an image with 1000.`).waitFor();
    const { privatePem: foreign } = await generateKeyMaterial(systemRandom);
    await page.getByLabel("Signed record").setInputFiles(file("foreign.json", await record(LARGE, foreign)));
    await page.getByText("2.0 MB").waitFor();
    await desk.check();
    await upload.click();
    await page.getByText("The manifest's signature is not this key's").waitFor();
    await page.getByLabel("Signed record").setInputFiles(
      file("image.bin.signed.json", await record(LARGE, privatePem)),
    );
    await upload.click();
    await page.getByText("Firmware 2.0.0 of test is ready to be rolled out").waitFor();
    await page.getByRole("button", { name: "Verify test 2.0.0" }).click();
    await page.getByText("test 2.0.0 is good").waitFor();
  },
);

function keysOf({ gateway }: Fleet): string {
  return keysFolder(join(gateway.dataDir, "gateway"));
}

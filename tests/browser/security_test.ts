import assert from "node:assert/strict";
import { importHmacKey } from "../../crypto/hmac.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { send, signedPost } from "../fakes/device_gateway.ts";
import { browserTest, visit, WIDTHS } from "./browser.ts";
import { FLEET, startFleet } from "./fleet.ts";

browserTest(
  "security: counts, weak devices, the log by its outcome, tokens told once and revoked",
  async (browser, t) => {
    await using fleet = await startFleet();
    const forged = { deviceId: DeviceId.parse("roof"), number: 1, hmac: await importHmacKey(new Uint8Array(32)) };
    assert.equal((await send(fleet, signedPost(fleet, forged, 1, { device_id: "roof" }))).status, 401);
    for (const width of WIDTHS) {
      await t.step(`at ${width}`, async () => {
        await using visitor = await visit(browser, await fleet.link("admin"), { width });
        const { page } = visitor;
        await page.getByRole("heading", { name: "Overview" }).waitFor();
        await page.goto(`${fleet.url}/#/security`);
        const weak = page.getByRole("region", { name: "Devices that sign their uploads only" });
        await weak.getByText(FLEET.board).waitFor();
        const log = page.getByRole("region", { name: "Validated requests, the newest first" });
        await log.getByText("wrong signature").first().waitFor();
        await page.getByLabel("Outcome").selectOption("ok");
        await log.getByText("accepted").first().waitFor();
        assert.equal(await log.getByText("wrong signature").count(), 0);
        const name = `reader ${width}`;
        await page.getByLabel("Name").fill(name);
        await page.getByRole("button", { name: "Make a token" }).click();
        const secret = await page.locator("code.secret").textContent() ?? "";
        const ask = async () => {
          const response = await fetch(`${fleet.url}/status`, { headers: { authorization: `Bearer ${secret}` } });
          await response.body?.cancel();
          return response.status;
        };
        assert.equal(await ask(), 200);
        await visitor.check();
        await page.getByRole("button", { name: "I have kept it" }).click();
        assert.ok(!(await page.content()).includes(secret), "it is shown once");
        await page.getByRole("button", { name: `Revoke ${name}` }).click();
        await page.getByRole("heading", { name: `Revoke the token ${name}?` }).waitFor();
        await page.getByRole("button", { name: "Revoke this token" }).click();
        await page.getByRole("row").filter({ hasText: name }).getByText("revoked").waitFor();
        assert.equal(await ask(), 401);
        await visitor.check();
      });
    }
  },
);

browserTest(
  "security: tokens are for admins, and nothing is there for others that would be refused",
  async (browser) => {
    await using fleet = await startFleet();
    await using visitor = await visit(browser, await fleet.link("operator"));
    const { page } = visitor;
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.goto(`${fleet.url}/#/security`);
    await page.getByText("Nothing was refused").waitFor();
    await page.getByText("Tokens need the role admin").waitFor();
    assert.equal(await page.getByRole("button", { name: /token|Revoke/ }).count(), 0);
    await visitor.check();
  },
);

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { importHmacKey } from "../../crypto/hmac.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { send, signedPost } from "../fakes/device_gateway.ts";
import { browserTest, visit } from "./browser.ts";
import { FLEET, startFleet } from "./fleet.ts";
import { holdAnswers } from "./held_answers.ts";

/** Rows of one page of a list. */
const PAGE = 25;

browserTest(
  "long histories are turned page by page, to their end and back, and stay there while more comes",
  async (browser) => {
    await using fleet = await startFleet();
    await using visitor = await visit(browser, await fleet.link("operator"));
    const { page } = visitor;
    const secret = await fleet.gateway.createToken("operator");
    const queue = async (values: readonly number[]) => {
      const commands = values.map((power_value) => {
        return { device_id: FLEET.board, command_type: "set_power", parameters: { power_value } };
      });
      const response = await fetch(`${fleet.url}/command/queue`, {
        method: "POST",
        headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
        body: JSON.stringify({ commands }),
      });
      assert.equal(response.status, 200, await response.text());
    };
    await queue(Array.from({ length: 2 * PAGE + 5 }, (_, index) => index));
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.goto(`${fleet.url}/#/commands`);
    const commands = page.getByRole("region", { name: "Commands, the newest first" });
    await commands.getByText(`Limit power to ${2 * PAGE + 4} %`).waitFor();
    assert.equal(await commands.getByRole("row").count(), PAGE + 1);
    await turn(page, "Older", 2);
    await commands.getByText(`Limit power to ${2 * PAGE - 21} %`).waitFor();
    await queue([99]);
    await turn(page, "Older", 3);
    await commands.getByText("Limit power to 0 %").waitFor();
    assert.equal(await commands.getByRole("row").count(), 5 + 1);
    assert.equal(await page.getByRole("button", { name: "Older" }).getAttribute("aria-disabled"), "true");
    const held = await holdAnswers(page, /\/command\/history\?/); // pages are turned faster than they come
    await turn(page, "Newer", 2);
    await turn(page, "Newer", 1);
    await held.letGo();
    await commands.getByText("Limit power to 99 %").waitFor();
    await page.getByLabel("State").selectOption("failed");
    await page.getByText("No command fits the filter").waitFor();
    assert.equal(await page.getByRole("button", { name: "Older" }).count(), 0);

    const forged = { deviceId: DeviceId.parse("roof"), number: 1, hmac: await importHmacKey(new Uint8Array(32)) };
    for (let sequence = 1; sequence <= PAGE + 1; sequence++) {
      await send(fleet, signedPost(fleet, forged, sequence, { device_id: "roof" }));
    }
    await page.goto(`${fleet.url}/#/security`);
    const log = page.getByRole("region", { name: "Validated requests, the newest first" });
    await log.getByText("wrong signature").nth(PAGE - 1).waitFor();
    await turn(page, "Older", 2);
    await log.getByRole("row").nth(2).waitFor({ state: "detached" });
    await visitor.check();
  },
);

/** The button stays where it is and keeps the focus, so that the next page is one more press away. */
async function turn(page: Page, name: string, to: number): Promise<void> {
  await page.getByRole("button", { name }).press("Enter");
  await page.getByRole("status").filter({ hasText: `Page ${to}` }).waitFor();
  assert.equal(await page.evaluate("document.activeElement.textContent"), name);
}

import assert from "node:assert/strict";
import { browserTest, visit, WIDTHS } from "./browser.ts";
import { startFleet } from "./fleet.ts";

browserTest(
  "commands: queued within the profile's limits, followed live, cancelled, for many at once",
  async (browser, t) => {
    await using fleet = await startFleet();
    for (const width of WIDTHS) {
      await t.step(`at ${width}`, async () => {
        await using visitor = await visit(browser, await fleet.link("operator"), { width });
        const { page } = visitor;
        await page.getByRole("heading", { name: "Overview" }).waitFor();
        await page.goto(`${fleet.url}/#/commands/roof`);
        const limit = page.getByLabel("Limit in %");
        await page.getByText("0 to 100 %").waitFor();
        await limit.fill("140");
        await page.getByRole("button", { name: "Queue…" }).click();
        await page.getByText("must be 0 to 100").waitFor();
        await limit.fill("60");
        await page.getByRole("button", { name: "Queue…" }).click();
        await page.getByRole("heading", { name: "Let roof limit the power to 60 %?" }).waitFor();
        await visitor.check();
        await page.getByRole("button", { name: "Queue for roof" }).click();
        const row = page.getByRole("row").filter({ hasText: "Limit power to 60 %" }).first();
        await row.getByText("completed").waitFor();
        await row.getByRole("button", { name: "Limit power to 60 %" }).click();
        await page.getByText("handed out").waitFor();
        await visitor.check();
      });
    }
  },
);

browserTest(
  "commands by keyboard alone: for every node, then one for a board that is away is cancelled",
  async (browser) => {
    await using fleet = await startFleet();
    await using visitor = await visit(browser, await fleet.link("operator"));
    const { page } = visitor;
    const reach = async (name: string) => {
      for (let turn = 0; turn < 60; turn++) {
        await page.keyboard.press("Tab");
        const label = await page.evaluate<string>(
          "(e => (e.getAttribute('aria-label') ?? e.labels?.[0]?.textContent ?? e.textContent ?? '').trim())(document.activeElement)",
        );
        if (label === name) return;
      }
      throw new Error(`nothing called "${name}" can be reached with the Tab key`);
    };
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await reach("Commands");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Commands", exact: true }).waitFor();
    await reach("greenhouse");
    await page.keyboard.press("Space");
    await reach("Limit in %");
    await page.keyboard.type("80");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Let 2 devices limit the power to 80 %?" }).waitFor();
    await reach("Queue for 2 devices");
    await page.keyboard.press("Enter");
    await page.getByText("2 commands queued").waitFor();
    await page.getByRole("row").filter({ hasText: "barn" }).getByText("completed").waitFor();
    await reach("Cancel: Limit power to 80 % of greenhouse");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Cancel “Limit power to 80 %” of greenhouse?" }).waitFor();
    await reach("Cancel this command");
    await page.keyboard.press("Enter");
    await page.getByRole("row").filter({ hasText: "greenhouse" }).getByText("cancelled").waitFor();
    assert.equal(await page.getByRole("dialog").count(), 0);
  },
);

browserTest("commands: who may only look sees no button that would be refused", async (browser) => {
  await using fleet = await startFleet();
  await using visitor = await visit(browser, await fleet.link("viewer"), { width: 390 });
  await visitor.page.getByRole("heading", { name: "Overview" }).waitFor();
  await visitor.page.goto(`${fleet.url}/#/commands`);
  await visitor.page.getByText("New commands need the role operator").waitFor();
  await visitor.page.getByText("No command was queued yet").waitFor();
  assert.equal(await visitor.page.getByRole("button", { name: /Queue/ }).count(), 0);
  await visitor.check();
});

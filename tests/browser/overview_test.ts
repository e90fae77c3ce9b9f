import assert from "node:assert/strict";
import { browserTest, visit, WIDTHS } from "./browser.ts";
import { FLEET, startFleet } from "./fleet.ts";

browserTest(
  "the overview shows power as it comes, the energy of today and every device, at a desk and on a phone",
  async (browser, t) => {
    await using fleet = await startFleet();
    for (const width of WIDTHS) {
      await t.step(`at ${width}`, async () => {
        await using visitor = await visit(browser, await fleet.link("viewer"), { width });
        const { page } = visitor;
        const power = page.locator(".figure", { hasText: "Power now" }).locator("dd");
        await power.filter({ hasText: /\d W|\d\.\d+ kW/ }).waitFor();
        for (const name of [...FLEET.nodes, FLEET.board]) {
          await page.getByRole("row", { name }).getByText("ok").waitFor();
        }
        await page.getByRole("row", { name: FLEET.board }).getByText("weak").waitFor();
        await page.locator(".live.live").waitFor();
        await visitor.check();
      });
    }
  },
);

browserTest("power moves by itself with the samples that come in", async (browser) => {
  await using fleet = await startFleet();
  await using visitor = await visit(browser, fleet.url);
  const { page } = visitor;
  await page.route("**/api/v1/power", async (route) => {
    const text = (await (await route.fetch()).text()).replace(/"power_w":[\d.]+/g, '"power_w":1');
    await route.fulfill({ contentType: "application/json", body: text });
  });
  await page.goto(await fleet.link("viewer"));
  const power = page.getByRole("row", { name: "roof" }).locator("td").nth(1);
  await power.filter({ hasText: "kW" }).waitFor();
});

browserTest("all is reached with the keyboard: the content, the pages, the theme", async (browser) => {
  await using fleet = await startFleet();
  await using visitor = await visit(browser, await fleet.link("viewer"));
  const { page } = visitor;
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.locator(":focus").textContent(), "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator(":focus").textContent(), "Overview");
  await page.getByRole("link", { name: "Devices", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Devices", exact: true }).waitFor();
  assert.equal(await page.locator(":focus").textContent(), "Devices");
  assert.equal(await page.title(), "Devices · EcoWatt");
  assert.equal(await page.locator("nav [aria-current=page]").textContent(), "Devices");
  await page.getByRole("button", { name: /^Theme: system/ }).click();
  await page.getByRole("button", { name: /^Theme: light/ }).click();
  await page.reload();
  await page.getByRole("button", { name: /^Theme: dark/ }).waitFor();
  assert.equal(await page.evaluate("document.documentElement.dataset.theme"), "dark");
});

browserTest("the menu of a phone opens, goes somewhere and closes", async (browser) => {
  await using fleet = await startFleet();
  await using visitor = await visit(browser, await fleet.link("viewer"), { width: 390 });
  const { page } = visitor;
  const menu = page.getByRole("button", { name: "Menu" });
  await menu.click();
  await page.getByRole("navigation").getByRole("link", { name: "Settings" }).click();
  await page.getByRole("heading", { name: "Settings", exact: true }).waitFor();
  await page.getByRole("button", { name: "Menu", expanded: false }).waitFor();
  await visitor.check();
});

browserTest("who logs out, or whose session is ended, is a stranger at once", async (browser) => {
  await using fleet = await startFleet();
  const link = await fleet.link("viewer");
  await using visitor = await visit(browser, link);
  const { page } = visitor;
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  assert.ok(!page.url().includes("login"), "the code stays in the address");
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByLabel("Access token").waitFor();
  await page.getByText("You are logged out.").waitFor();
  await page.goto(link);
  await page.getByText(/used already or has expired/).waitFor();
});

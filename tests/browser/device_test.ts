import assert from "node:assert/strict";
import { browserTest, visit, WIDTHS } from "./browser.ts";
import { startFleet } from "./fleet.ts";

browserTest("a device shows its registers live, its chart in every range, and who it is", async (browser, t) => {
  await using fleet = await startFleet();
  for (const width of WIDTHS) {
    await t.step(`at ${width}`, async () => {
      await using visitor = await visit(browser, await fleet.link("viewer"), { width, dark: width === 390 });
      const { page } = visitor;
      await page.getByRole("link", { name: "roof" }).click();
      await page.getByRole("heading", { name: "roof" }).waitFor();
      const value = page.getByRole("row", { name: /^Vac1/ }).locator("td").first();
      await value.filter({ hasText: "V" }).waitFor();
      const before = await value.textContent();
      await value.filter({ hasNotText: before ?? "" }).waitFor();
      await page.locator(".chart canvas").waitFor();
      await page.getByText("signing every request").waitFor();
      await page.getByRole("row", { name: /^No\. 1/ }).getByText("valid").waitFor();
      for (const range of ["24 h", "7 d", "30 d", "1 y"]) {
        await page.getByRole("button", { name: range, exact: true }).click();
        await page.locator(`.chart[aria-label*="${RANGES[range]}: between"]`).waitFor();
      }
      await visitor.check();
    });
  }
});

const RANGES: Record<string, string> = {
  "24 h": "last 24 hours",
  "7 d": "last 7 days",
  "30 d": "last 30 days",
  "1 y": "last year",
};

browserTest("the chart is a table for those who want one", async (browser) => {
  await using fleet = await startFleet();
  await using visitor = await visit(browser, await fleet.link("viewer"));
  const { page } = visitor;
  await page.getByRole("link", { name: "barn" }).click();
  await page.getByLabel("Register", { exact: true }).selectOption({ label: "Vac1 (V)" });
  await page.locator('.chart[aria-label^="Vac1 (V), last hour: between"]').waitFor();
  await page.getByRole("button", { name: "Table" }).click();
  const table = page.getByRole("table", { name: /^Vac1 \(V\), last hour/ });
  await table.getByRole("row").nth(1).getByText(/^2\d\d(\.\d)? V$/).waitFor();
  await visitor.check();
});

browserTest("a weak board says so, and a device that is not there is told as such", async (browser) => {
  await using fleet = await startFleet();
  await using visitor = await visit(browser, await fleet.link("viewer"));
  const { page } = visitor;
  await page.getByRole("link", { name: "greenhouse" }).click();
  await page.getByText("signs its uploads only").waitFor();
  await visitor.check();
  await page.goto(`${fleet.url}/#/devices/nowhere`);
  const alert = page.getByRole("alert").filter({ hasText: "No device nowhere is registered" });
  await alert.waitFor();
  assert.ok(await alert.getByRole("button", { name: "Try again" }).isVisible());
});

import assert from "node:assert/strict";
import { browserTest, visit } from "./browser.ts";
import { startFleet } from "./fleet.ts";

/** As long as names can be. */
const LONG = "a-name-as-long-as-the-name-of-a-device-may-be-is-of-64-letters--";

browserTest(
  "hundreds of devices with long names are found, do not push anything out of sight, and fit on a phone",
  async (browser) => {
    await using fleet = await startFleet();
    assert.equal(LONG.length, 64);
    for (let number = 1; number <= 150; number++) {
      await fleet.gateway.addDevice(number === 150 ? LONG : `site-${String(number).padStart(3, "0")}`);
    }
    await using phone = await visit(browser, await fleet.link("admin"), { width: 390 });
    const { page } = phone;
    await page.getByRole("heading", { name: "Alarms (151)" }).waitFor();
    assert.equal(await page.locator(".alarms li").count(), 5);
    await page.getByRole("button", { name: "Show all 151 alarms" }).click();
    await page.locator(".alarms li").nth(150).waitFor();
    await page.getByRole("button", { name: "Show the worst 5 only" }).click();
    const devices = page.getByRole("region", { name: "Devices", exact: true }).getByRole("table");
    assert.equal(await devices.getByRole("row").count(), 50 + 1);
    await page.getByRole("button", { name: "Show 50 more" }).click();
    await devices.getByRole("row").nth(100).waitFor();
    await page.getByLabel("Find a device").fill("AS-LONG-AS");
    await page.getByText("1 of 153 devices").waitFor();
    await devices.getByRole("link", { name: LONG }).waitFor();
    await phone.check();
    await page.getByLabel("State", { exact: true }).selectOption("ok");
    await page.getByText("No device fits the filter").waitFor();
    for (
      const name of ["commands", "settings", "firmware", "security", "system", `devices/${LONG}`, `settings/${LONG}`]
    ) {
      await page.goto(`${fleet.url}/#/${name}`);
      await page.locator("main h1").waitFor();
      await page.locator("[aria-busy]").first().waitFor({ state: "detached" });
      if (name !== "system") await page.getByText(LONG).first().waitFor({ state: "attached" });
      const [content, shown] = await page.evaluate<[number, number]>("[document.body.scrollWidth, innerWidth]");
      assert.ok(content <= shown, `${name} scrolls sideways: ${content} px in ${shown}`);
    }
    await page.goto(`${fleet.url}/#/commands/roof`);
    await page.getByRole("button", { name: "All 153" }).click();
    await page.getByText("At most 100 devices at a time").waitFor();
    assert.ok(await page.getByRole("button", { name: "Queue for 153 devices…" }).isDisabled());
  },
);

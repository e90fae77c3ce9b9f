import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { VERSION } from "../../cli/version.ts";
import { browserTest, visit, WIDTHS } from "./browser.ts";
import { FLEET, startFleet } from "./fleet.ts";

browserTest("system: how the gateway is doing, a backup and a support bundle to take away", async (browser) => {
  await using fleet = await startFleet();
  await using desk = await visit(browser, await fleet.link("admin"));
  const { page } = desk;
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.goto(`${fleet.url}/#/system`);
  await page.getByText(VERSION).first().waitFor();
  await page.getByText(/free on its disk/).waitFor();
  await page.getByText("MQTT is off").waitFor();
  await page.getByText("for 30 days").waitFor();
  const outboxes = page.getByRole("table", { name: "Outboxes of nodes" });
  for (const name of FLEET.nodes) {
    await outboxes.getByRole("row", { name: new RegExp(`^${name} \\d+ .* 0$`) }).waitFor();
  }
  assert.equal(await outboxes.getByRole("link", { name: FLEET.board }).count(), 0, "a board tells nothing of it");
  const log = page.getByRole("table", { name: "Lines of the log, the newest first" });
  await log.getByRole("row", { name: `gateway listens 127.0.0.1 ${new URL(fleet.url).port}` }).waitFor();
  await page.getByLabel("Level").selectOption({ label: "Errors" });
  await page.getByText("Nothing of that kind was logged").waitFor();
  await desk.check();
  const take = async (name: string) => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name }).click(),
    ]);
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
  };
  const backup = await take("Download a backup");
  assert.match(backup.name, /^ecowatt-backup-\d{4}-\d\d-\d\d\.tar\.gz$/);
  assert.deepEqual([...backup.bytes.subarray(0, 2)], [0x1f, 0x8b]);
  const bundle = await take("Download a support bundle");
  assert.equal(JSON.parse(bundle.bytes.toString()).format, "ecowatt-support/1");
});

browserTest(
  "system: a viewer on a phone sees no downloads and no log, and is told whom they are for",
  async (browser) => {
    await using fleet = await startFleet();
    await using phone = await visit(browser, await fleet.link("viewer"), { width: WIDTHS[1] });
    await phone.page.getByRole("heading", { name: "Overview" }).waitFor();
    await phone.page.goto(`${fleet.url}/#/system`);
    await phone.page.getByText(VERSION).first().waitFor();
    await phone.page.getByText("A backup and the support bundle need the role admin").waitFor();
    await phone.page.getByText("The newest lines of the log need the role operator").waitFor();
    await phone.check();
    assert.equal(await phone.page.getByRole("heading", { name: /Downloads|Log/ }).count(), 0);
  },
);

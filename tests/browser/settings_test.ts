import assert from "node:assert/strict";
import { browserTest, visit, WIDTHS } from "./browser.ts";
import { startFleet } from "./fleet.ts";

browserTest("settings are reviewed, saved, and applied by the device, which the page shows", async (browser, t) => {
  await using fleet = await startFleet();
  for (const width of WIDTHS) {
    await t.step(`at ${width}`, async () => {
      const seconds = width === 390 ? "2" : "3";
      await using visitor = await visit(browser, await fleet.link("operator"), { width });
      const { page } = visitor;
      await page.getByRole("heading", { name: "Overview" }).waitFor();
      await page.goto(`${fleet.url}/#/settings/roof`);
      const upload = page.getByLabel("Upload interval");
      await upload.fill("0.01");
      await page.getByRole("button", { name: "Review the change" }).click();
      await page.getByRole("alert").filter({ hasText: "must be 1 to 86400 seconds" }).waitFor();
      assert.equal(await upload.getAttribute("aria-invalid"), "true");
      await upload.fill(seconds);
      await page.getByRole("button", { name: "Review the change" }).click();
      const dialog = page.getByRole("dialog", { name: "Change the settings of roof?" });
      await dialog.getByText(`${seconds} s`).waitFor();
      await assertHoldsFocus(page);
      await dialog.getByRole("button", { name: "Save" }).click();
      await page.getByRole("status").filter({ hasText: "Settings of roof saved as version" }).waitFor();
      if (width !== WIDTHS[0]) return;
      const row = page.getByRole("row", { name: /^Upload interval/ });
      await row.getByText("applied").waitFor();
      await row.getByText(`${seconds} s`).nth(1).waitFor();
      await page.getByRole("row", { name: /In sync/ }).first().getByLabel("done").waitFor();
    });
  }
});

/** The dialog is modal: what is behind it cannot be reached. */
async function assertHoldsFocus(page: { evaluate(text: string): Promise<unknown> }): Promise<void> {
  assert.equal(await page.evaluate("document.querySelector('dialog:modal').contains(document.activeElement)"), true);
}

browserTest("what somebody else has set meanwhile is not overwritten unseen", async (browser) => {
  await using fleet = await startFleet();
  await using visitor = await visit(browser, await fleet.link("operator"));
  const { page } = visitor;
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.goto(`${fleet.url}/#/settings/barn`);
  await page.getByLabel("Poll interval").fill("5");
  await page.getByLabel("Upload interval").fill("10");
  const secret = await fleet.gateway.createToken("operator");
  const response = await fetch(`${fleet.url}/api/v1/devices/barn/settings`, {
    method: "PATCH",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    body: JSON.stringify({ poll_interval_s: 2 }),
  });
  assert.equal(response.status, 200);
  await response.body?.cancel();
  await page.getByText("Version 1 came meanwhile; you started from version 0.").waitFor();
  await page.getByRole("button", { name: "Review the change" }).click();
  await page.getByRole("alert").filter({ hasText: "Somebody else changed these settings meanwhile" }).waitFor();
  assert.equal(await page.getByLabel("Poll interval").inputValue(), "5");
  await page.getByRole("button", { name: "Start again from version 1" }).click();
  assert.equal(await page.getByLabel("Poll interval").inputValue(), "2");
});

/** Types into the field that has the focus as soon as the page shows a text, before anything else can happen. */
function typeWhenShown(shown: string, typed: string): string {
  return `{
    const field = document.activeElement;
    new MutationObserver((_, observer) => {
      if (!document.body.textContent.includes(${JSON.stringify(shown)})) return;
      observer.disconnect();
      field.value = ${JSON.stringify(typed)};
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  }`;
}

browserTest("what is typed at the moment when newer settings are shown stays", async (browser) => {
  await using fleet = await startFleet();
  await using visitor = await visit(browser, await fleet.link("operator"));
  const { page } = visitor;
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.goto(`${fleet.url}/#/settings/barn`);
  const upload = page.getByLabel("Upload interval");
  await upload.focus();
  await page.evaluate(typeWhenShown("In force, version 1", "40"));
  const secret = await fleet.gateway.createToken("operator");
  const response = await fetch(`${fleet.url}/api/v1/devices/barn/settings`, {
    method: "PATCH",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    body: JSON.stringify({ poll_interval_s: 2 }),
  });
  assert.equal(response.status, 200);
  await response.body?.cancel();
  await page.getByText("Version 1 came meanwhile; you started from version 0.").waitFor();
  assert.equal(await upload.inputValue(), "40");
});

browserTest("a template is made, filled in and removed; a viewer only looks", async (browser) => {
  await using fleet = await startFleet();
  await using visitor = await visit(browser, await fleet.link("operator"));
  const { page } = visitor;
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.goto(`${fleet.url}/#/settings`);
  await page.getByText("There is no template yet").waitFor();
  await page.getByRole("button", { name: "New template" }).click();
  const dialog = page.getByRole("dialog", { name: "New template" });
  await dialog.getByLabel("Name").fill("winter");
  await dialog.getByLabel("Poll interval").fill("7");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("row", { name: /^winter/ }).getByText("poll interval 7 s").waitFor();
  await visitor.check();
  await page.getByRole("link", { name: "barn" }).click();
  await page.getByLabel("Fill in from a template").selectOption("winter");
  assert.equal(await page.getByLabel("Poll interval").inputValue(), "7");
  await page.goto(`${fleet.url}/#/settings`);
  await page.getByRole("row", { name: /^winter/ }).getByRole("button", { name: "Remove" }).click();
  await page.getByRole("dialog", { name: "Remove the template winter?" }).getByRole("button", { name: "Remove winter" })
    .click();
  await page.getByText("There is no template yet").waitFor();
  await using viewer = await visit(browser, await fleet.link("viewer"));
  await viewer.page.getByRole("heading", { name: "Overview" }).waitFor();
  await viewer.page.goto(`${fleet.url}/#/settings/barn`);
  await viewer.page.getByText("Changes of settings need the role operator").waitFor();
  assert.equal(await viewer.page.getByRole("button", { name: "Review the change" }).count(), 0);
  await viewer.check();
});

import assert from "node:assert/strict";
import { browserTest, visit, WIDTHS } from "./browser.ts";
import { startFleet } from "./fleet.ts";

browserTest(
  "a template is applied to many devices once each change is seen, and what becomes of it is told for each",
  async (browser, t) => {
    await using fleet = await startFleet();
    const secret = await fleet.gateway.createToken("operator");
    const put = async (name: string, settings: object) => {
      const response = await fetch(`${fleet.url}/api/v1/settings/templates/${name}`, {
        method: "PUT",
        headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
        body: JSON.stringify(settings),
      });
      assert.equal(response.status, 200, await response.text());
    };
    await put("quick", { poll_interval_s: 0.5, upload_interval_s: 2 });
    await put("slow", { upload_interval_s: 3 });
    await using visitor = await visit(browser, await fleet.link("operator"));
    const { page } = visitor;
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.goto(`${fleet.url}/#/settings`);
    const rollouts = page.getByRole("region", { name: "Applied to many devices" });
    await rollouts.getByText("No template was applied yet").waitFor();
    for (const width of WIDTHS) {
      await t.step(`the dialog at ${width}`, async () => {
        await page.setViewportSize({ width, height: 844 });
        await page.getByRole("button", { name: "Apply quick" }).click();
        const dialog = page.getByRole("dialog", { name: "Apply the template quick?" });
        assert.ok(await dialog.getByRole("button", { name: "Apply", exact: true }).isDisabled(), "nothing is chosen");
        await dialog.getByRole("button", { name: "All 3" }).click();
        const row = (name: string) => dialog.getByRole("row", { name: new RegExp(`^${name} `) });
        await row("barn").getByText("Upload interval: left to the device → 2 s").waitFor();
        await row("greenhouse").getByText("poll interval must be whole seconds").waitFor();
        await dialog.getByText("One device cannot have it and is left out.").waitFor();
        await dialog.getByRole("button", { name: "Apply to 2 devices" }).waitFor();
        await visitor.check();
        if (width === WIDTHS[0]) await dialog.getByRole("button", { name: "Cancel" }).click();
        else await dialog.getByRole("button", { name: "Apply to 2 devices" }).click();
      });
    }
    await page.getByRole("status").filter({ hasText: "Template quick is set for 2 devices" }).waitFor();
    for (const name of ["barn", "roof"]) {
      await rollouts.getByRole("row", { name: new RegExp(`^${name} `) }).getByText("in sync").waitFor();
    }
    await rollouts.getByText("2 of 2 in sync").waitFor();
    assert.equal(await rollouts.getByRole("row", { name: /^greenhouse/ }).count(), 0);

    await page.getByRole("button", { name: "Apply slow" }).click();
    await page.getByRole("button", { name: "All 3" }).click();
    await page.getByLabel("How", { exact: true }).selectOption("careful");
    await page.getByText("is not known of this board").waitFor();
    await page.getByRole("button", { name: "Apply to 2 devices" }).click();
    await rollouts.getByText("the first are watched").waitFor();
    await rollouts.getByRole("row", { name: /^roof / }).getByText("waits for its turn").waitFor();
    await rollouts.getByRole("button", { name: "Stop applying slow" }).click();
    await page.getByRole("button", { name: "Stop and put back" }).click();
    await rollouts.getByRole("row", { name: /^barn / }).getByText("put back").waitFor();
    await visitor.check();
  },
);

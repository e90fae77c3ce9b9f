import assert from "node:assert/strict";
import { browserTest, visit, WIDTHS } from "./browser.ts";
import { startFleet } from "./fleet.ts";

browserTest("who has no session is asked for a token; a link logs in once", async (browser, t) => {
  await using fleet = await startFleet();
  for (const width of WIDTHS) {
    await t.step(`at ${width}`, async () => {
      const link = await fleet.link("viewer");
      await using known = await visit(browser, link, { width });
      await known.page.getByRole("heading", { name: "Overview" }).waitFor();
      await known.page.getByText("roof").first().waitFor();
      await known.check();
      await using stranger = await visit(browser, fleet.url, { width });
      await stranger.page.getByLabel("Access token").waitFor();
      await stranger.check();
      const secret = await fleet.gateway.createToken("operator");
      await stranger.page.getByLabel("Access token").fill(secret);
      await stranger.page.getByRole("button", { name: "Log in" }).click();
      await stranger.page.getByRole("heading", { name: "Overview" }).waitFor();
      assert.equal(await stranger.page.locator(".who").textContent(), "operator");
    });
  }
});

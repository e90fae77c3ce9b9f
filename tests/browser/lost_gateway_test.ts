import assert from "node:assert/strict";
import { startGatewayProcess } from "../e2e/gateway.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { browserTest, visit } from "./browser.ts";

browserTest(
  "a gateway that goes away is said once, what was known stays, and the page goes on when it is back",
  async (browser) => {
    await using folder = await temporaryDirectory();
    const start = (port: number) => startGatewayProcess({ config: { port }, dataDir: folder.path });
    await using first = await start(0);
    const port = Number(new URL(first.url).port);
    await first.addDevice("roof");
    await using visitor = await visit(browser, await first.link("viewer"));
    const { page } = visitor;
    const devices = page.getByRole("region", { name: "Devices", exact: true }).getByRole("table");
    await devices.getByRole("link", { name: "roof" }).waitFor();
    await page.locator(".live.live").waitFor();
    await first.stop();
    const lost = page.getByRole("alert").filter({
      hasText: "The gateway does not answer. What you see is as it was at",
    });
    await lost.waitFor();
    await page.getByText("Not live").waitFor();
    assert.ok(await devices.getByRole("link", { name: "roof" }).isVisible());
    assert.equal(await page.getByText("The gateway does not answer").count(), 1);
    await using again = await start(port);
    await again.addDevice("barn");
    await devices.getByRole("link", { name: "barn" }).waitFor();
    await lost.waitFor({ state: "detached" });
    await page.locator(".live.live").waitFor();

    await page.context().clearCookies();
    await page.route("**/session", (route) => route.abort());
    await page.reload();
    await page.getByText("The gateway does not answer. Is it running").waitFor();
  },
);

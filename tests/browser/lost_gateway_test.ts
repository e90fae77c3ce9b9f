import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { GatewayConfig } from "../../gateway/config.ts";
import { startGateway } from "../../gateway/gateway.ts";
import { systemClock } from "../../platform/clock.ts";
import { systemRandom } from "../../platform/random.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { temporaryDirectory } from "../e2e/process.ts";
import { browserTest, visit } from "./browser.ts";

browserTest(
  "a gateway that goes away is said once, what was known stays, and the page goes on when it is back",
  async (browser) => {
    await using folder = await temporaryDirectory();
    const io = {
      dataDir: folder.path,
      clock: systemClock,
      random: systemRandom,
      log: getLogger(["test"]),
      version: "1",
    };
    const start = (port: number) => startGateway(GatewayConfig.parse({ port }), io);
    const first = await start(0);
    const port = Number(new URL(first.url).port);
    const add = ({ management }: typeof first, name: string) =>
      management.addDevice({ deviceId: DeviceId.parse(name), model: "ecowatt-node", auth: "signed" });
    await add(first, "roof");
    await using visitor = await visit(browser, await first.loginLink("viewer"));
    const { page } = visitor;
    const devices = page.getByRole("region", { name: "Devices", exact: true }).getByRole("table");
    await devices.getByRole("link", { name: "roof" }).waitFor();
    await page.locator(".live.live").waitFor();
    await first[Symbol.asyncDispose]();
    const lost = page.getByRole("alert").filter({
      hasText: "The gateway does not answer. What you see is as it was at",
    });
    await lost.waitFor();
    await page.getByText("Not live").waitFor();
    assert.ok(await devices.getByRole("link", { name: "roof" }).isVisible());
    assert.equal(await page.getByText("The gateway does not answer").count(), 1);
    await using again = await start(port);
    await add(again, "barn");
    await devices.getByRole("link", { name: "barn" }).waitFor();
    await lost.waitFor({ state: "detached" });
    await page.locator(".live.live").waitFor();

    await page.context().clearCookies();
    await page.route("**/session", (route) => route.abort());
    await page.reload();
    await page.getByText("The gateway does not answer. Is it running").waitFor();
  },
);

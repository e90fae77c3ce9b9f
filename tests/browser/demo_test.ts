import { start } from "../e2e/process.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { browserTest, visit, WIDTHS } from "./browser.ts";

browserTest(
  "the demo's link opens its dashboard: live power, a command that works, every page in order",
  async (browser, t) => {
    await using folder = await temporaryDirectory();
    const ports = ["--port", "0", "--modbus-port", "0", "--http-port", "0"];
    await using demo = start(["demo", "--data-dir", folder.path, ...ports]);
    const [link = ""] = await demo.says(/http:\/\/\S+\/#\/login\/\S+/);
    await using visitor = await visit(browser, link);
    const { page } = visitor;
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.getByText(/^\s*[\d.]+\s*k?W\s*$/).first().waitFor();
    const { origin } = new URL(link);
    await page.goto(`${origin}/#/commands/demo`);
    await page.getByLabel("Limit in %").fill("70");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Queue for demo" }).click();
    await page.getByRole("row").filter({ hasText: "Limit power to 70 %" }).getByText("completed").waitFor();
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 844 });
      for (
        const name of [
          "",
          "devices",
          "devices/demo",
          "commands",
          "settings",
          "settings/demo",
          "firmware",
          "security",
          "system",
        ]
      ) {
        await t.step(`#/${name} at ${width}`, async () => {
          await page.goto(`${origin}/#/${name}`);
          await page.locator("main h1").waitFor();
          await page.locator("[aria-busy]").first().waitFor({ state: "detached" });
          await visitor.check();
        });
      }
    }
  },
);

import type { Locator, Page } from "playwright-core";
import { startBrowser, visit } from "../../tests/browser/browser.ts";
import { start } from "../../tests/e2e/process.ts";
import { temporaryDirectory } from "../../tests/fakes/temporary_directory.ts";
import { seedDay } from "./demo_day.ts";

const images = new URL("../images/", import.meta.url);
/** Where the demo's simulated day stands at its start (cli/commands/demo.ts). */
const DEMO_START = Date.parse("2026-03-10T06:40:00Z");

/** The pictures, as they are taken one after the other. */
const SHOTS: readonly Shot[] = [
  { name: "dashboard", hash: "/devices/demo", width: 1280, height: 800 },
  { name: "dashboard-phone", hash: "/devices/demo", width: 390, height: 844, dark: true },
  { name: "commands", hash: "/commands/demo", width: 1280, height: 800 },
];

interface Shot {
  readonly name: string;
  readonly hash: string;
  readonly width: number;
  readonly height: number;
  readonly dark?: boolean;
}

/** Takes pictures of the demo's dashboard into docs/images. */
async function takeAll(): Promise<void> {
  await using folder = await temporaryDirectory();
  const now = Date.now();
  await seedDay(folder.path, { now, demoStart: DEMO_START });
  const ports = ["--port", "0", "--modbus-port", "0", "--http-port", "0"];
  await using demo = start(["demo", "--data-dir", folder.path, ...ports]);
  const [link = ""] = await demo.says(/http:\/\/\S+\/#\/login\/\S+/);
  const browser = await startBrowser();
  try {
    await using first = await visit(browser, link, { timeZone: noonZone(now) });
    await first.page.getByRole("heading", { name: "Overview" }).waitFor();
    await limitPower(first.page);
    for (const shot of SHOTS) await take(first.page, shot);
  } finally {
    await browser.close();
  }
}

/** The zone where it is about noon now: so the simulated sun stands where the clock says. */
function noonZone(now: number): string {
  const ahead = 12 - new Date(now).getUTCHours();
  return `Etc/GMT${ahead > 0 ? "-" : "+"}${Math.abs(ahead)}`; // POSIX: the sign is the other way round
}

/** A command that has worked, to have a history. */
async function limitPower(page: Page): Promise<void> {
  await open(page, "/commands/demo");
  for (const percent of ["80", "100"]) {
    await page.getByLabel("Limit in %").fill(percent);
    await page.getByRole("button", { name: "Queue…" }).click();
    await page.getByRole("button", { name: "Queue for demo" }).click();
    const row = page.getByRole("row").filter({ hasText: `Limit power to ${percent} %` });
    await row.getByText("completed").waitFor();
    await page.getByRole("button", { name: "Close this message" }).click();
  }
}

async function take(page: Page, { name, hash, width, height, dark }: Shot): Promise<void> {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
  await open(page, hash);
  if (hash.startsWith("/devices/")) await page.locator(".chart canvas").first().waitFor();
  await page.waitForLoadState("networkidle", { timeout: 3_000 }).catch(() => {}); // the stream of events stays open
  await page.locator("[aria-busy]").first().waitFor({ state: "detached" });
  const chart = page.locator(".chart canvas").first();
  if (await chart.count() > 0 && width > 640) await hover(page, chart);
  const path = new URL(`${name}.png`, images).pathname;
  await page.screenshot({ path, scale: "css" });
}

/** Points at the chart, so that it says what it shows there. */
async function hover(page: Page, chart: Locator): Promise<void> {
  const box = await chart.boundingBox();
  if (box) await page.mouse.move(box.x + 0.88 * box.width, box.y + box.height / 2);
}

async function open(page: Page, hash: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
}

await takeAll();

import assert from "node:assert/strict";
import axe from "axe-core";
import { type Browser, chromium as engine, type Page } from "playwright-core";
import { PATIENCE_MS } from "../fakes/until.ts";
import { program, testWith } from "../needs.ts";

/** What browser tests need. */
export const chromium = program("chromium");

/** Widths of a desk and of a phone, CSS pixels. */
export const WIDTHS = [1280, 390] as const;
export type Width = (typeof WIDTHS)[number];

/** A page that somebody looks at, and what must not happen while they do. */
export interface Visit extends AsyncDisposable {
  readonly page: Page;
  /**
   * Throws unless a screen reader finds its way, colours can be told apart in light and dark, nothing scrolls sideways, nothing
   * failed, and nothing left the box.
   */
  check(): Promise<void>;
}

export interface VisitOptions {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  /** IANA name; that of the machine when left out. */
  readonly timeZone?: string;
}

/** Registers a test with a browser of its own; skipped with its reason where there is none. */
export function browserTest(name: string, body: (browser: Browser, t: Deno.TestContext) => Promise<void>): void {
  testWith([chromium], name, async (t) => {
    const browser = await startBrowser();
    try {
      await body(browser, t);
    } finally {
      await browser.close();
    }
  });
}

/** A new Chromium without a profile. */
export function startBrowser(): Promise<Browser> {
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
  return engine.launch({
    executablePath: pathOf("chromium"),
    args: [...args, "--disable-component-update", "--disable-sync"],
  });
}

/** Opens an address, such as a link that logs in, in a context of its own. */
export async function visit(
  browser: Browser,
  url: string,
  { width = 1280, height = 900, dark = false, timeZone }: VisitOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
    acceptDownloads: true,
    ...(timeZone === undefined ? {} : { timezoneId: timeZone }),
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const { origin } = new URL(url);
  const trouble: string[] = [];
  page.on("request", (request) => {
    const to = new URL(request.url());
    if (!["data:", "blob:"].includes(to.protocol) && to.origin !== origin) trouble.push(`leaves the box: ${to}`);
  });
  page.on("console", (message) => {
    if (message.type() === "error" && !isExpected(message.text(), message.location().url)) {
      trouble.push(`console: ${message.text()} ${message.location().url}`);
    }
  });
  page.on("pageerror", (error) => trouble.push(`error: ${error.stack ?? error}`));
  await page.goto(url);
  return {
    page,
    async check() {
      await page.emulateMedia({ colorScheme: dark ? "light" : "dark" });
      const colours = await seriousFindings(page, { runOnly: ["color-contrast"] });
      assert.deepEqual(colours, [], `colours of ${page.url()} at ${width}, in the other theme`);
      await page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
      assert.deepEqual(await seriousFindings(page), [], `accessibility of ${page.url()} at ${width}`);
      const [content, shown] = await page.evaluate<[number, number]>("[document.body.scrollWidth, innerWidth]");
      assert.ok(content <= shown, `${page.url()} scrolls sideways: ${content} px in ${shown}`);
      assert.deepEqual(trouble, []);
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** Chromium reports every answer of 400 and above as an error; that a stranger has no session is what the page asks. */
function isExpected(text: string, url: string): boolean {
  return text.includes("401") && new URL(url).pathname === "/session";
}

/** What axe finds; `options`: what it looks at, everything when left out. */
async function seriousFindings(page: Page, options: object = {}): Promise<readonly string[]> {
  // Evaluated by the debugger: the page's own policy lets nobody add a script.
  if (!await page.evaluate("'axe' in window")) await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>(`axe.run(${JSON.stringify(options)})`);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).slice(0, 3).join(" | ")}`);
}

/** What is read of axe's results; its own types need those of a browser. */
interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly help: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

function pathOf(name: string): string {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return folders.map((folder) => `${folder}/${name}`).find(isFile) ?? `/usr/bin/${name}`;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

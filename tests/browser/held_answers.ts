import type { Page } from "playwright-core";

/** Answers of the gateway that a page waits for. */
export interface HeldAnswers {
  /** Resolves when the page has asked. */
  readonly asked: Promise<void>;
  /** Lets them come, and all that follow. */
  letGo(): Promise<void>;
}

/** Holds back what the gateway answers to a page about `url`, so that the reader is faster than the gateway, each time. */
export async function holdAnswers(page: Page, url: RegExp): Promise<HeldAnswers> {
  const asked = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  await page.route(url, async (route) => {
    asked.resolve();
    await gate.promise;
    await route.continue();
  });
  return {
    asked: asked.promise,
    async letGo() {
      gate.resolve();
      await page.unrouteAll({ behavior: "wait" });
    },
  };
}

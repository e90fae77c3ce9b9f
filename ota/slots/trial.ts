/** The two places for an executable. */
export type SlotName = "a" | "b";

/** An image that has to prove itself. */
export interface Trial {
  readonly slot: SlotName;
  /** SHA-256 of its manifest, lower-case hex. */
  readonly image: string;
  /** Failed starts after which the old image runs again, 1 to 99,999. */
  readonly limit: number;
  /** Seconds in which it has to be confirmed, 1 to 99,999. */
  readonly windowS: number;
}

/** Starts after which the boot guard gives up, failures or not. */
export const MOST_STARTS = 20;

/** A number up to five digits, as the boot guard reads it. */
export const COUNT = "(0|[1-9][0-9]{0,4})";
const TRIAL = new RegExp(`^([ab]) ([0-9a-f]+) ${COUNT} ${COUNT}\n`);

/**
 * The slot that an executable may be written to while `current` runs.
 *
 * @example
 * ```ts
 * otherSlot("a"); // => "b"
 * otherSlot(undefined); // => "a"
 * ```
 */
export function otherSlot(current: SlotName | undefined): SlotName {
  return current === "a" ? "b" : "a";
}

/**
 * A text that names a slot.
 *
 * @example
 * ```ts
 * slotName("a"); // => "a"
 * slotName("installed"); // => undefined
 * ```
 */
export function slotName(text: string | undefined): SlotName | undefined {
  return text === "a" || text === "b" ? text : undefined;
}

/**
 * One line, as the boot guard reads it (packaging/boot-guard).
 *
 * @example
 * ```ts
 * formatTrial({ slot: "b", image: "1f2e", limit: 3, windowS: 600 }); // => "b 1f2e 3 600\n"
 * ```
 */
export function formatTrial({ slot, image, limit, windowS }: Trial): string {
  return `${slot} ${image} ${limit} ${windowS}\n`;
}

/**
 * `undefined` for what the boot guard would not take for a trial either.
 *
 * @example
 * ```ts
 * parseTrial("b 1f2e 3 600\n"); // => { slot: "b", image: "1f2e", limit: 3, windowS: 600 }
 * parseTrial("c 1f2e 3 600\n"); // => undefined
 * ```
 */
export function parseTrial(text: string): Trial | undefined {
  const [, slot, image, limit, windowS] = TRIAL.exec(text) ?? [];
  const name = slotName(slot);
  if (name === undefined || image === undefined) return undefined;
  return { slot: name, image, limit: Number(limit), windowS: Number(windowS) };
}

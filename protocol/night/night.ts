import { isSunDown, type Location } from "./sun.ts";

/** An inverter that gives less has nothing to convert, in watts. */
export const FADED_W = 50;
/** Power that has been faded for so long did not break off: dusk took it. Milliseconds. */
export const FADING_MS = 5 * 60_000;
/** Who sleeps for longer without a known sun is not asleep. Milliseconds. */
export const LONGEST_SLEEP_MS = 20 * 3_600_000;

/** Inverters shut down before the sun is gone and need light to wake up: milliseconds before sunset and after sunrise. */
const DUSK_MS = 3_600_000;
const DAWN_MS = 2 * 3_600_000;

/**
 * Whether an inverter that is silent at this time may be asleep: the sun is down, is about to go, or has only just come.
 *
 * @example
 * ```ts
 * const colombo = { latitude: 6.93, longitude: 79.85 };
 * isSleepingTime(colombo, Date.parse("2026-06-21T18:30:00Z")); // => true
 * isSleepingTime(colombo, Date.parse("2026-06-21T06:30:00Z")); // => false
 * ```
 */
export function isSleepingTime(location: Location, at: number): boolean {
  return [at, at + DUSK_MS, at - DAWN_MS].some((moment) => isSunDown(location, moment));
}

/** How faded the power of an inverter is. */
export interface Fading {
  /** Since when its power has been at most `FADED_W`, unix milliseconds; `undefined`: it was more. */
  readonly fadedSince: number | undefined;
  /** When its power was last known, unix milliseconds; `undefined`: never. */
  readonly lastAt: number | undefined;
}

/** Nothing known of its power. */
export const NEVER_SEEN: Fading = { fadedSince: undefined, lastAt: undefined };

/**
 * After a reading of the power, in watts.
 *
 * @example
 * ```ts
 * const faded = nextFading(NEVER_SEEN, 12, 60_000);
 * faded; // => { fadedSince: 60_000, lastAt: 60_000 }
 * nextFading(faded, 800, 62_000); // => { fadedSince: undefined, lastAt: 62_000 }
 * ```
 */
export function nextFading({ fadedSince }: Fading, power: number, at: number): Fading {
  return { fadedSince: power <= FADED_W ? fadedSince ?? at : undefined, lastAt: at };
}

/**
 * Whether an inverter that went silent after its last reading had faded away before.
 *
 * @example
 * ```ts
 * hadFaded({ fadedSince: 0, lastAt: FADING_MS }); // => true
 * hadFaded(NEVER_SEEN); // => false
 * ```
 */
export function hadFaded({ fadedSince, lastAt }: Fading): boolean {
  return fadedSince !== undefined && lastAt !== undefined && lastAt - fadedSince >= FADING_MS;
}

import type { Clock } from "../../platform/clock.ts";
import { BoundedMap } from "../../platform/bounded_map.ts";

/** Failed tries that an address has in a window. */
const TRIES = 10;
const WINDOW_MS = 5 * 60_000;
/** Addresses that are remembered; beyond them the oldest is forgotten. */
const ADDRESSES = 4_096;

/** Counts failed logins by address, in memory: secrets have 256 bits, so this is against noise more than against luck. */
export interface LoginAttempts {
  /** Seconds until the address may try again; `undefined`: now. */
  waitS(address: string): number | undefined;
  failed(address: string): void;
}

export function createLoginAttempts(clock: Pick<Clock, "now">): LoginAttempts {
  const windows = new BoundedMap<string, { readonly since: number; count: number }>(ADDRESSES);
  const current = (address: string) => {
    const window = windows.get(address);
    return window && clock.now() - window.since < WINDOW_MS ? window : undefined;
  };
  return {
    waitS(address) {
      const window = current(address);
      if (window === undefined || window.count < TRIES) return undefined;
      return Math.ceil((window.since + WINDOW_MS - clock.now()) / 1_000);
    },
    failed(address) {
      const window = current(address) ?? { since: clock.now(), count: 0 };
      window.count++;
      windows.set(address, window);
    },
  };
}

import type { Logger } from "@logtape/logtape";
import type { Clock } from "./clock.ts";

/** How long a kind of event stays untold after it was told. */
const QUIET_MS = 60_000;

/** Warns of what strangers can cause as often as they like: each kind once a minute, with the number left untold. */
export type RateLimitedWarnings = (kind: string, fields: Readonly<Record<string, unknown>>) => void;

/** Kinds are texts of the program, with the fields they show; a stranger cannot make new ones. */
export function createRateLimitedWarnings(log: Logger, clock: Pick<Clock, "monotonic">): RateLimitedWarnings {
  const told = new Map<string, { at: number; untold: number }>();
  return (kind, fields) => {
    const now = clock.monotonic();
    const last = told.get(kind);
    if (last !== undefined && now - last.at < QUIET_MS) {
      last.untold++;
      return;
    }
    const untold = last?.untold ?? 0;
    if (untold === 0) log.warn(kind, { ...fields });
    else log.warn(`${kind} ({untold} more untold)`, { ...fields, untold });
    told.set(kind, { at: now, untold: 0 });
  };
}

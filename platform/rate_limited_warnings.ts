import type { Clock } from "./clock.ts";

/** How long a kind of event stays untold after it was told. */
const QUIET_MS = 60_000;

/** Causes of one kind that are told in that time. */
const CAUSES = 20;

/**
 * Warns of what others can cause as often as they like: each kind once a minute, with the number left untold. `cause` tells
 * one event of a kind from another, so that none hides behind the first; of those the first twenty a minute are told.
 */
export type RateLimitedWarnings = (
  kind: string,
  fields: Readonly<Record<string, unknown>>,
  options?: { readonly cause?: string },
) => void;

interface WarnLog {
  warn(kind: string, fields: Record<string, unknown>): void;
}

/** What was told of a kind since `since`. */
interface Told {
  readonly since: number;
  readonly causes: Set<string>;
  untold: number;
}

/** Kinds are texts of the program, with the fields they show; a stranger cannot make new ones. */
export function createRateLimitedWarnings(log: WarnLog, clock: Pick<Clock, "monotonic">): RateLimitedWarnings {
  const told = new Map<string, Told>();
  return (kind, fields, { cause = "" } = {}) => {
    const now = clock.monotonic();
    const last = told.get(kind);
    const lasts = last !== undefined && now - last.since < QUIET_MS;
    if (lasts && (last.causes.has(cause) || last.causes.size >= CAUSES)) {
      last.untold++;
      return;
    }
    const untold = lasts ? 0 : last?.untold ?? 0;
    if (untold === 0) log.warn(kind, { ...fields });
    else log.warn(`${kind} ({untold} more untold)`, { ...fields, untold });
    if (lasts) last.causes.add(cause);
    else told.set(kind, { since: now, causes: new Set([cause]), untold: 0 });
  };
}

import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { BUCKET_MS, type RollupResolution } from "./rollups.ts";

export const SCHEMA = `
CREATE TABLE retention_clock (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  seen_at INTEGER NOT NULL,
  settles_at INTEGER
) STRICT;
`;

/** How long samples are kept in each resolution, in milliseconds after their time; `undefined` for ever. */
export type Ages = { readonly [R in "raw" | RollupResolution]: number | undefined };

/** The clock as it was last looked at, and, after it went ahead, from when on it is believed. Unix milliseconds. */
interface SeenClock {
  readonly seenAt: number;
  readonly settlesAt: number | undefined;
}

/** What a step of a round did. */
interface Step {
  readonly rows: number;
  /** Where the next step goes on; `undefined`: nothing is left to delete. */
  readonly after: number | undefined;
}

/** Deletes what is too old, step by step. Called inside `GroupCommit.run`. */
export interface Retention {
  /**
   * Looks at the clock, as once in a round, and writes down what it says. `undefined`: what is old by it may be deleted. Else
   * the moment from which on it may: it went ahead without anybody having been here, and it may come back.
   */
  settles(now: number): number | undefined;
  /** Deletes at most `limit` rows of the series that come next `after` another; the first step is after -1. */
  deleteSome(now: number, ages: Ages, limit: number, after: number): Step;
}

const DAY_MS = 86_400_000;
/** A clock that is so much further than when it was last seen went ahead, or nobody was here: the two look alike. */
const AHEAD_MS = DAY_MS;
/** Nothing is deleted for so long by a clock that went ahead: time for somebody to set it right. */
const SETTLING_MS = 7 * DAY_MS;
/** Series that one step looks at. */
const SERIES = 50;

const RESOLUTIONS = ["1m", "15m", "1d"] as const satisfies readonly RollupResolution[];

const ClockRow = z.object({ seen_at: z.number(), settles_at: z.number().nullable() });

/** What is known of the clock after another look at it. */
function lookAtClock(before: SeenClock, now: number): SeenClock {
  const { seenAt, settlesAt } = before;
  if (now > seenAt + AHEAD_MS) return { seenAt: now, settlesAt: now + SETTLING_MS };
  // One that went back was ahead before: it is right now, as far as anybody knows.
  const isSettled = settlesAt === undefined || now < seenAt - AHEAD_MS || now >= settlesAt;
  return { seenAt: now, settlesAt: isSettled ? undefined : settlesAt };
}

export function createRetention(db: DatabaseSync): Retention {
  const seen = db.prepare("SELECT seen_at, settles_at FROM retention_clock");
  const newest = db.prepare("SELECT max(newest_at) AS at FROM sample_series");
  const write = db.prepare("INSERT OR REPLACE INTO retention_clock(id, seen_at, settles_at) VALUES (1, ?, ?)");
  const series = db.prepare(`SELECT id FROM sample_series WHERE id > ? ORDER BY id LIMIT ${SERIES}`);
  const blocks = db.prepare(`DELETE FROM sample_block WHERE series = ?1 AND (start_ms, number) IN (
    SELECT start_ms, number FROM sample_block WHERE series = ?1 AND start_ms < ?2 AND end_ms < ?2 LIMIT ?3)`);
  const buckets = db.prepare(`DELETE FROM rollup WHERE series = ?1 AND length_ms = ?2 AND start IN (
    SELECT start FROM rollup WHERE series = ?1 AND length_ms = ?2 AND start < ?3 LIMIT ?4)`);

  const clockBefore = (now: number): SeenClock => {
    const row = seen.get();
    // A database from before this was written down: it was looked after when the newest samples came.
    if (row === undefined) return { seenAt: Number(newest.get()?.["at"] ?? now), settlesAt: undefined };
    const { seen_at: seenAt, settles_at } = ClockRow.parse(row);
    return { seenAt, settlesAt: settles_at ?? undefined };
  };
  const deleteOf = (id: number, now: number, ages: Ages, limit: number): number => {
    let left = limit;
    if (ages.raw !== undefined) left -= Number(blocks.run(id, now - ages.raw, left).changes);
    for (const resolution of RESOLUTIONS) {
      const age = ages[resolution];
      if (age === undefined || left === 0) continue;
      const length = BUCKET_MS[resolution];
      left -= Number(buckets.run(id, length, now - age - length, left).changes);
    }
    return limit - left;
  };
  return {
    settles(now) {
      const { seenAt, settlesAt } = lookAtClock(clockBefore(now), now);
      write.run(seenAt, settlesAt ?? null);
      return settlesAt;
    },
    deleteSome(now, ages, limit, after) {
      const ids = series.all(after).map((row) => Number(row["id"]));
      let rows = 0;
      let done = after;
      for (const id of ids) {
        rows += deleteOf(id, now, ages, limit - rows);
        if (rows === limit) return { rows, after: done }; // this one may have more
        done = id;
      }
      return { rows, after: ids.length < SERIES ? undefined : done };
    },
  };
}

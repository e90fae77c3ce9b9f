import type { DatabaseSync } from "node:sqlite";
import { BUCKET_MS, type RollupResolution } from "./rollups.ts";

/** How long samples are kept in each resolution, in milliseconds after their time; `undefined` for ever. */
export type Ages = { readonly [R in "raw" | RollupResolution]: number | undefined };

/** Deletes what is too old. Called inside `GroupCommit.run`. */
export interface Retention {
  /** Deletes at most `limit` rows; how many it was. Fewer than `limit`: nothing is left to delete. */
  deleteSome(now: number, ages: Ages, limit: number): number;
}

/**
 * Nothing grows old by the clock alone: it counts at most so many milliseconds beyond the newest sample. A clock that jumped
 * ahead deletes a day's worth, not everything.
 */
const AHEAD_MS = 86_400_000;

const RESOLUTIONS = ["1m", "15m", "1d"] as const satisfies readonly RollupResolution[];

export function createRetention(db: DatabaseSync): Retention {
  const series = db.prepare("SELECT id FROM sample_series");
  const newestOf = db.prepare("SELECT max(start_ms) AS at FROM sample_block WHERE series = ?");
  const blocks = db.prepare(`DELETE FROM sample_block WHERE series = ?1 AND (start_ms, number) IN (
    SELECT start_ms, number FROM sample_block WHERE series = ?1 AND start_ms < ?2 AND end_ms < ?2 LIMIT ?3)`);
  const buckets = db.prepare(`DELETE FROM rollup WHERE series = ?1 AND length_ms = ?2 AND start IN (
    SELECT start FROM rollup WHERE series = ?1 AND length_ms = ?2 AND start < ?3 LIMIT ?4)`);

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
    deleteSome(clock, ages, limit) {
      const ids = series.all().map((row) => Number(row["id"]));
      const newest = Math.max(...ids.map((id) => Number(newestOf.get(id)?.["at"] ?? 0)));
      const now = Math.min(clock, newest + AHEAD_MS);
      let deleted = 0;
      for (const id of ids) {
        if (deleted === limit) break;
        deleted += deleteOf(id, now, ages, limit - deleted);
      }
      return deleted;
    },
  };
}

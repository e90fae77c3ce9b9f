import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import type { Days, GatewayConfig } from "../config.ts";
import type { GroupCommit } from "../store/group_commit.ts";
import type { LearnedProfiles } from "../store/learned_profiles.ts";
import type { Ages, Retention } from "../store/retention.ts";

const DAY_MS = 86_400_000;
/** Time between two rounds. */
const ROUND_MS = 3_600_000;
/** Rows deleted in one transaction: few enough that no upload notices. */
const ROWS = 200;
/** Pause between two transactions of a round. */
const PAUSE_MS = 50;

/** How long each resolution is kept, in milliseconds. */
export function agesOf({ retention_days: days }: Pick<GatewayConfig, "retention_days">): Ages {
  return { raw: ageOf(days.raw), "1m": ageOf(days["1m"]), "15m": ageOf(days["15m"]), "1d": ageOf(days["1d"]) };
}

function ageOf(days: Days): number | undefined {
  return days === "forever" ? undefined : days * DAY_MS;
}

interface RetentionIo {
  readonly retention: Retention;
  readonly profiles: Pick<LearnedProfiles, "forget">;
  readonly commit: Pick<GroupCommit, "run">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Deletes what is too old, now and every hour, a little at a time, until `signal` aborts. Never rejects. */
export async function keepRetention(ages: Ages, io: RetentionIo, signal: AbortSignal): Promise<void> {
  const trouble = new RateLimitedLog(io.log, io.clock);
  const jump = new RateLimitedLog(io.log, io.clock);
  while (!signal.aborted) {
    try {
      const settlesAt = await io.commit.run(() => io.retention.settles(io.clock.now()));
      if (settlesAt === undefined) jump.ended("the clock is believed again: old samples are deleted");
      else jump.happened(WENT_AHEAD, { until: new Date(settlesAt).toISOString() });
      const rows = settlesAt === undefined ? await deleteAll(ages, io, signal) : 0;
      trouble.ended("old samples are deleted again");
      if (rows > 0) io.log.info("old samples deleted {rows}", { rows });
      const profiles = settlesAt === undefined
        ? await io.commit.run(() => io.profiles.forget(io.clock.now(), ages["1d"]))
        : 0;
      if (profiles > 0) io.log.info("profiles forgotten that no sample needs {profiles}", { profiles });
    } catch (error) {
      trouble.happened("old samples not deleted: {error}", { error });
    }
    await io.clock.sleep(ROUND_MS, signal);
  }
}

const WENT_AHEAD = "the clock went ahead by more than a day since the last look at it, or nobody was here: " +
  "no old samples are deleted until {until}";

async function deleteAll(ages: Ages, { retention, commit, clock }: RetentionIo, signal: AbortSignal): Promise<number> {
  let total = 0;
  for (let after: number | undefined = -1; after !== undefined && !signal.aborted;) {
    const from: number = after;
    const step = await commit.run(() => retention.deleteSome(clock.now(), ages, ROWS, from));
    total += step.rows;
    after = step.after;
    if (after !== undefined) await clock.sleep(PAUSE_MS, signal);
  }
  return total;
}

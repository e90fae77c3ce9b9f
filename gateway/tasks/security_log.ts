import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import type { GroupCommit } from "../store/group_commit.ts";
import { type SecurityLog, writeNoted } from "../store/security_log.ts";

/** Time after which accepted requests are in the log for other processes, and for whoever comes after a crash. */
const ROUND_MS = 10_000;

interface SecurityLogIo {
  readonly securityLog: SecurityLog;
  readonly commit: Pick<GroupCommit, "run">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Writes what the security log noted, until `signal` aborts. Never rejects. */
export async function keepSecurityLog(
  { securityLog, commit, clock, log }: SecurityLogIo,
  signal: AbortSignal,
): Promise<void> {
  const trouble = new RateLimitedLog(log, clock);
  while (!signal.aborted) {
    await clock.sleep(ROUND_MS, signal);
    try {
      await writeNoted(securityLog, commit);
      trouble.ended("the security log is written again");
    } catch (error) {
      trouble.happened("security log not written: {error}", { error });
    }
  }
}

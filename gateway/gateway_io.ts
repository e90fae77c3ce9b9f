import type { Logger } from "@logtape/logtape";
import type { Clock } from "../platform/clock.ts";
import type { Random } from "../platform/random.ts";
import type { RecentLog } from "../platform/recent_log.ts";

/** What a gateway needs of the machine. */
export interface GatewayIo {
  /** Where its database and master key are; made when missing. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** What this process has logged, for those who look at the gateway from afar. */
  readonly recentLog?: RecentLog;
  /** Of the program, for `/status`. */
  readonly version: string;
  /** Whether keys that were published with the original project may be used; only the demo says yes. */
  readonly allowPublishedKeys?: boolean;
  /** Whether this program has to prove itself yet: what it migrates is kept as it was. */
  readonly onTrial?: boolean;
}

import type { Logger } from "@logtape/logtape";
import type { Clock } from "../platform/clock.ts";
import type { Random } from "../platform/random.ts";

/** What a node stands on. */
export interface NodeIo {
  /** Folder of the node's state; made if missing. */
  readonly dataDir: string;
  /**
   * Folder for the samples of the last seconds, best in memory (systemd's RuntimeDirectory, kept over restarts): it spares
   * the flash. Default: the data directory.
   */
  readonly tailDir?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: typeof fetch;
  readonly log: Logger;
  /** Whether this program has to prove itself yet: what it migrates is kept as it was. */
  readonly onTrial?: boolean;
}

import type { Logger } from "@logtape/logtape";
import type { Clock } from "../platform/clock.ts";
import type { Random } from "../platform/random.ts";
import type { Library } from "../profiles/library.ts";
import type { UpdateConfig } from "./config/update_config.ts";
import type { Program } from "./update/updater.ts";

/** What a node needs of the machine. */
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
  /** Where devices are found by name; default: those of this machine. */
  readonly library?: Library;
  /** Lets the node keep the program up to date that it runs in. */
  readonly update?: { readonly config: UpdateConfig; readonly program: Program; readonly log: Logger };
}

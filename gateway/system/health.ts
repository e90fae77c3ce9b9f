import { statfs } from "node:fs/promises";
import { ALIVE, dead, type Liveness } from "../../platform/liveness.ts";
import type { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import type { GroupCommit } from "../store/group_commit.ts";

/** Below this the next uploads may not fit any more. */
const MIN_FREE_BYTES = 4 << 20;

/** Where a store is, and how it is asked. */
interface StoreHealthIo {
  readonly dataDir: string;
  readonly commit: Pick<GroupCommit, "run">;
  /** Reads something from it. */
  readonly read: () => void;
  /** Told why it is not healthy. */
  readonly trouble: RateLimitedLog;
}

/**
 * Whether samples could be stored now: the write lock can be had, the database can be read, the disk has room. Writes
 * nothing, so that asking often wears no flash. Never rejects.
 */
export async function isStoreHealthy({ dataDir, commit, read, trouble }: StoreHealthIo): Promise<boolean> {
  try {
    await commit.run(read);
    const { bavail, bsize } = await statfs(dataDir);
    if (bavail * bsize < MIN_FREE_BYTES) throw new Error(`the disk has ${bavail * bsize} bytes left`);
    trouble.ended("the gateway is healthy again");
    return true;
  } catch (error) {
    trouble.happened("the gateway is not healthy: {error}", { error }, "error");
    return false;
  }
}

/** Whether a round through the store works: lock, read, commit. A full disk is no death, as nothing is written. Never rejects. */
export async function storeLiveness(commit: Pick<GroupCommit, "run">, read: () => void): Promise<Liveness> {
  try {
    await commit.run(read);
    return ALIVE;
  } catch (error) {
    return dead(`the store does not answer: ${error instanceof Error ? error.message : String(error)}`);
  }
}

import { statfs } from "node:fs/promises";
import { ALIVE, dead, type Liveness } from "../../platform/liveness.ts";
import type { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import type { GroupCommit } from "../store/group_commit.ts";

/** Below this the next uploads may not fit any more. */
const MIN_FREE_BYTES = 4 << 20;

/** Where a store is, and how it is asked. */
interface StoreHealthIo {
  readonly dataDir: string;
  readonly commit: Pick<GroupCommit, "run" | "look" | "trouble">;
  /** Reads something from it. */
  readonly read: () => void;
  /** Writes something to it that stays as it was: only asked for while the last write was refused. */
  readonly write: () => void;
  /** Told why it is not healthy. */
  readonly trouble: RateLimitedLog;
}

/** Why samples cannot be stored now. */
export type StoreTrouble = "no_room" | "refuses_writes" | "no_answer";

/**
 * Why samples could not be stored now, if so: the write lock cannot be had, the database cannot be read, the disk has no room,
 * or it refused the last write and does so still. Writes nothing else, so that asking often wears no flash. Never rejects.
 */
export async function storeTrouble(
  { dataDir, commit, read, write, trouble }: StoreHealthIo,
): Promise<StoreTrouble | undefined> {
  const unhealthy = (why: StoreTrouble, error: unknown) => {
    trouble.happened("the gateway is not healthy: {error}", { error }, "error");
    return why;
  };
  const refused = commit.trouble();
  try {
    await (refused === undefined ? commit.look(read) : commit.run(write));
    const { bavail, bsize } = await statfs(dataDir);
    if (bavail * bsize < MIN_FREE_BYTES) {
      return unhealthy("no_room", new Error(`the disk has ${bavail * bsize} bytes left`));
    }
    trouble.ended("the gateway is healthy again");
  } catch (error) {
    return refused === undefined ? unhealthy("no_answer", error) : unhealthy("refuses_writes", refused);
  }
}

/** Whether a round through the store works: lock, read, commit. A full disk is no death, as nothing is written. Never rejects. */
export async function storeLiveness(commit: Pick<GroupCommit, "look">, read: () => void): Promise<Liveness> {
  try {
    await commit.look(read);
    return ALIVE;
  } catch (error) {
    return dead(`the store does not answer: ${error instanceof Error ? error.message : String(error)}`);
  }
}

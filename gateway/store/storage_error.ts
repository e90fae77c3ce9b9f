import { Fault } from "../fault.ts";

/** Seconds after which a client may find room on the disk again. */
const RETRY_AFTER_S = 30;

/** Whether SQLite could not write or read: a full disk, a lock that another process holds, a failing medium. */
export function isStorageError(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR" &&
    /full|disk|lock|readonly|open/
      .test(error.message);
}

/** The 503 that a client gets for it: nothing was kept, try again later. */
export function storageFault(cause: unknown): Fault {
  return new Fault("unavailable", "The store cannot take writes now", { retryAfter: RETRY_AFTER_S, cause });
}

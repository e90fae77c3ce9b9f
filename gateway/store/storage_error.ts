import { Fault } from "../fault.ts";

/** Seconds after which a client may find room on the disk again. */
const RETRY_AFTER_S = 30;

/** SQLite's own texts (sqlite3_errstr) as they begin: a table's name may hold any of their words, as `sample_block` does. */
const TROUBLE = new RegExp(
  "^(database or disk is full|disk I/O error|database disk image is malformed|attempt to write a readonly database" +
    "|unable to open database file|locking protocol|database (table |schema )?is locked)",
);

/** Whether SQLite could not write or read: a full disk, a lock that another process holds, a failing medium. */
export function isStorageError(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR" && TROUBLE.test(error.message);
}

/** The 503 that a client gets for it: nothing was kept, try again later. */
export function storageFault(cause: unknown): Fault {
  return new Fault("unavailable", "The store cannot take writes now", { retryAfter: RETRY_AFTER_S, cause });
}

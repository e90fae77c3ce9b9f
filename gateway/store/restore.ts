import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { transaction } from "../../platform/sqlite.ts";
import { requireIntegrity } from "../../platform/sqlite_backup.ts";
import { openGatewayDatabase } from "./database.ts";
import { leapAfterRestore } from "./key_windows.ts";

/** What a restored gateway knows. */
export interface RestoredGateway {
  readonly devices: number;
  /** Devices of the older scheme: what they sent since the backup could be sent again by somebody, until they upload anew. */
  readonly boards: number;
}

const Counts = z.object({ devices: z.number(), boards: z.number() });

/**
 * Makes a gateway's database from a backup ready to be used, in a folder beside the real one: checked through and through,
 * brought to this program's schema, and with all numbers used that may have been. Throws when it is damaged or newer.
 */
export function prepareRestored(dataDir: string): RestoredGateway {
  const db = openGatewayDatabase(dataDir);
  try {
    requireIntegrity(db);
    transaction(db, () => leapAfterRestore(db));
    return counted(db);
  } finally {
    db.close();
  }
}

function counted(db: DatabaseSync): RestoredGateway {
  const row = db.prepare(
    "SELECT count(*) AS devices, count(*) FILTER (WHERE auth = 'legacy') AS boards FROM device WHERE removed_at IS NULL",
  ).get();
  return Counts.parse(row);
}

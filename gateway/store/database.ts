import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Logger } from "@logtape/logtape";
import { beforeMigration } from "../../platform/migration_copy.ts";
import { openSqlite } from "../../platform/sqlite.ts";
import { openSqliteReadOnly } from "../../platform/sqlite_read_only.ts";
import { SCHEMA as announcements } from "./announcements.ts";
import { SCHEMA as learnedProfiles } from "./learned_profiles.ts";
import { SCHEMA as blockReceipts } from "./block_receipts.ts";
import { SCHEMA as boardStates } from "./board_states.ts";
import { SCHEMA as commands } from "./commands.ts";
import { SCHEMA as deviceStates } from "./device_states.ts";
import { SCHEMA as devices } from "./devices.ts";
import { SCHEMA as energy, SCHEMA_OF_NOT_COUNTED as energyNotCounted } from "./energy.ts";
import { SCHEMA as quarantine } from "./quarantine.ts";
import { SCHEMA as removedInverters } from "./removed_inverters.ts";
import { SCHEMA as replay, SCHEMA_OF_REPEATS as boardRepeats } from "./replay.ts";
import { SCHEMA as retentionClock } from "./retention.ts";
import { SCHEMA as rollups } from "./rollups.ts";
import { SCHEMA as samples } from "./samples.ts";
import { SCHEMA as securityLog, SCHEMA_OF_OLD_REFUSALS as oldRefusals } from "./security_log.ts";
import { SCHEMA as series, SCHEMA_OF_NEWEST as newestBlocks } from "./series.ts";
import { SCHEMA as sessions } from "./sessions.ts";
import { SCHEMA as rollouts } from "./rollouts.ts";
import { SCHEMA as firmwareSessions } from "./firmware_sessions.ts";
import { SCHEMA_OF_LATER_KEYS as laterKeys } from "./key_windows.ts";
import { SCHEMA as labels } from "./labels.ts";
import { SCHEMA as settingsTemplates } from "./settings_templates.ts";
import { SCHEMA as settingsHistory } from "./settings_history.ts";
import { SCHEMA as tokens } from "./tokens.ts";
import { SCHEMA as twins } from "./twins.ts";

/**
 * Version 1: the tables of every store, each beside the code that uses it. Later ones only add (docs/decisions/090): an older
 * program may have to go on with what a newer one wrote.
 */
export const MIGRATIONS: readonly string[] = [
  [
    devices,
    replay,
    securityLog,
    blockReceipts,
    boardStates,
    quarantine,
    series,
    samples,
    rollups,
    tokens,
    sessions,
    commands,
    twins,
    settingsHistory,
    labels,
    settingsTemplates,
    rollouts,
    firmwareSessions,
    deviceStates,
    energy,
    announcements,
  ].join("\n"),
  boardRepeats,
  oldRefusals,
  newestBlocks,
  laterKeys,
  energyNotCounted,
  retentionClock,
  removedInverters,
  learnedProfiles,
];

/** Pages of 4096 bytes in the write-ahead log before they go into the database: 16 MiB. */
const CHECKPOINT_PAGES = 4096;

/** The gateway's database file inside its data directory. */
export function databasePath(dataDir: string): string {
  return join(dataDir, "gateway.db");
}

/** Call it before the database is opened by the gateway: see `beforeMigration`. */
export async function prepareGatewayDatabase(
  dataDir: string,
  io: { readonly onTrial: boolean; readonly log: Logger },
): Promise<void> {
  await beforeMigration({ ...io, path: databasePath(dataDir), known: MIGRATIONS.length });
}

/**
 * Opens (or creates) the gateway's database: WAL, a commit is on disk when it returns, readable by its owner only.
 * Throws when the directory cannot be used or the file belongs to a newer program.
 */
export function openGatewayDatabase(dataDir: string): DatabaseSync {
  Deno.mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = databasePath(dataDir);
  // SQLite gives the -wal and -shm files the mode of the database file, so it has to be right before the first open.
  Deno.openSync(path, { write: true, create: true, mode: 0o600 }).close();
  const db = openSqlite(path, { synchronous: "full", migrations: MIGRATIONS });
  // Uploads write the same pages again and again: the longer the log may grow, the fewer of them are copied back.
  db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  return db;
}

/** Opens the database of a gateway whose disk takes no writes: see `openSqliteReadOnly`. */
export function openGatewayDatabaseReadOnly(dataDir: string): DatabaseSync {
  return openSqliteReadOnly(databasePath(dataDir), { version: MIGRATIONS.length });
}

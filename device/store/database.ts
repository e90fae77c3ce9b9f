import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Logger } from "@logtape/logtape";
import { beforeMigration } from "../../platform/migration_copy.ts";
import { openSqlite } from "../../platform/sqlite.ts";
import { openSqliteReadOnly } from "../../platform/sqlite_read_only.ts";
import { SCHEMA as boundAnswers } from "./bound_answers.ts";
import { LEASE_SCHEMA as leases, SCHEMA as commands } from "../command/journal.ts";
import { ANSWERED_SCHEMA as answered, SCHEMA as leftOut } from "./map_memory.ts";
import { SCHEMA as machineStart } from "./machine_start.ts";
import { SCHEMA as inverterIdentity } from "./inverter_identities.ts";
import { SCHEMA as profileDocuments } from "./profile_documents.ts";
import { SCHEMA as settings } from "../settings/store.ts";
import { SCHEMA as wakefulness } from "./wakefulness.ts";

/** Small pages: a commit that changes two of them writes 2 KiB to the flash, not 8 (docs/decisions/036). */
const PAGE_BYTES = 1024;

/** Only add (docs/decisions/090): an older program may have to go on with what a newer one wrote. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    generation INTEGER NOT NULL, -- of the tail file whose samples are not in the table yet
    next_block INTEGER NOT NULL,
    reserved_sequence INTEGER NOT NULL, -- highest sequence number that may have been used
    dropped_blocks INTEGER NOT NULL,
    dropped_samples INTEGER NOT NULL
  ) STRICT;
  INSERT INTO state VALUES (1, 1, 1, 0, 0, 0);
  CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    inverter TEXT NOT NULL,
    profile TEXT NOT NULL,
    registers TEXT NOT NULL, -- JSON array of names
    UNIQUE (inverter, profile, registers)
  ) STRICT;
  CREATE TABLE block (
    id INTEGER PRIMARY KEY,
    series INTEGER NOT NULL REFERENCES series (id),
    count INTEGER NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,
    payload BLOB NOT NULL,
    refused TEXT -- why the gateway will not have it; set aside
  ) STRICT;
  CREATE INDEX block_refused ON block (id) WHERE refused IS NOT NULL;
  ${commands}
  ${settings}
  ${wakefulness}
`,
  leftOut,
  boundAnswers,
  answered,
  machineStart,
  inverterIdentity,
  leases,
  profileDocuments,
];

/** The node's database inside its data directory. */
export function nodeDatabasePath(dataDir: string): string {
  return join(dataDir, "node.sqlite");
}

/** Call it before the database is opened: see `beforeMigration`. */
export async function prepareNodeDatabase(
  path: string,
  io: { readonly onTrial: boolean; readonly log: Logger },
): Promise<void> {
  await beforeMigration({ ...io, path, known: MIGRATIONS.length, exclusive: true });
}

/**
 * Opens the node's own database: what has to survive a power cut. Throws when another process has it, also after
 * `patienceMs`: who looked at it briefly is gone by then.
 */
export function openNodeDatabase(path: string, patience: { readonly patienceMs?: number } = {}): DatabaseSync {
  try {
    if (path !== ":memory:") makeForOwner(path);
    const options = { synchronous: "full", pageSize: PAGE_BYTES, exclusive: true, migrations: MIGRATIONS } as const;
    return openSqlite(path, { ...options, ...patience });
  } catch (error) {
    if (!(error instanceof Error && /locked/.test(error.message))) throw error;
    throw new Error(`Cannot open ${path}: another node is running with it`, { cause: error });
  }
}

/** Opens the database of a node whose disk takes no writes: see `openSqliteReadOnly`. */
export function openNodeDatabaseReadOnly(path: string): DatabaseSync {
  return openSqliteReadOnly(path, { version: MIGRATIONS.length });
}

/** SQLite makes a file that everybody reads, and gives its log the same mode: so it has to be right before the first open. */
function makeForOwner(path: string): void {
  try {
    Deno.openSync(path, { write: true, createNew: true, mode: 0o600 }).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) return; // SQLite says what is wrong
    if (((Deno.statSync(path).mode ?? 0) & 0o077) !== 0) Deno.chmodSync(path, 0o600); // of an older program
  }
}

import { DatabaseSync } from "node:sqlite";
import { getLogger } from "@logtape/logtape";
import { beforeMigration } from "../../platform/migration_copy.ts";
import { openSqlite } from "../../platform/sqlite.ts";

export const log = getLogger(["test"]);
export const FIRST = `
  CREATE TABLE state (id INTEGER PRIMARY KEY, reserved INTEGER NOT NULL) STRICT;
  INSERT INTO state VALUES (1, 100);
  CREATE TABLE sample (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, value REAL, raw BLOB) STRICT;`;
const SECOND = `
  ALTER TABLE sample ADD COLUMN unit TEXT NOT NULL DEFAULT 'W';
  ALTER TABLE state ADD COLUMN later INTEGER NOT NULL DEFAULT 7;
  CREATE TABLE tariff (id INTEGER PRIMARY KEY) STRICT;`;

type Program = readonly string[];
export const OLD: Program = [FIRST];
export const NEW: Program = [FIRST, SECOND];

/** Starts a program on the database, lets it work, and ends it. */
export async function run(
  path: string,
  migrations: Program,
  onTrial: boolean,
  work: (db: DatabaseSync) => void = () => {},
) {
  await beforeMigration({ path, known: migrations.length, onTrial, log });
  using db = openSqlite(path, { synchronous: "full", migrations });
  work(db);
}

export const add = (...at: number[]) => (db: DatabaseSync) => {
  for (const one of at) {
    db.prepare("INSERT INTO sample (at, value, raw) VALUES (?, ?, ?)").run(one, one / 2, new Uint8Array([one]));
  }
};

export function samplesOf(path: string): readonly number[] {
  using db = new DatabaseSync(path);
  return db.prepare("SELECT at FROM sample ORDER BY id").all().map(({ at }) => Number(at));
}

export async function filesIn(folder: string): Promise<readonly string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

import type { DatabaseSync } from "node:sqlite";
import { transaction } from "./sqlite.ts";

/**
 * Gives every table of an older schema the rows that the same table of a newer one has, in the columns that the older one
 * knows, in one transaction; may be repeated. Names the tables that stay as they are, because the newer schema has not all of
 * their columns, or rows that they cannot take: migrations that only add never come to that.
 */
export function carryOver(newer: DatabaseSync, older: DatabaseSync): readonly string[] {
  older.exec("PRAGMA foreign_keys = OFF"); // rows come table by table
  return transaction(older, () => {
    const left = tablesOf(older).filter((table) => !carriedTable(table, newer, older));
    const dangling = older.prepare("PRAGMA foreign_key_check").all().map(({ table }) => String(table));
    return [...left, ...new Set(dangling)];
  });
}

function tablesOf(db: DatabaseSync): readonly string[] {
  const rows = db.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\'",
  );
  return rows.all().map(({ name }) => String(name)); // with sqlite_sequence: numbers are never used twice
}

function columnsOf(db: DatabaseSync, table: string): readonly string[] {
  return db.prepare("SELECT name FROM pragma_table_info(?)").all(table).map(({ name }) => String(name));
}

function carriedTable(table: string, newer: DatabaseSync, older: DatabaseSync): boolean {
  const columns = columnsOf(older, table);
  const known = new Set(columnsOf(newer, table));
  if (!columns.every((column) => known.has(column))) return false;
  older.exec("SAVEPOINT carried");
  try {
    replaceRows(table, columns, { newer, older });
    return true;
  } catch {
    older.exec("ROLLBACK TO carried");
    return false;
  } finally {
    older.exec("RELEASE carried");
  }
}

function replaceRows(
  table: string,
  columns: readonly string[],
  { newer, older }: { readonly newer: DatabaseSync; readonly older: DatabaseSync },
): void {
  const names = columns.map(quoted).join(", ");
  const insert = older.prepare(
    `INSERT INTO ${quoted(table)} (${names}) VALUES (${columns.map(() => "?").join(", ")})`,
  );
  const rows = newer.prepare(`SELECT ${names} FROM ${quoted(table)}`);
  rows.setReadBigInts(true); // whole numbers beyond 2^53 come as they are
  older.exec(`DELETE FROM ${quoted(table)}`);
  for (const row of rows.iterate()) insert.run(...columns.map((column) => row[column] ?? null));
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { transaction } from "../../platform/sqlite.ts";
import { MAX_UPDATES, ReportUpdate } from "../../protocol/settings/report.ts";
import { initialState, SettingsState, type Step } from "./state.ts";

/** Tables of the remote settings in the node's database. */
export const SCHEMA = `
  CREATE TABLE settings (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    state TEXT NOT NULL -- JSON, device/settings/state.ts
  ) STRICT;
  CREATE TABLE settings_report (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL, -- JSON, one line of a report (protocol/settings/report.ts)
    acknowledged INTEGER NOT NULL DEFAULT 0
  ) STRICT;
`;

/** Lines kept while the gateway takes none; the oldest are dropped beyond. */
const MAX_LINES = 256;

/** A line of a report that is on disk. */
export interface StoredUpdate {
  readonly id: number;
  readonly update: ReportUpdate;
}

const Row = z.object({
  id: z.int(),
  body: z.string().transform((text) => ReportUpdate.parse(JSON.parse(text))),
});

/** Keeps the state of the settings and what is to be reported. Every change is one transaction. */
export class SettingsStore {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** The state on disk; `undefined`: it cannot be read. */
  load(): SettingsState | undefined {
    const text = this.#db.prepare("SELECT state FROM settings").get()?.["state"];
    if (text === undefined) return initialState;
    try {
      return SettingsState.parse(JSON.parse(String(text)));
    } catch {
      return undefined;
    }
  }

  /** Keeps a step: the state and the lines, both or none. Throws when the disk refuses. */
  keep({ state, updates }: Step): void {
    transaction(this.#db, () => {
      this.#db.prepare("INSERT OR REPLACE INTO settings VALUES (1, ?)").run(JSON.stringify(state));
      if (updates.length > 0) this.#report(updates);
    });
  }

  /** The oldest lines that the gateway has yet to acknowledge. */
  unreported(): readonly StoredUpdate[] {
    const rows = this.#db.prepare(
      "SELECT id, body FROM settings_report WHERE acknowledged = 0 ORDER BY id LIMIT ?",
    ).all(MAX_UPDATES);
    return rows.map(toUpdate);
  }

  /** The last word on every parameter, also when it was acknowledged. */
  lastWords(): readonly StoredUpdate[] {
    const rows = this.#db.prepare(
      `SELECT max(id) AS id, body FROM settings_report GROUP BY body ->> 'parameter' ORDER BY id`,
    ).all();
    return rows.map(toUpdate);
  }

  /** The gateway has these lines. */
  acknowledge(lines: readonly StoredUpdate[]): void {
    transaction(this.#db, () => {
      const done = this.#db.prepare("UPDATE settings_report SET acknowledged = 1 WHERE id = ? AND acknowledged = 0");
      for (const { id } of lines) done.run(id);
    });
  }

  #report(updates: readonly ReportUpdate[]): void {
    this.#db.exec(`DELETE FROM settings_report WHERE acknowledged = 1`);
    const add = this.#db.prepare("INSERT INTO settings_report (body) VALUES (?)");
    for (const update of updates) add.run(JSON.stringify(update));
    this.#db.prepare(
      "DELETE FROM settings_report WHERE id <= (SELECT max(id) FROM settings_report) - ?",
    ).run(MAX_LINES);
  }
}

function toUpdate(row: unknown): StoredUpdate {
  const { id, body } = Row.parse(row);
  return { id, update: body };
}

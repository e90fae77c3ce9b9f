import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { SettingsValues } from "../../protocol/settings/settings.ts";

export const SCHEMA = `
CREATE TABLE settings_template (
  name TEXT PRIMARY KEY,
  settings TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

export const TemplateName = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 _ . -");

const TemplateRow = z.object({
  name: TemplateName,
  settings: z.string().transform((text) => SettingsValues.parse(JSON.parse(text))),
  changed_by: z.string(),
  changed_at: z.number(),
}).transform((row) => ({
  name: row.name,
  settings: row.settings,
  changedBy: row.changed_by,
  /** Unix milliseconds. */
  changedAt: row.changed_at,
}));

/** Settings with a name, for many devices. */
export type Template = Readonly<z.infer<typeof TemplateRow>>;

/** The templates. Writing methods are called inside `GroupCommit.run`. */
export interface Templates {
  list(): readonly Template[];
  find(name: string): Template | undefined;
  count(): number;
  put(template: Template): void;
  /** `false` when there was none. */
  remove(name: string): boolean;
}

export function createTemplates(db: DatabaseSync): Templates {
  const all = db.prepare("SELECT * FROM settings_template ORDER BY name");
  const one = db.prepare("SELECT * FROM settings_template WHERE name = ?");
  const count = db.prepare("SELECT count(*) AS n FROM settings_template");
  const put = db.prepare(`INSERT INTO settings_template(name, settings, changed_by, changed_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET settings = excluded.settings, changed_by = excluded.changed_by,
      changed_at = excluded.changed_at`);
  const remove = db.prepare("DELETE FROM settings_template WHERE name = ?");
  return {
    list: () => all.all().map((row) => TemplateRow.parse(row)),
    find(name) {
      const row = one.get(name);
      return row === undefined ? undefined : TemplateRow.parse(row);
    },
    count: () => Number(count.get()?.["n"]),
    put: ({ name, settings, changedBy, changedAt }) =>
      void put.run(name, JSON.stringify(settings), changedBy, changedAt),
    remove: (name) => Number(remove.run(name).changes) > 0,
  };
}

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { z } from "zod";

/** Something that changed. `data` names what; who wants to know more asks the API. */
interface Change {
  readonly event: "command" | "settings" | "firmware" | "log" | "device";
  readonly data: Readonly<Record<string, string | number | null>>;
}

/** Finds what has changed since it was last asked, whoever wrote it: also a command of this machine, in its own process. */
export type ChangeReader = () => readonly Change[];

/** Rows that are compared with what they were: `mark` changes with the row, the other columns are told. */
interface Source {
  readonly event: Change["event"];
  readonly sql: string;
  /** Whether a row that is gone is news too; not, where it just left the newest of a log. */
  readonly tellsGone: boolean;
}

const SOURCES: readonly Source[] = [
  {
    event: "command",
    sql:
      `SELECT c.command_id AS key, c.state || c.hand_outs || c.rank || c.reported AS mark, d.device_id, c.command_id, c.state
      FROM command c JOIN device d ON d.id = c.device WHERE c.id IN (
        SELECT id FROM command WHERE state = 'pending' UNION SELECT id FROM command WHERE state = 'executing'
        UNION SELECT id FROM (SELECT id FROM command ORDER BY id DESC LIMIT 100))`,
    tellsGone: true,
  },
  {
    event: "settings",
    sql: `SELECT e.id AS key, e.times AS mark, d.device_id, e.kind, e.version FROM settings_event e
      JOIN device d ON d.id = e.device ORDER BY e.id DESC LIMIT 100`,
    tellsGone: false,
  },
  {
    event: "firmware",
    sql: `SELECT d.device_id AS key, f.state || f.changed_at || f.current_version || hex(f.received) AS mark,
      d.device_id, f.state, f.version FROM firmware_session f JOIN device d ON d.id = f.device`,
    tellsGone: false,
  },
  {
    event: "log",
    sql: `SELECT id AS key, id AS mark, device_id, reason FROM (SELECT * FROM security_log ORDER BY id DESC LIMIT 200)
      WHERE reason <> 'ok'`,
    tellsGone: false,
  },
  {
    event: "device",
    sql: `SELECT d.device_id AS key, coalesce(s.state || s.since, '') AS mark, d.device_id, s.state FROM device d
      LEFT JOIN device_state s ON s.device = d.id WHERE d.removed_at IS NULL`,
    tellsGone: true,
  },
];

const Text = z.union([z.string(), z.number()]).transform(String);
const Row = z.object({ key: Text, mark: Text }).catchall(z.union([z.string(), z.number(), z.null()]));

interface Known {
  readonly mark: string;
  readonly data: Change["data"];
}

/** A reader that takes what is there now for known. */
export function createChangeReader(db: DatabaseSync): ChangeReader {
  const sources = SOURCES.map((source) => {
    const rows = db.prepare(source.sql);
    return { source, rows, known: snapshot(rows) };
  });
  return () =>
    sources.flatMap((state) => {
      const before = state.known;
      state.known = snapshot(state.rows);
      return differences(state.source, before, state.known);
    });
}

function snapshot(rows: StatementSync): ReadonlyMap<string, Known> {
  return new Map(
    rows.all().map((row) => {
      const { key, mark, ...data } = Row.parse(row);
      return [key, { mark, data }];
    }),
  );
}

function differences(
  { event, tellsGone }: Source,
  before: ReadonlyMap<string, Known>,
  after: ReadonlyMap<string, Known>,
): readonly Change[] {
  const changed = [...after].filter(([key, { mark }]) => before.get(key)?.mark !== mark);
  const gone = tellsGone ? [...before].filter(([key]) => !after.has(key)) : [];
  return [...changed, ...gone].map(([, { data }]) => ({ event, data }));
}

import type { DatabaseSync } from "node:sqlite";

/** The SQL of every statement that was run, from here on: what work is done shows in nothing else on a fast machine. */
export function noteStatements(db: DatabaseSync): readonly string[] {
  const ran: string[] = [];
  const prepare = db.prepare.bind(db);
  db.prepare = (sql) => {
    const statement = prepare(sql);
    for (const name of ["run", "get", "all"] as const) {
      const original: unknown = Reflect.get(statement, name);
      if (typeof original !== "function") throw new Error(`There is no method ${name}`);
      Reflect.set(statement, name, (...values: unknown[]) => {
        ran.push(sql);
        return Reflect.apply(original, statement, values);
      });
    }
    return statement;
  };
  return ran;
}

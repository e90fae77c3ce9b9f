import { createHash } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";

/** How often something was done. */
export interface Counted extends Disposable {
  readonly count: number;
}

/** Counts the statements that run over a database, by their text, from now on. */
export function countStatements(db: DatabaseSync): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const counting = (sql: string, statement: StatementSync) => {
    for (const name of ["run", "get", "all"] as const) {
      const method = statement[name].bind(statement) as (...values: unknown[]) => unknown;
      const counted = (...values: unknown[]) => {
        counts.set(sql, (counts.get(sql) ?? 0) + 1);
        return method(...values);
      };
      Object.defineProperty(statement, name, { value: counted });
    }
    return statement;
  };
  const prepare = db.prepare.bind(db);
  db.prepare = (sql) => counting(sql, prepare(sql));
  return counts;
}

/** Counts the HMACs that Web Crypto makes and checks until it is disposed. */
export function countHmacs(): Counted {
  const { sign, verify } = crypto.subtle;
  let count = 0;
  const counting = <P extends unknown[], R>(method: (...parameters: P) => R) => (...parameters: P) => {
    count++;
    return method.apply(crypto.subtle, parameters);
  };
  crypto.subtle.sign = counting(sign);
  crypto.subtle.verify = counting(verify);
  return {
    get count() {
      return count;
    },
    [Symbol.dispose]: () => void Object.assign(crypto.subtle, { sign, verify }),
  };
}

/** Counts the digests of node:crypto until it is disposed. */
export function countDigests(): Counted {
  const hash = Object.getPrototypeOf(createHash("sha256"));
  const { digest } = hash;
  let count = 0;
  hash.digest = function (...parameters: unknown[]) {
    count++;
    return digest.apply(this, parameters);
  };
  return {
    get count() {
      return count;
    },
    [Symbol.dispose]: () => void (hash.digest = digest),
  };
}

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers";
import { Fault } from "../../../gateway/fault.ts";
import { createGroupCommit } from "../../../gateway/store/group_commit.ts";
import { openSqlite } from "../../../platform/sqlite.ts";

const MIGRATIONS = ["CREATE TABLE note(id INTEGER PRIMARY KEY, body BLOB) STRICT"];

function withStore(body: (db: DatabaseSync, path: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const directory = await Deno.makeTempDir();
    const path = `${directory}/store.db`;
    const db = openSqlite(path, { synchronous: "full", migrations: MIGRATIONS });
    try {
      await body(db, path);
    } finally {
      db.close();
      await Deno.remove(directory, { recursive: true });
    }
  };
}

function notes(path: string): number[] {
  const other = new DatabaseSync(path);
  try {
    return other.prepare("SELECT id FROM note ORDER BY id").all().map((row) => Number(row["id"]));
  } finally {
    other.close();
  }
}

function inserter(db: DatabaseSync): (id: number, bytes?: number) => number {
  const insert = db.prepare("INSERT INTO note(id, body) VALUES (?, ?)");
  return (id, bytes = 1) => {
    insert.run(id, new Uint8Array(bytes));
    return id;
  };
}

const isUnavailable = (error: unknown) =>
  error instanceof Fault && error.code === "unavailable" && error.retryAfter !== undefined;

Deno.test(
  "what run resolves with is visible to another connection",
  withStore(async (db, path) => {
    const insert = inserter(db);
    await using commits = createGroupCommit(db);
    assert.deepEqual(await Promise.all([1, 2, 3].map((id) => commits.run(() => insert(id)))), [1, 2, 3]);
    assert.deepEqual(notes(path), [1, 2, 3]);
  }),
);

Deno.test(
  "a table whose name sounds like trouble is none of the disk's",
  withStore(async (db) => {
    db.exec("CREATE TABLE full_disk_block(id INTEGER PRIMARY KEY) STRICT");
    const insert = db.prepare("INSERT INTO full_disk_block(id) VALUES (1)");
    const told: unknown[] = [];
    await using commits = createGroupCommit(db, { watch: (trouble) => told.push(trouble) });
    await commits.run(() => insert.run());
    await assert.rejects(commits.run(() => insert.run()), (error) => !(error instanceof Fault));
    assert.deepEqual(told, []);
  }),
);

Deno.test(
  "work that throws undoes itself and nobody else",
  withStore(async (db, path) => {
    const insert = inserter(db);
    await using commits = createGroupCommit(db);
    const results = await Promise.allSettled([
      commits.run(() => insert(1)),
      commits.run(() => {
        insert(2);
        throw new Fault("conflict", "no");
      }),
      commits.run(() => insert(1)), // breaks the primary key
      commits.run(() => insert(3)),
    ]);
    assert.deepEqual(results.map((result) => result.status), ["fulfilled", "rejected", "rejected", "fulfilled"]);
    assert.deepEqual(notes(path), [1, 3]);
  }),
);

Deno.test(
  "a full disk refuses the whole batch with 503, keeps none of it, and later work succeeds when there is room",
  withStore(async (db, path) => {
    const insert = inserter(db);
    await using commits = createGroupCommit(db);
    db.exec("PRAGMA max_page_count = 8");
    const results = await Promise.allSettled(
      [1, 2, 3].map((id) => commits.run(() => insert(id, id === 2 ? 60_000 : 10))),
    );
    for (const result of results) assert.ok(result.status === "rejected" && isUnavailable(result.reason));
    assert.deepEqual(notes(path), []);
    db.exec("PRAGMA max_page_count = 100000");
    await commits.run(() => insert(4, 60_000));
    assert.deepEqual(notes(path), [4]);
  }),
);

Deno.test(
  "a database that another process locks refuses with 503 and keeps nothing",
  withStore(async (db, path) => {
    const insert = inserter(db);
    await using commits = createGroupCommit(db);
    db.exec("PRAGMA busy_timeout = 1");
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    await assert.rejects(commits.run(() => insert(1)), isUnavailable);
    other.exec("ROLLBACK");
    other.close();
    await commits.run(() => insert(2));
    assert.deepEqual(notes(path), [2]);
  }),
);

Deno.test(
  "a work for which the disk has trouble is told 503, the trouble is told of, and the others of its batch are kept",
  withStore(async (db, path) => {
    const insert = inserter(db);
    const told: (string | undefined)[] = [];
    await using commits = createGroupCommit(db, { watch: (trouble) => void told.push(trouble?.message) });
    using other = new DatabaseSync(path, { timeout: 0 });
    const locked = commits.run(() => other.exec("INSERT INTO note(id) VALUES (9)")); // the batch has the lock
    const kept = commits.run(() => insert(1));
    await assert.rejects(locked, isUnavailable);
    assert.equal(await kept, 1);
    assert.deepEqual([notes(path), told], [[1], ["database is locked"]]);
  }),
);

Deno.test(
  "close commits what waits and refuses what comes later",
  withStore(async (db, path) => {
    const insert = inserter(db);
    const commits = createGroupCommit(db);
    const waiting = commits.run(() => insert(1));
    await commits.close();
    assert.deepEqual(notes(path), [1]);
    assert.equal(await waiting, 1);
    await assert.rejects(commits.run(() => insert(2)), isUnavailable);
  }),
);

Deno.test(
  "a transaction that has its fill leaves the rest to the next one, and others get their turn in between",
  withStore(async (db, path) => {
    const insert = inserter(db);
    const order: string[] = [];
    const clock = { monotonic: () => 0 };
    await using commits = createGroupCommit(db, { meter: { clock, took: () => order.push("commit") } });
    let over = false;
    const others = () => void (order.push("turn"), over || setImmediate(others));
    setImmediate(others);
    await Promise.all([30_000, 30_000, 0, 50_000, 0, 1].map((weight, id) => commits.run(() => insert(id), { weight })));
    over = true;
    const withoutRepeats = order.filter((one, index) => one === "commit" || one !== order[index - 1]);
    assert.equal(withoutRepeats.join(" ").trim().replace(/^turn | turn$/g, ""), "commit turn commit turn commit");
    assert.deepEqual(notes(path), [0, 1, 2, 3, 4, 5]);
  }),
);

Deno.test(
  "what waits for a later transaction is committed by a close",
  withStore(async (db, path) => {
    const insert = inserter(db);
    const commits = createGroupCommit(db);
    const works = [1, 2, 3].map((id) => commits.run(() => insert(id), { weight: 50_000 }));
    await commits.close();
    assert.deepEqual([await Promise.all(works), notes(path)], [[1, 2, 3], [1, 2, 3]]);
  }),
);

Deno.test(
  "4096 works wait for a commit, one more is told to come again, and all that waited are kept",
  withStore(async (db, path) => {
    const insert = inserter(db);
    await using commits = createGroupCommit(db);
    const works = Array.from({ length: 4_097 }, (_, id) => commits.run(() => insert(id)));
    const ends = await Promise.allSettled(works);
    assert.deepEqual(ends.flatMap(({ status }, id) => status === "rejected" ? [id] : []), [4_096]);
    await assert.rejects(works[4_096] ?? Promise.resolve(), isUnavailable);
    assert.equal(notes(path).length, 4_096);
    await commits.run(() => insert(5_000));
  }),
);

Deno.test(
  "works that come without a pause do not put a commit off",
  withStore(async (db) => {
    const insert = inserter(db);
    await using commits = createGroupCommit(db);
    let turn = 0;
    let committedAt = Infinity;
    const over = Promise.withResolvers<void>();
    const stream = () => {
      const id = turn++;
      if (id === 200) return over.resolve();
      commits.run(() => insert(id)).then(() => committedAt = Math.min(committedAt, turn));
      setImmediate(stream);
    };
    stream();
    await over.promise;
    assert.ok(committedAt <= 10, `the first was committed in turn ${committedAt}`);
  }),
);

Deno.test(
  "a transaction that cannot be committed is undone, and the next one is taken",
  withStore(async (db, path) => {
    db.exec("CREATE TABLE part(note INTEGER REFERENCES note(id) DEFERRABLE INITIALLY DEFERRED) STRICT");
    const insert = inserter(db);
    await using commits = createGroupCommit(db);
    const orphan = commits.run(() => db.exec("INSERT INTO part VALUES (99)"));
    await assert.rejects(Promise.all([orphan, commits.run(() => insert(1))]), isUnavailable);
    assert.equal(db.isTransaction, false);
    await commits.run(() => insert(2));
    assert.deepEqual(notes(path), [2]);
  }),
);

Deno.test(
  "a work has the lock before it looks: what it read is true until it is committed",
  withStore(async (db, path) => {
    await using commits = createGroupCommit(db);
    using other = new DatabaseSync(path, { timeout: 0 });
    await commits.run(() => assert.throws(() => other.exec("BEGIN IMMEDIATE"), /locked/));
    other.exec("BEGIN IMMEDIATE; ROLLBACK");
  }),
);

Deno.test(
  "a store that takes nothing is told once, its works with 503; that it takes all again is told once as well",
  withStore(async (db, path) => {
    const insert = inserter(db);
    const told: (string | undefined)[] = [];
    await using commits = createGroupCommit(db, { watch: (trouble) => told.push(trouble?.message) });
    await commits.run(() => insert(1));
    db.exec("PRAGMA query_only = 1");
    for (const id of [2, 3]) await assert.rejects(commits.run(() => insert(id)), isUnavailable);
    assert.deepEqual(told, ["attempt to write a readonly database"]);
    db.exec("PRAGMA query_only = 0");
    assert.deepEqual(await commits.look(() => notes(path)), [1]);
    assert.deepEqual(told, ["attempt to write a readonly database"], "what is read says nothing of writes");
    assert.equal(commits.trouble()?.message, "attempt to write a readonly database");
    for (const id of [4, 5]) await commits.run(() => insert(id));
    assert.equal(commits.trouble(), undefined);
    assert.deepEqual(told, ["attempt to write a readonly database", undefined]);
    assert.deepEqual(notes(path), [1, 4, 5]);
  }),
);

Deno.test(
  "what goes on meanwhile is begun behind the works and before their commit",
  withStore(async (db, path) => {
    const insert = inserter(db);
    const seen: unknown[] = [];
    await using commits = createGroupCommit(db, { meanwhile: () => seen.push([db.isTransaction, notes(path)]) });
    await Promise.all([commits.run(() => insert(1)), commits.run(() => insert(2))]);
    assert.deepEqual(seen, [[true, []]]);
    assert.deepEqual(notes(path), [1, 2]);
  }),
);

Deno.test(
  "who wrote something that is taken back hears of it before any other work, alone or with the whole batch",
  withStore(async (db) => {
    const insert = inserter(db);
    const seen: string[] = [];
    await using commits = createGroupCommit(db);
    const work = (name: string, then: () => void = () => {}) =>
      commits.run(() => {
        seen.push(name);
        insert(seen.length);
        then();
      }, { undone: () => seen.push(`${name} undone`) });
    const fail = () => {
      throw new Fault("conflict", "no");
    };
    await Promise.allSettled([work("one", fail), work("two")]);
    assert.deepEqual(seen.splice(0), ["one", "one undone", "two"]);
    const lost = () => {
      db.exec("ROLLBACK"); // as SQLite does by itself when the disk is full
      throw new Error("test");
    };
    await Promise.allSettled([work("three"), work("four", lost), work("five")]);
    assert.deepEqual(seen, ["three", "four", "three undone", "four undone", "five undone"]);
  }),
);

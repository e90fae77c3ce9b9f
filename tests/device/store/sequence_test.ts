import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { openNodeDatabase } from "../../../device/store/database.ts";
import { Sequence } from "../../../device/store/sequence.ts";
import { transaction } from "../../../platform/sqlite.ts";

function withDatabase(body: (db: DatabaseSync) => void): void {
  using db = openNodeDatabase(":memory:");
  body(db);
}

Deno.test("numbers go up by one and start at 1", () =>
  withDatabase((db) => {
    const sequence = new Sequence(db);
    assert.deepEqual([sequence.take(), sequence.take(), sequence.take()], [1, 2, 3]);
  }));

Deno.test("a restart at any moment never uses a number twice", () =>
  withDatabase((db) => {
    const used = new Set<number>();
    for (let run = 0; run < 40; run++) {
      const sequence = new Sequence(db);
      for (let n = 0; n < 97 * run; n++) {
        const number = sequence.take();
        assert.ok(!used.has(number) && number >= 1);
        used.add(number);
        if (n % 300 === 0) transaction(db, () => sequence.topUp())?.();
      }
    }
  }));

Deno.test("a reservation in a transaction that is rolled back does not count", () =>
  withDatabase((db) => {
    const sequence = new Sequence(db);
    for (let n = 0; n < 900; n++) sequence.take();
    assert.throws(() =>
      transaction(db, () => {
        assert.ok(sequence.topUp());
        throw new Error("disk full");
      })
    );
    for (let n = 0; n < 500; n++) sequence.take();
    assert.equal(new Sequence(db).take() > 1400, true);
  }));

Deno.test("the number the gateway names is gone on from, never back to", () =>
  withDatabase((db) => {
    const sequence = new Sequence(db);
    sequence.take();
    assert.equal(sequence.advanceTo(2), false, "it is there");
    assert.equal(sequence.advanceTo(5_000_000), true);
    assert.equal(sequence.advanceTo(5_000_000), false);
    assert.equal(sequence.take(), 5_000_000);
    sequence.advanceTo(3);
    sequence.advanceTo(NaN);
    for (const beyond of [2 ** 51 + 1, 2 ** 52, 2 ** 53 - 1]) assert.equal(sequence.advanceTo(beyond), false);
    assert.equal(sequence.take(), 5_000_001);
    assert.ok(new Sequence(db).take() > 5_000_001);
  }));

Deno.test("numbers go on from half of all that there are, and never end", () =>
  withDatabase((db) => {
    const sequence = new Sequence(db);
    assert.ok(sequence.advanceTo(2 ** 51));
    assert.deepEqual([sequence.take(), sequence.take()], [2 ** 51, 2 ** 51 + 1]);
    assert.equal(new Sequence(db).take(), 2 ** 51 + 1000);
  }));

Deno.test("a transaction that is open anyway reserves when half of the numbers are used, not before", () =>
  withDatabase((db) => {
    const sequence = new Sequence(db);
    sequence.take();
    const topUp = () => transaction(db, () => sequence.topUp());
    for (let n = 0; n < 490; n++) sequence.take();
    assert.equal(topUp(), undefined);
    for (let n = 0; n < 10; n++) sequence.take();
    topUp()?.();
    assert.equal(topUp(), undefined, "once");
    const reserved = () => Number(db.prepare("SELECT reserved_sequence AS n FROM state").get()?.["n"]);
    assert.equal(reserved(), 2_000);
  }));

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { Learned } from "../../../device/inverter/map_memory.ts";
import { ANSWERED_SCHEMA, createMapMemoryStore, SCHEMA } from "../../../device/store/map_memory.ts";
import { fakeLog } from "../../fakes/log.ts";

const NOTHING = { leftOut: [], answered: [] };

function database(): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  db.exec(SCHEMA + ANSWERED_SCHEMA);
  return db;
}

function plain({ leftOut, answered }: Learned) {
  return { leftOut: [...leftOut], answered: [...answered] };
}

Deno.test("what was learned is kept by inverter and map; a new map takes the old one's place", () => {
  using db = database();
  const { log } = fakeLog();
  const roof = createMapMemoryStore(db, log).of("roof"), barn = createMapMemoryStore(db, log).of("barn");
  roof.keep("a", {
    leftOut: new Map([["holding:4", 0], ["input:9", 2]]),
    answered: new Set(["holding:4", "holding:5"]),
  });
  barn.keep("a", { leftOut: new Map([["holding:1", 1]]), answered: new Set() });
  const again = createMapMemoryStore(db, log).of("roof");
  assert.deepEqual(plain(again.load("a")), {
    leftOut: [["holding:4", 0], ["input:9", 2]],
    answered: ["holding:4", "holding:5"],
  });
  assert.deepEqual(plain(again.load("b")), NOTHING);
  again.keep("b", { leftOut: new Map([["holding:7", 2]]), answered: new Set() });
  assert.deepEqual(plain(again.load("a")), NOTHING);
  assert.deepEqual(plain(again.load("b")), { leftOut: [["holding:7", 2]], answered: [] });
  assert.deepEqual(plain(barn.load("a")), { leftOut: [["holding:1", 1]], answered: [] });
});

Deno.test("a disk that refuses is told, and changes nothing", () => {
  using db = database();
  const { log, lines } = fakeLog();
  const roof = createMapMemoryStore(db, log).of("roof");
  roof.keep("a", { leftOut: new Map([["holding:4", 0]]), answered: new Set(["holding:4"]) });
  db.exec("CREATE TRIGGER full BEFORE INSERT ON left_out BEGIN SELECT RAISE(FAIL, 'test: disk is full'); END");
  roof.keep("a", { leftOut: new Map([["holding:5", 0]]), answered: new Set(["holding:5"]) });
  assert.deepEqual(plain(roof.load("a")), { leftOut: [["holding:4", 0]], answered: ["holding:4"] });
  assert.equal(db.isTransaction, false);
  assert.match(lines.join(), /registers that roof lacks not written down/);
});

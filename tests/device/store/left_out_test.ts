import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { createLeftOutStore, SCHEMA } from "../../../device/store/left_out.ts";
import { fakeLog } from "../../fakes/log.ts";

Deno.test("registers that are left out are kept by inverter and map; a new map takes the old one's place", () => {
  using db = new DatabaseSync(":memory:");
  db.exec(SCHEMA);
  const { log } = fakeLog();
  const roof = createLeftOutStore(db, log).of("roof"), barn = createLeftOutStore(db, log).of("barn");
  roof.keep("a", new Map([["holding:4", 0], ["input:9", 2]]));
  barn.keep("a", new Map([["holding:1", 1]]));
  const again = createLeftOutStore(db, log).of("roof");
  assert.deepEqual([...again.load("a")], [["holding:4", 0], ["input:9", 2]]);
  assert.deepEqual([...again.load("b")], []);
  again.keep("b", new Map([["holding:7", 2]]));
  assert.deepEqual([[...again.load("a")], [...again.load("b")]], [[], [["holding:7", 2]]]);
  assert.deepEqual([...barn.load("a")], [["holding:1", 1]]);
});

Deno.test("a disk that refuses is told, and changes nothing", () => {
  using db = new DatabaseSync(":memory:");
  db.exec(SCHEMA);
  const { log, lines } = fakeLog();
  const roof = createLeftOutStore(db, log).of("roof");
  roof.keep("a", new Map([["holding:4", 0]]));
  db.exec("CREATE TRIGGER full BEFORE INSERT ON left_out BEGIN SELECT RAISE(FAIL, 'test: disk is full'); END");
  roof.keep("a", new Map([["holding:5", 0]]));
  assert.deepEqual([...roof.load("a")], [["holding:4", 0]]);
  assert.equal(db.isTransaction, false);
  assert.match(lines.join(), /registers that roof lacks not written down/);
});

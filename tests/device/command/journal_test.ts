import assert from "node:assert/strict";
import { createJournal, type Interrupted } from "../../../device/command/journal.ts";
import { openNodeDatabase } from "../../../device/store/database.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import type { CommandReport } from "../../../protocol/command/device_messages.ts";

const DAY_MS = 86_400_000;
const NOW = 20_000 * DAY_MS;

const write = (id: string): Interrupted => ({
  id,
  inverter: "roof",
  writes: [{ register: "Pow", address: 8, words: [50] }],
});

const report = (id: string): CommandReport => ({
  device_id: DeviceId.parse("test-node"),
  command_id: id,
  status: "completed",
  result: { message: "Pow = 50 %", registers: [{ address: 8, words: [50] }] },
});

function inDatabase(run: (path: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    run(`${folder}/node.sqlite`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("what was begun is found as interrupted after a restart, with all that is needed to look what is true", () => {
  inDatabase((path) => {
    {
      using db = openNodeDatabase(path);
      createJournal(db).begin({ ...write("a"), at: NOW });
    }
    using db = openNodeDatabase(path);
    const journal = createJournal(db);
    assert.deepEqual(journal.interrupted(), [write("a")]);
    assert.deepEqual([journal.repeat("a"), journal.repeat("b")], [true, false]);
    assert.equal(journal.unreported(), undefined);
    assert.deepEqual(journal.holding(), ["a"]);
  });
});

Deno.test("a report is kept over restarts until the gateway has it, and told again when the gateway forgot", () => {
  inDatabase((path) => {
    {
      using db = openNodeDatabase(path);
      const journal = createJournal(db);
      journal.begin({ ...write("a"), at: NOW });
      journal.finish(report("a"));
      journal.finish(report("read"));
    }
    using db = openNodeDatabase(path);
    const journal = createJournal(db);
    assert.deepEqual([journal.interrupted(), journal.unreported()], [[], report("a")]);
    journal.acknowledge("a");
    assert.deepEqual([journal.unreported(), journal.holding()], [report("read"), ["read"]]);
    assert.ok(journal.repeat("a"));
    assert.deepEqual(journal.unreported(), report("a"));
  });
});

Deno.test("a command that was begun cannot be begun again", () => {
  inDatabase((path) => {
    using db = openNodeDatabase(path);
    const journal = createJournal(db);
    journal.begin({ ...write("a"), at: NOW });
    assert.throws(() => journal.begin({ ...write("a"), at: NOW }), /UNIQUE/);
    assert.equal(journal.writes("roof", 8, NOW), 1, "what was undone is not counted");
  });
});

Deno.test("writes are counted by register and UTC day, also when the clock jumps there and back", () => {
  inDatabase((path) => {
    using db = openNodeDatabase(path);
    const journal = createJournal(db);
    journal.begin({ ...write("a"), at: NOW });
    journal.begin({ ...write("b"), at: NOW + DAY_MS });
    journal.begin({ ...write("c"), at: NOW + DAY_MS - 1 });
    assert.deepEqual([NOW, NOW + DAY_MS, NOW + 2 * DAY_MS].map((at) => journal.writes("roof", 8, at)), [2, 1, 0]);
    assert.deepEqual([journal.writes("barn", 8, NOW), journal.writes("roof", 9, NOW)], [0, 0]);
    journal.begin({ ...write("d"), at: NOW + 100 * DAY_MS });
    assert.equal(db.prepare("SELECT count(*) AS n FROM register_write").get()?.["n"], 1);
  });
});

Deno.test("of acknowledged commands the last thousand stay, what the gateway does not have stays for ever", () => {
  inDatabase((path) => {
    using db = openNodeDatabase(path);
    db.exec("PRAGMA synchronous = off"); // as many as in years
    const journal = createJournal(db);
    journal.finish(report("unheard"));
    for (let i = 0; i < 1200; i++) {
      journal.finish(report(`c${i}`));
      journal.acknowledge(`c${i}`);
    }
    assert.equal(db.prepare("SELECT count(*) AS n FROM command").get()?.["n"], 1001);
    assert.ok(journal.repeat("unheard") && journal.repeat("c200") && !journal.repeat("c199"));
  });
});

Deno.test("a command that is being executed stays one, whatever is acknowledged", () => {
  inDatabase((path) => {
    using db = openNodeDatabase(path);
    const journal = createJournal(db);
    journal.begin({ ...write("a"), at: NOW });
    journal.acknowledge("a");
    assert.deepEqual(journal.holding(), ["a"]);
    journal.finish(report("a"));
    assert.deepEqual(journal.unreported(), report("a"));
  });
});

Deno.test("a command is recorded with the count of its writes, or not at all", () => {
  inDatabase((path) => {
    using db = openNodeDatabase(path);
    const journal = createJournal(db);
    const [good] = write("a").writes;
    assert.ok(good);
    const writes = [good, { ...good, address: NaN }];
    assert.throws(() => journal.begin({ ...write("a"), writes, at: NOW }), /NOT NULL/);
    assert.deepEqual([journal.repeat("a"), journal.writes("roof", 8, NOW)], [false, 0]);
  });
});

Deno.test("commands that were interrupted come back in the order in which they were begun", () => {
  inDatabase((path) => {
    using db = openNodeDatabase(path);
    const journal = createJournal(db);
    for (const id of ["c", "a", "b"]) journal.begin({ ...write(id), at: NOW });
    assert.deepEqual(journal.interrupted().map(({ id }) => id), ["c", "a", "b"]);
    assert.deepEqual(journal.holding(), ["c", "a", "b"]);
  });
});

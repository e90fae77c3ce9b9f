import assert from "node:assert/strict";
import { knownDevices, untoldDevices } from "../../../cli/service/profile/known_devices.ts";
import { isTold, libraryDevices } from "../../../device/scan/library_device.ts";
import type { TableReader } from "../../../device/inverter/register_reader.ts";
import { dumpsBeside, programLibrary } from "../../../profiles/library.ts";
import { wordsOfDump } from "../../../profiles/dump.ts";

const kinds = programLibrary.names().flatMap((name) => {
  const found = programLibrary.find(name);
  return found.ok ? [found.value] : [];
});

function dumpOf(name: string) {
  const file = programLibrary.fileOf(name);
  const dumps = file && dumpsBeside(file);
  assert.ok(dumps?.ok);
  return dumps.value[0]?.[1] ?? assert.fail(`${name} has no dump`);
}

/** A unit with the registers of a dump, which counts what it is asked and refuses the rest, or says nothing. */
function unitWith(name: string, silent = false) {
  const dump = dumpOf(name), wordsAt = wordsOfDump(dump);
  const asked: string[] = [];
  const refusal = silent
    ? { kind: "timeout", message: "no answer", waitedMs: 300, attempts: 1 } as const
    : { kind: "exception", code: 2, name: "", message: "illegal data address" } as const;
  const bus: TableReader = {
    read(unitId, table, address, words) {
      asked.push(`${unitId} ${table} ${address} ${words}`);
      const value = wordsAt({ unitId, table, address, words });
      return Promise.resolve(value ? { ok: true, value } : { ok: false, fault: refusal });
    },
    readBits(unitId, table, address, words) {
      asked.push(`${unitId} ${table} ${address} ${words}`);
      return Promise.resolve({ ok: false, fault: refusal });
    },
  };
  return { bus, unit: dump.unit, asked };
}

for (const kind of kinds.filter(isTold)) {
  const { name } = kind.document;
  Deno.test(`${name} is named by what it answers, and nothing is asked twice`, async () => {
    for (const silent of [false, true]) {
      const { bus, unit, asked } = unitWith(name, silent);
      const [first, ...also] = await libraryDevices(kinds, bus, unit);
      const names = [first, ...also].map((one) => one?.document.name);
      if (SISTERS.includes(name)) assert.deepEqual(names.toSorted(), SISTERS);
      else assert.equal(names[0], name);
      assert.equal(new Set(asked).size, asked.length, "nothing is asked twice");
    }
  });
}

/** Meters whose makers gave them nothing to be told by. */
const SISTERS = ["eastron-sdm120", "eastron-sdm630", "eastron-sdm72"];

Deno.test("a unit with registers of its own is no device of the library, and those that cannot be told are listed", async () => {
  const nothing: TableReader = {
    read: () => Promise.resolve({ ok: true, value: [0x7f7f, 0x7f7f, 0x7f7f, 0x7f7f] }),
    readBits: () => Promise.resolve({ ok: true, value: [true] }),
  };
  assert.deepEqual(await libraryDevices(kinds, nothing, 1), []);
  const untold = untoldDevices();
  assert.ok(untold.includes("sungrow-sh") && untold.includes("janitza-umg"), untold.join());
  assert.equal(knownDevices().length, untold.length + kinds.filter(isTold).length + 1, "and the ten registers");
});

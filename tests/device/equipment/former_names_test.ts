import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { FormerNames } from "../../../device/equipment/former_names.ts";
import { createInverterIdentities, SCHEMA } from "../../../device/store/inverter_identities.ts";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { fakeLog } from "../../fakes/log.ts";

/** An inverter as it is configured: where it hangs, and its serial number; `unseen`: it has not answered yet. */
function inverter(name: string, place: string, { serial = "", unseen = false } = {}) {
  const identity = { manufacturer: "Test", model: "M", options: "", version: "", serialNumber: serial };
  return {
    config: { name },
    place,
    inverter: { profile: () => unseen ? undefined : ecowatt, identity: () => unseen ? undefined : identity },
  };
}

type Configured = ReturnType<typeof inverter>;

/** What each inverter was called before, for one configuration after the other. */
function formerly(...configurations: readonly (readonly Configured[])[]): readonly Record<string, readonly string[]>[] {
  using db = new DatabaseSync(":memory:");
  db.exec(SCHEMA);
  const { log } = fakeLog();
  return configurations.map((inverters) => {
    const names = new FormerNames({ inverters, identities: createInverterIdentities(db), log });
    return Object.fromEntries(inverters.map(({ config: { name } }) => [name, names.of(name)]));
  });
}

Deno.test("an inverter is known again by its serial number, wherever it hangs, under each name that it had", () => {
  const roof = (name: string, place: string) => inverter(name, place, { serial: "SN1" });
  assert.deepEqual(formerly([roof("east", "a")], [roof("attic", "a")], [roof("shed", "b")], [roof("east", "b")]), [
    { east: [] },
    { attic: ["east"] },
    { shed: ["attic", "east"] },
    { east: ["attic", "shed"] },
  ]);
});

Deno.test("without a serial number it is known by where it hangs; another one there is not it", () => {
  assert.deepEqual(formerly([inverter("east", "a")], [inverter("west", "b")], [inverter("attic", "a")]).at(-1), {
    attic: ["east"],
  });
  const exchanged = [inverter("attic", "a", { serial: "SN2" })];
  assert.deepEqual(formerly([inverter("east", "a", { serial: "SN1" })], exchanged).at(-1), { attic: [] });
});

Deno.test("nobody is taken for another one that is still there, or before it has answered", () => {
  const twins = [inverter("east", "a", { serial: "SN1" }), inverter("west", "b", { serial: "SN1" })];
  assert.deepEqual(formerly(twins), [{ east: [], west: [] }]);
  assert.deepEqual(formerly([inverter("east", "a")], [inverter("attic", "a", { unseen: true })]).at(-1), { attic: [] });
});

Deno.test("a disk that refuses is told, and it is known as long as the node runs", () => {
  const { log, lines } = fakeLog();
  const identities = {
    load: () => new Map([["east", "at a"]]),
    keep: () => {
      throw new Error("test: disk is full");
    },
  };
  const names = new FormerNames({ inverters: [inverter("attic", "a")], identities, log });
  assert.deepEqual([names.of("attic"), names.of("attic"), names.of("other")], [["east"], ["east"], []]);
  assert.equal(lines.length, 1);
});

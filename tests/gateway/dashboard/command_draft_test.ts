import assert from "node:assert/strict";
import { build, type Draft, EMPTY_DRAFT } from "../../../gateway/dashboard/page/pages/commands/draft.ts";

const NOW = Date.UTC(2026, 5, 21, 12);
const power = { name: "Pow", description: "limit", address: 8, words: 1, unit: "%", gain: 1, min: 0, max: 100 };
const volts = { ...power, name: "Vset", address: 20, unit: "V", gain: 10, min: 0, max: 300 };
const scaled = { ...power, name: "W", address: 30, unit: "W", gain: null, min: null, max: null };
const INVERTER = {
  inverter: "left",
  profile: "test",
  title: "Test",
  set_power: { units: ["%", "W"], min: 0, max: 100, can_revert: true },
  write_register: [power, volts, scaled],
  read_register: [power, volts, scaled],
};

const CASES: readonly (readonly [string, Partial<Draft>, object])[] = [
  ["a limit", { power: "60" }, { power_value: 60, unit: "%" }],
  ["watts, which the rating bounds at the inverter", { power: "2500", unit: "W" }, { power_value: 2500, unit: "W" }],
  ["a limit for a while", { power: "0", revert: "60" }, { power_value: 0, unit: "%", revert_s: 60 }],
  ["volts as the register holds them", { kind: "write_register", register: "Vset", value: "230.5" }, {
    register_address: 20,
    value: 2305,
  }],
  ["raw where only the inverter knows the scale", { kind: "write_register", register: "W", value: "-7" }, {
    register_address: 30,
    value: -7,
  }],
  ["a read", { kind: "read_register", register: "Pow", count: "3" }, { register_address: 8, count: 3 }],
];

Deno.test("what is typed becomes the command that is sent", async (t) => {
  for (const [name, typed, parameters] of CASES) {
    await t.step(name, () => {
      const built = build({ ...EMPTY_DRAFT, ...typed }, INVERTER, NOW);
      assert.ok(built.ok);
      const kind = typed.kind ?? "set_power";
      assert.deepEqual(built.command, { command_type: kind, parameters, inverter: "left", priority: 5 });
    });
  }
});

const WRONG: readonly (readonly [string, Partial<Draft>, keyof Draft])[] = [
  ["nothing", {}, "power"],
  ["no number", { power: "much" }, "power"],
  ["a fraction", { power: "60.5" }, "power"],
  ["too much", { power: "101" }, "power"],
  ["too little", { power: "-1" }, "power"],
  ["volts beyond the limit", { kind: "write_register", register: "Vset", value: "301" }, "value"],
  ["finer than the register", { kind: "write_register", register: "Vset", value: "230.55" }, "value"],
  ["no words", { kind: "read_register", count: "0" }, "count"],
  ["too many words", { kind: "read_register", count: "126" }, "count"],
];

Deno.test("what cannot be a command is told at its field", async (t) => {
  for (const [name, typed, field] of WRONG) {
    await t.step(name, () => {
      const built = build({ ...EMPTY_DRAFT, ...typed }, INVERTER, NOW);
      assert.ok(!built.ok && built.problems[field]);
    });
  }
});

Deno.test("a command expires so many hours from now", () => {
  const built = build({ ...EMPTY_DRAFT, power: "60", expiresIn: "0.25" }, INVERTER, NOW);
  assert.ok(built.ok);
  assert.equal(built.command["expires_at"], "2026-06-21T12:15:00.000Z");
});

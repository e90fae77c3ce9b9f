import assert from "node:assert/strict";
import { checkCommand } from "../../../protocol/command/check.ts";
import { Command } from "../../../protocol/command/command.ts";
import { commandReasonText } from "../../../protocol/command/reason.ts";
import { profileById } from "../../../protocol/profile/catalogue.ts";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import type { Profile } from "../../../protocol/profile/register.ts";

const SUNSPEC_ID = "sunspec:1@40002/66,103@40070/50,120@40122/26,121@40150/30,123@40182/24";

function sunspec(id = SUNSPEC_ID): Profile {
  const profile = profileById(id);
  assert.ok(profile);
  return profile;
}

function reasons(profile: Profile, type: string, parameters: unknown, board = false): string[] {
  const command = Command.parse({ command_type: type, parameters });
  return checkCommand(command, profile, { board }).map(({ path, reason }) => `${path}: ${commandReasonText(reason)}`);
}

Deno.test("what the ten-register inverter can do passes", () => {
  for (const value of [0, 50, 100]) {
    assert.deepEqual(reasons(ecowatt, "set_power", { power_value: value }), []);
    assert.deepEqual(reasons(ecowatt, "write_register", { register_address: 8, value }), []);
  }
  assert.deepEqual(reasons(ecowatt, "set_power", { power_value: 5, unit: "%" }), []);
  assert.deepEqual(reasons(ecowatt, "read_register", { register_address: 0, count: 10 }), []);
  assert.deepEqual(reasons(ecowatt, "read_register", { register_address: 9 }), []);
});

Deno.test("a board is told to write its power limit and nothing else, whatever its profile allows", () => {
  const open = { ...ecowatt, registers: ecowatt.registers.map((one) => ({ ...one, access: "read-write" as const })) };
  assert.deepEqual(reasons(open, "write_register", { register_address: 0, value: 100 }), []);
  assert.deepEqual(reasons(open, "write_register", { register_address: 8, value: 100 }, true), []);
  assert.deepEqual(reasons(open, "write_register", { register_address: 0, value: 100 }, true), [
    "parameters.register_address: a board writes Pow only",
  ]);
});

Deno.test("what it cannot do is refused with the reason", () => {
  const table: readonly (readonly [string, unknown, string])[] = [
    ["set_power", { power_value: 101 }, "parameters.power_value: Pow takes 0 to 100 %: 101 is outside"],
    ["set_power", { power_value: -1 }, "parameters.power_value: Pow takes 0 to 100 %: -1 is outside"],
    ["set_power", { power_value: 5, unit: "W" }, "parameters.unit: must be %, the unit of Pow"],
    ["write_register", { register_address: 10, value: 1 }, "that begins at 10"],
    ["write_register", { register_address: 9, value: 1 }, "parameters.register_address: Pac cannot be written"],
    ["write_register", { register_address: 8, value: 101 }, "parameters.value: Pow takes 0 to 100 %"],
    ["write_register", { register_address: 8, value: 65_586 }, "parameters.value: Pow holds 0 to 65535"],
    ["write_register", { register_address: 8, value: -1 }, "parameters.value: Pow holds 0 to 65535"],
    ["read_register", { register_address: 1, count: 10 }, "no register at 1 to 10"],
    ["read_register", { register_address: 10 }, "no register at 10"],
    ["read_register", { register_address: 65_535, count: 125 }, "no register at 65535 to 65659"],
  ];
  for (const [type, parameters, expected] of table) {
    const [reason, second] = reasons(ecowatt, type, parameters);
    assert.ok(reason?.includes(expected), `${type} ${JSON.stringify(parameters)}: ${reason}`);
    assert.equal(second, undefined);
  }
});

Deno.test("all reasons come at once", () => {
  const found = reasons(ecowatt, "set_power", { power_value: 200, revert_s: 60 }, true);
  assert.deepEqual(found, [
    "parameters.power_value: Pow takes 0 to 100 %: 200 is outside",
    "parameters.revert_s: a board does not lift a limit after a time",
  ]);
});

Deno.test("a board knows absolute writes of its limit only", () => {
  assert.deepEqual(reasons(ecowatt, "read_register", { register_address: 8 }, true), [
    "command_type: a board does not know read_register",
  ]);
  assert.deepEqual(reasons(ecowatt, "set_power", { power_value: 100 }, true), []);
  assert.deepEqual(reasons(ecowatt, "write_register", { register_address: 8, value: 100 }, true), []);
});

Deno.test("a SunSpec limit is set in percent, or in watts of a rating that the inverter tells", () => {
  assert.deepEqual(reasons(sunspec(), "set_power", { power_value: 50, revert_s: 600 }), []);
  assert.deepEqual(reasons(sunspec(), "set_power", { power_value: 3_000, unit: "W" }), []);
  assert.deepEqual(reasons(sunspec(), "set_power", { power_value: -3, unit: "W" }), [
    "parameters.power_value: must not be negative",
  ]);
  const unrated = sunspec("sunspec:1@40002/66,103@40070/50,123@40122/24");
  assert.deepEqual(reasons(unrated, "set_power", { power_value: 3_000, unit: "W" }), [
    "parameters.unit: must be %, the unit of 123.WMaxLimPct",
  ]);
  const measuring = sunspec("sunspec:1@40002/66,103@40070/50");
  assert.deepEqual(reasons(measuring, "set_power", { power_value: 50 }), [
    "command_type: SunSpec inverter has no power limit that can be set",
  ]);
  const cut = sunspec("sunspec:1@40002/66,103@40070/50,123@40122/5"); // a block too short for its switch
  assert.equal(reasons(cut, "set_power", { power_value: 50 }).length, 1);
});

Deno.test("texts and headers of SunSpec models can be read, what lies outside of them cannot", () => {
  assert.deepEqual(reasons(sunspec(), "read_register", { register_address: 40_004, count: 16 }), []);
  assert.deepEqual(reasons(sunspec(), "read_register", { register_address: 40_002, count: 68 + 52 }), []);
  assert.equal(reasons(sunspec(), "read_register", { register_address: 40_001, count: 2 }).length, 1);
  assert.equal(reasons(sunspec(), "read_register", { register_address: 40_200, count: 20 }).length, 1);
});

Deno.test("a raw value is judged by its physical value once the scale factor is known", () => {
  const [limit] = sunspec().registers.filter(({ name }) => name === "123.WMaxLimPct");
  assert.ok(limit);
  const command = Command.parse({
    command_type: "write_register",
    parameters: { register_address: limit.address, value: 500 },
  });
  assert.deepEqual(checkCommand(command, sunspec()), []);
  assert.deepEqual(checkCommand(command, sunspec(), { rawOf: () => -1 }), []);
  assert.equal(checkCommand(command, sunspec(), { rawOf: () => 0 }).length, 1);
  assert.equal(checkCommand(command, sunspec(), { rawOf: () => undefined })[0]?.reason.code, "scale_unusable");
  const absent = Command.parse({
    command_type: "write_register",
    parameters: { register_address: limit.address, value: 0xffff },
  });
  assert.deepEqual(reasons(sunspec(), absent.command_type, absent.parameters), [
    'parameters.value: 65535 means "not implemented" in 123.WMaxLimPct',
  ]);
});

Deno.test("parameters are integers, and nothing else", () => {
  const bad: readonly (readonly [string, unknown])[] = [
    ["set_power", { power_value: 50.5 }],
    ["set_power", { power_value: "50" }],
    ["set_power", {}],
    ["set_power", { power_value: null }],
    ["set_power", { power_value: 1e300 }],
    ["set_power", { power_value: 50, uint: "W" }],
    ["write_register", { register_address: -1, value: 1 }],
    ["write_register", { register_address: 65_536, value: 1 }],
    ["write_register", { register_address: 8 }],
    ["read_register", { register_address: 8, count: 0 }],
    ["read_register", { register_address: 8, count: 126 }],
    ["reboot", {}],
  ];
  for (const [command_type, parameters] of bad) {
    assert.equal(Command.safeParse({ command_type, parameters }).success, false, JSON.stringify(parameters));
  }
});

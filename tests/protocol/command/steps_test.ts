import assert from "node:assert/strict";
import { programLibrary } from "../../../profiles/library.ts";
import { checkCommand } from "../../../protocol/command/check.ts";
import { Command } from "../../../protocol/command/command.ts";
import { commandReasonText } from "../../../protocol/command/reason.ts";
import { inputsOf, registersWritten, type Step, stepsOf } from "../../../protocol/command/steps.ts";
import { profileById } from "../../../protocol/profile/catalogue.ts";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";

const sunspec = profileById("sunspec:1@40002/66,103@40070/50,120@40122/26,121@40150/30,123@40182/24");
assert.ok(sunspec);

function setPower(parameters: unknown): Command {
  return Command.parse({ command_type: "set_power", parameters });
}

function told(steps: readonly Step[]): unknown[][] {
  return steps.map((step) => step.kind === "read" ? [step.address, step.count] : [step.register.name, ...step.words]);
}

function raws(values: Record<string, number>): (name: string) => number | undefined {
  return (name) => values[name];
}

Deno.test("the ten-register inverter takes its limit in one write, and nothing has to be read first", () => {
  const command = setPower({ power_value: 42 });
  assert.deepEqual(inputsOf(command, ecowatt), []);
  const steps = stepsOf(command, ecowatt, () => undefined);
  assert.ok(steps.ok);
  assert.deepEqual(told(steps.value), [["Pow", 42]]);
});

Deno.test("a SunSpec inverter takes the value, then its time, then the switch", () => {
  const command = setPower({ power_value: 50, revert_s: 300 });
  assert.deepEqual(inputsOf(command, sunspec).map(({ name }) => name), ["123.WMaxLimPct_SF"]);
  const steps = stepsOf(command, sunspec, raws({ "123.WMaxLimPct_SF": -2 }));
  assert.ok(steps.ok);
  assert.deepEqual(told(steps.value), [
    ["123.WMaxLimPct", 5000],
    ["123.WMaxLimPct_RvrtTms", 300],
    ["123.WMaxLim_Ena", 1],
  ]);
  assert.deepEqual(registersWritten(command, sunspec).map(({ address }) => address), [40_187, 40_189, 40_191]);
});

Deno.test("watts become percent of the rating, and more than the rating is refused, not clamped", () => {
  const factors = { "123.WMaxLimPct_SF": -1, "121.WMax_SF": 1, "121.WMax": 600 }; // 6 kW
  const command = setPower({ power_value: 1500, unit: "W" });
  assert.deepEqual(inputsOf(command, sunspec).map(({ name }) => name), [
    "123.WMaxLimPct_SF",
    "121.WMax_SF",
    "121.WMax",
  ]);
  const steps = stepsOf(command, sunspec, raws(factors));
  assert.ok(steps.ok);
  assert.deepEqual(told(steps.value)[0], ["123.WMaxLimPct", 250]);
  const fault = (parameters: unknown, known: Record<string, number>) => {
    const refused = stepsOf(setPower(parameters), sunspec, raws(known));
    return refused.ok ? "ok" : refused.fault;
  };
  assert.equal(fault({ power_value: 6001, unit: "W" }, factors), "out_of_range");
  assert.equal(fault({ power_value: 10, unit: "W" }, { "123.WMaxLimPct_SF": -1 }), "no_rating");
  assert.equal(fault({ power_value: 10 }, {}), "no_scale");
  assert.equal(fault({ power_value: 10 }, { "123.WMaxLimPct_SF": -0x8000 }), "no_scale");
  assert.equal(fault({ power_value: 101 }, factors), "out_of_range");
});

Deno.test("a read is one step, a write of 32 bits one request", () => {
  const read = Command.parse({ command_type: "read_register", parameters: { register_address: 3 } });
  const steps = stepsOf(read, ecowatt, () => undefined);
  assert.ok(steps.ok);
  assert.deepEqual(told(steps.value), [[3, 1]]);
  assert.deepEqual(registersWritten(read, ecowatt), []);
});

Deno.test("a limit of model 704 is lifted by the inverter as one of 123 is: what comes afterwards goes before its time", () => {
  const der = profileById("sunspec:701@40070/153,702@40225/50,704@40277/65");
  assert.ok(der);
  const command = setPower({ power_value: 50, revert_s: 300 });
  const steps = stepsOf(command, der, raws({ "704.WMaxLimPct_SF": -1 }));
  assert.ok(steps.ok);
  assert.deepEqual(told(steps.value), [
    ["704.WMaxLimPct", 500],
    ["704.WMaxLimPctEnaRvrt", 0],
    ["704.WMaxLimPctRvrtTms", 0, 300],
    ["704.WMaxLimPctEna", 1],
  ]);
  assert.deepEqual(registersWritten(command, der).map(({ name }) => name), told(steps.value).map(([name]) => name));
});

Deno.test("a limit that nobody has tried is written only for who insists, and then what puts it into force", () => {
  const found = programLibrary.find("sungrow-sg");
  assert.ok(found.ok);
  const [{ profile }] = found.value.maps;
  const insisting = setPower({ power_value: 40, unverified: true });
  const steps = stepsOf(insisting, profile, () => undefined);
  assert.ok(steps.ok);
  assert.deepEqual(told(steps.value), [["power_limit", 400], ["power_limit_switch", 170]]);
  assert.deepEqual(registersWritten(insisting, profile).map(({ name }) => name), ["power_limit", "power_limit_switch"]);
  assert.deepEqual(checkCommand(insisting, profile), []);
  const asked = setPower({ power_value: 40 });
  assert.ok(!stepsOf(asked, profile, () => undefined).ok);
  const [refused] = checkCommand(asked, profile);
  assert.ok(refused);
  assert.equal(refused.path, "parameters.unverified");
  assert.match(commandReasonText(refused.reason), /nobody has tried it on hardware; on some models the limit/);
});

import assert from "node:assert/strict";
import { boardRegisters, ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { columnsOf, lookup } from "../../../protocol/profile/lookup.ts";
import { physical } from "../../../protocol/profile/physical.ts";

const none = () => undefined;

Deno.test("the ten registers lie at 0 to 9 with the gains the boards use", () => {
  const table = ecowatt.registers.map(({ address, name, scale, unit }) => [address, name, scale, unit]);
  const gain = (gain: number) => ({ kind: "gain", gain });
  assert.deepEqual(table, [
    [0, "Vac1", gain(10), "V"],
    [1, "Iac1", gain(10), "A"],
    [2, "Fac1", gain(100), "Hz"],
    [3, "Vpv1", gain(10), "V"],
    [4, "Vpv2", gain(10), "V"],
    [5, "Ipv1", gain(10), "A"],
    [6, "Ipv2", gain(10), "A"],
    [7, "Temp", gain(10), "°C"],
    [8, "Pow", gain(1), "%"],
    [9, "Pac", gain(1), "W"],
  ]);
});

Deno.test("a register is found by its name and its synonym in any case", () => {
  for (const spelling of ["Vac1", "vac1", "REG_VAC1", "reg_vac1"]) {
    assert.equal(lookup(ecowatt, spelling)?.name, "Vac1");
  }
  for (const foreign of ["", "Vac", "REG_", "__proto__", "constructor"]) {
    assert.equal(lookup(ecowatt, foreign), undefined);
  }
});

Deno.test("every named register exists", () => {
  const { power, powerLimit, voltage, frequency, temperatures = [], defaultRegisters } = ecowatt;
  for (const name of [power, powerLimit, voltage, frequency, ...temperatures, ...defaultRegisters, ...boardRegisters]) {
    assert.ok(lookup(ecowatt, name ?? ""), name);
  }
});

Deno.test("columns keep the order asked for, each once, under the registers' own names", () => {
  const columns = columnsOf(ecowatt, ["REG_PAC", "Vac1", "pac"]);
  assert.ok(columns.ok);
  assert.deepEqual(columns.value.map((register) => register.name), ["Pac", "Vac1"]);
  const refused = columnsOf(ecowatt, ["Vac1", "Nope"]);
  assert.ok(!refused.ok && refused.fault === "unknown_register" && refused.detail.includes("Nope"));
});

Deno.test("raw values scale to the plain decimal, without binary dust", () => {
  const voltage = lookup(ecowatt, "Vac1");
  assert.ok(voltage);
  assert.equal(physical(voltage, 2309, none), 230.9);
  assert.equal(physical(voltage, 0, none), 0);
  assert.equal(physical(voltage, undefined, none), undefined);
});

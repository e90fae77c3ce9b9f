import assert from "node:assert/strict";
import { at } from "../api/fixture.ts";
import { startRunning } from "./running.ts";

Deno.test("what a device can be told: a board its power limit, a node what its inverter has", async () => {
  await using gateway = await startRunning();
  await gateway.addBoard("greenhouse");
  const told = await gateway.ask("GET", "/api/v1/devices/greenhouse/command-abilities", undefined, "viewer");
  assert.equal(told.status, 200);
  assert.equal(at(told.body, "inverters", 0, "profile"), "ecowatt");
  const limits = { units: ["%"], min: 0, max: 100, can_revert: false };
  assert.deepEqual(at(told.body, "inverters", 0, "set_power"), limits);
  assert.equal(at(told.body, "inverters", 0, "write_register", 0, "name"), "Pow");
  assert.equal(at(told.body, "inverters", 0, "write_register", 1), undefined);
  assert.equal(at(told.body, "inverters", 0, "read_register", 0), undefined);
});

Deno.test("nobody can say what a device takes that has uploaded nothing, or is not there", async () => {
  await using gateway = await startRunning();
  await gateway.addNode("roof", null);
  const told = await gateway.ask("GET", "/api/v1/devices/roof/command-abilities", undefined, "viewer");
  assert.deepEqual(at(told.body, "inverters"), []);
  assert.equal((await gateway.ask("GET", "/api/v1/devices/nobody/command-abilities")).status, 404);
});

import assert from "node:assert/strict";
import { deviceStatusTopic, fits, limitedInverter } from "../../../gateway/mqtt/topics.ts";

Deno.test("a topic fits a filter of as many levels, where + stands for one (MQTT 3.1.1 §4.7.1.3)", () => {
  const filter = "ecowatt/+/settings/set";
  assert.ok(fits(filter, "ecowatt/roof/settings/set"));
  for (const other of ["ecowatt/roof/settings", "ecowatt/roof/settings/set/more", "ecowatt/roof/x/settings/set"]) {
    assert.ok(!fits(filter, other), other);
  }
  assert.equal(limitedInverter("ecowatt/roof/a/power_limit/set/more"), undefined);
});

Deno.test("a device named gateway has no status of its own: the topic is the gateway's", () => {
  assert.equal(deviceStatusTopic("roof"), "ecowatt/roof/status");
  assert.equal(deviceStatusTopic("gateway"), undefined);
});

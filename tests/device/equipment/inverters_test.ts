import assert from "node:assert/strict";
import { BusConfig } from "../../../device/config/bus_config.ts";
import { pollPatienceMs } from "../../../device/equipment/inverters.ts";

Deno.test("the patience has room for every timeout of the line", () => {
  const bus = BusConfig.parse({
    tcp: { host: "h", connect_timeout: "10s" },
    timing: { timeout: "5s", retries: 2 },
    inverters: [{ name: "a" }, { name: "b" }],
  });
  assert.equal(pollPatienceMs(bus), 60_000 + 4 * 2 * 3 * 15_000);
});

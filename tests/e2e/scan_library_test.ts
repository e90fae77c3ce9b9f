import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { run, start } from "./process.ts";

const DEVICES = [
  ["deye-hybrid-3p", "inverter"],
  ["growatt-sph", "inverter"],
  ["huawei-sun2000", "inverter"],
  ["abb-b2x", "meter"],
  ["eastron-sdm630", "meter"],
] as const;

for (const [name, called] of DEVICES) {
  Deno.test(`scan names a ${name} and prints its configuration`, async () => {
    const dump = fileURLToPath(new URL(`../../profiles/${name}/dumps/computed.yaml`, import.meta.url));
    await using simulator = start(["simulate", "--dump", dump, "--port", "0", "--no-http"]);
    const [, port = ""] = await simulator.says(/tcp:\/\/[^:\s]+:(\d+)/);
    const { code, out, err } = await run(["scan", "tcp", "127.0.0.1", "--port", port, "--units", "1", "--json"]);
    assert.equal(code, 0, err);
    const { found: [one], buses_yaml: yaml } = JSON.parse(out);
    assert.deepEqual([one.kind, one.unit], ["device", 1]);
    assert.ok([one.profile, ...one.also].includes(name), out);
    assert.match(one.address, new RegExp(`^tcp://127\\.0\\.0\\.1:${port}\\?unit=1&profile=${one.profile}`));
    assert.match(yaml, new RegExp(`\\{ name: ${called}, profile: ${one.profile}, unit: 1 \\}`));
  });
}

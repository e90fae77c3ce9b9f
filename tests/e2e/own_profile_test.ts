import assert from "node:assert/strict";
import { join } from "node:path";
import { toHex } from "../../crypto/bytes.ts";
import { ownDocument, profileIn } from "../fakes/own_profile.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { until } from "../fakes/until.ts";
import { startGatewayProcess } from "./gateway.ts";
import { run, start } from "./process.ts";
import { ask } from "./site.ts";

const DUMP = {
  dump: "ecowatt-dump/1",
  profile: "my-meter",
  made: "facts",
  registers: [{ address: 0, words: [0xf060, 1, 0, 5_000] }],
};

interface Latest {
  readonly values: readonly { readonly register: string; readonly value: number }[];
}

Deno.test("an owner's own profile beside the configuration is polled, travels, is answered by, and a refused one waits", async () => {
  await using folder = await temporaryDirectory();
  await using gateway = await startGatewayProcess();
  const { rawKey } = await gateway.addDevice("roof");
  await Deno.mkdir(join(folder.path, "profiles"));
  const own = join(folder.path, "profiles", "my-meter.yaml");
  await Deno.writeTextFile(own, JSON.stringify(ownDocument()));
  const dump = join(folder.path, "dump.yaml"), config = join(folder.path, "ecowatt.yaml");
  await Deno.writeTextFile(dump, JSON.stringify(DUMP));
  await using simulator = start(["simulate", "--dump", dump, "--port", "0", "--no-http"]);
  const [, port] = await simulator.says(/tcp:\/\/[^:\s]+:(\d+)/);
  const node = {
    device_id: "roof",
    gateway: gateway.url,
    key: toHex(rawKey),
    poll_interval: "0.5s",
    upload_interval: "1s",
    buses: [{
      tcp: { host: "127.0.0.1", port: Number(port) },
      inverters: [{ name: "meter", profile: "my-meter", unit: 1 }],
    }],
  };
  await Deno.writeTextFile(config, JSON.stringify({ node }), { mode: 0o600 });
  const flags = ["--config", config, "--data-dir", join(folder.path, "node")];
  assert.equal((await run(["check", "--config", config])).code, 0);
  const latest = () => ask<Latest>(gateway.url, gateway.token, "/api/v1/devices/roof/latest");
  const valueOf = async (name: string) => (await latest()).values.find(({ register }) => register === name)?.value;
  {
    await using running = start(["node", ...flags]);
    await until(async () => await valueOf("GridW") === -400, "converted by the profile that travelled");
    assert.equal(await valueOf("ImportWh"), 5_000);
    assert.equal(await running.kill("SIGTERM"), 0);
  }
  const large = tooLarge(ownDocument({ scale: 1 }));
  await Deno.writeTextFile(own, JSON.stringify(large));
  await using running = start(["node", ...flags]);
  await running.says(new RegExp(`does not take profile.*${profileIn(large).id}|${profileIn(large).id}.*wait here`));
  const { out } = await run(["doctor", ...flags]);
  assert.match(out, /the gateway does not take my-meter@\w+, and its samples wait here: 413/);
  assert.equal(await valueOf("GridW"), -400, "nothing was stored of it");
});

/** More than a gateway takes, all of it right. */
function tooLarge(document: Record<string, unknown>): Record<string, unknown> {
  const more = Array.from({ length: 200 }, (_, i) => {
    return [`More${i}`, { address: 100 + i, type: "u16", note: "x".repeat(400) }];
  });
  const registers = { ...Object(document["registers"]), ...Object.fromEntries(more) };
  return { ...document, registers, poll: { fast: ["GridW", "State"] } };
}

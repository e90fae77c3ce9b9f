import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, start, until } from "./process.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { ask, gatewayUrl, output } from "./site.ts";

const STATE = new URL("../fixtures/state_0.1.0/", import.meta.url);
/** Of the fixture's device; made for it, and used nowhere else. */
const TEST_KEY_OF_ROOF = "d19a1251fff20798f5fdca64fb8e41d838de75af120d99a7374a0e64f92060de";
const SPAN = "from=1796078000000&to=1796078300000";
const COMMAND = "9OtyXrdI1z4E";

interface History {
  readonly commands: readonly { readonly command_id: string; readonly status: string; readonly hand_outs: number }[];
}

/** Puts the directory in place, with a configuration that keeps its samples for ever and polls nothing that answers. */
async function unpack(folder: string): Promise<void> {
  const archive = fileURLToPath(new URL("test_keys_only.tar.gz", STATE));
  assert.equal((await run(["xzf", archive, "-C", folder], { program: ["tar"] })).code, 0);
  await Deno.writeTextFile(join(folder, "gateway.yaml"), "gateway:\n  port: 0\n  retention_days: { raw: forever }\n");
}

async function configureNode(folder: string, url: string): Promise<string> {
  const path = join(folder, "node.yaml");
  const text = `node:
  device_id: roof
  gateway: ${url}
  key: "${TEST_KEY_OF_ROOF}"
  poll_interval: 10s
  buses:
    - tcp: { host: 127.0.0.1, port: 9 }
      inverters: [{ unit: 17, profile: ecowatt, name: ten }, { unit: 1, profile: sunspec, name: sun }]
`;
  await Deno.writeTextFile(path, text, { mode: 0o600 });
  return path;
}

Deno.test("what an earlier version left after kill -9 is opened: every sample, command and setting is there", async () => {
  await using folder = await temporaryDirectory();
  await unpack(folder.path);
  const local = ["--data-dir", folder.path];
  await using gateway = start(["gateway", "--config", join(folder.path, "gateway.yaml"), ...local]);
  const url = await gatewayUrl(gateway);
  const token = await output(["token", "create", "reader", "--role", "viewer", ...local]);
  await using node = start(["node", "--config", await configureNode(folder.path, url), ...local]);
  await node.says(/node started/);

  const csv = async (inverter: string) => {
    const headers = { authorization: `Bearer ${token}` };
    const query = `inverter=${inverter}&resolution=raw&${SPAN}`;
    return await (await fetch(`${url}/api/v1/devices/roof/samples.csv?${query}`, { headers })).text();
  };
  for (const inverter of ["ten", "sun"]) {
    const expected = await Deno.readTextFile(new URL(`${inverter}.csv`, STATE));
    await until(`all samples of ${inverter}`, async () => (await csv(inverter)).length >= expected.length || undefined);
    assert.equal(await csv(inverter), expected);
  }
  const { commands } = await ask<History>(url, token, "/command/history?device_id=roof");
  assert.deepEqual(
    commands.map(({ command_id, status, hand_outs }) => ({ command_id, status, hand_outs })),
    [{ command_id: COMMAND, status: "completed", hand_outs: 1 }],
  );
  const settings = await ask<Record<string, unknown>>(url, token, "/api/v1/devices/roof/settings");
  assert.deepEqual(settings["reported"], {
    version: 1,
    at_ms: 1796078165400,
    poll_interval_s: 1,
    upload_interval_s: 3,
  });
  assert.equal(settings["state"], "in_sync");
});

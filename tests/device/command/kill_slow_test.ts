import assert from "node:assert/strict";
import type { NodeConfig } from "../../../device/config/node_config.ts";
import { startSite } from "./site.ts";
import { writableInverter } from "./writable_inverter.ts";

const child = new URL("./killed_node.ts", import.meta.url).pathname;

const power = (power_value: number, more = {}) => ({
  command_type: "set_power",
  parameters: { power_value, ...more },
});

function spawnNode(folder: string, config: NodeConfig): Deno.ChildProcess {
  const text = JSON.stringify({
    device_id: config.device_id,
    gateway: config.gateway,
    key: config.key,
    poll_interval: "500ms",
    upload_interval: "1s",
    buses: config.buses.map(({ name, tcp }) => ({
      name,
      tcp: { host: tcp?.host, port: tcp?.port },
      timing: { timeout: "500ms" },
      inverters: [{ name: "roof" }],
    })),
  });
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", child, `${folder}/node`, text],
    stdout: "null",
    stderr: "inherit",
  }).spawn();
}

/** What the operator is told when the node is killed while its first write is at the inverter, and how often it wrote. */
async function killedAt(moment: "before" | "after", order = power(40), isOver = (_limit: number) => true) {
  await using site = await startSite();
  await using inverter = writableInverter();
  const config = site.nodeConfig(inverter.port);
  const first = spawnNode(site.folder, config);
  const died = Promise.withResolvers<void>();
  inverter.onWrite[moment] = async () => {
    inverter.onWrite = {};
    first.kill("SIGKILL");
    await first.status;
    died.resolve();
    if (moment === "before") throw new Deno.errors.ConnectionReset("the request is lost with its sender");
  };
  const id = await site.queue(order);
  await died.promise;
  const second = spawnNode(site.folder, config);
  try {
    const command = await site.ended(id);
    await site.until(() => isOver(inverter.limit()) || undefined);
    return { command, written: [...inverter.written], limit: inverter.limit() };
  } finally {
    second.kill("SIGKILL");
    await second.status;
  }
}

Deno.test("a node killed after the write took effect does not write again, and reports it completed", async () => {
  const { command, written } = await killedAt("after");
  assert.deepEqual([command.status, command.result.message, written], ["completed", "Pow = 40", [40]]);
});

Deno.test("a node killed before the write took effect does not write later, and reports what the register holds", async () => {
  const { command, written, limit } = await killedAt("before");
  assert.equal(command.status, "failed");
  assert.match(command.error_message, /interrupted by a restart of the node; Pow holds 100, not 40/);
  assert.deepEqual([written, limit], [[], 100]);
});

Deno.test("a node killed after a write for a time took effect gives the inverter back what it held, when it starts", async () => {
  const forAnHour = power(40, { revert_s: 3_600 });
  const { command, written } = await killedAt("after", forAnHour, (limit) => limit === 100);
  assert.deepEqual([command.status, written], ["completed", [40, 100]]);
});

Deno.test("a node killed before a write for a time took effect leaves the inverter as it is", async () => {
  const { command, written, limit } = await killedAt("before", power(40, { revert_s: 3_600 }));
  assert.deepEqual([command.status, written, limit], ["failed", [], 100]);
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { program, testWith } from "../needs.ts";
import { countingInverter, countOf } from "./counting_inverter.ts";
import { configureNode } from "./killed_site.ts";
import { start, until } from "./process.ts";
import { output, samples, startGateway } from "./site.ts";

const root = { what: "root, to mount a file system", met: Deno.uid() === 0 };

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args }).output();
  if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr)}`);
}

/** A file system that can be made read-only while nobody has its files open for writing. */
async function disk(path: string): Promise<{ remount(how: "ro" | "rw"): Promise<void> } & AsyncDisposable> {
  await Deno.mkdir(path);
  await run("mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", path);
  return {
    remount: (how) => run("mount", "-o", `remount,${how}`, path),
    [Symbol.asyncDispose]: () => run("umount", "-l", path),
  };
}

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  testWith(
    [root, program("mount")],
    `a gateway that finds its disk read-only (after ${signal}) shows what it has, and goes on when it takes writes`,
    async () => {
      await using folder = await temporaryDirectory();
      await using medium = await disk(join(folder.path, "disk"));
      const dataDir = join(folder.path, "disk");
      await using inverter = countingInverter();
      const first = await startGateway(dataDir);
      const token = await output(["token", "create", "test", "--role", "operator", "--data-dir", dataDir]);
      const config = await configureNode(folder.path, dataDir, first.url, inverter.port);
      await using _node = start(["node", "--config", config, "--data-dir", folder.path]);
      const stored = async (more: number) => {
        const points = await samples(first.url, token, "roof");
        return points.length >= more ? points : undefined;
      };
      try {
        await until("the first samples", () => stored(5));
      } finally {
        await first.process.kill(signal);
      }
      await medium.remount("ro");
      await using gateway = start(["gateway", "--port", new URL(first.url).port, "--data-dir", dataDir]);
      await gateway.says(/is read-only/);
      const health = await until("an answer", () => fetch(`${first.url}/health`));
      assert.equal(health.status, 503);
      assert.match(await health.text(), /its disk takes no writes/);
      assert.ok((await samples(first.url, token, "roof")).length >= 5);
      const command = { device_id: "roof", command_type: "set_power", parameters: { power_value: 50 } };
      const refused = await fetch(`${first.url}/command/queue`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(command),
      });
      assert.equal(refused.status, 503);
      assert.ok(refused.headers.has("retry-after"));
      await refused.body?.cancel();
      await medium.remount("rw");
      await gateway.says(/started anew/);
      const target = inverter.answered();
      const points = await until("every sample", () => stored(target));
      const counts = points.map(({ values }) =>
        countOf(Math.round(10 * (values["Vpv1"] ?? NaN)), values["Pac"] ?? NaN)
      );
      assert.deepEqual(counts, counts.map((_, count) => count), "each of them once, in order");
      const healthy = await fetch(`${first.url}/health`);
      assert.equal(healthy.status, 200);
      await healthy.body?.cancel();
    },
  );

  testWith(
    [root, program("mount")],
    `a node that finds its disk read-only (after ${signal}) polls, and loses nothing when it takes writes`,
    async () => {
      await using folder = await temporaryDirectory();
      await using medium = await disk(join(folder.path, "disk"));
      await using inverter = countingInverter();
      const gateway = await startGateway(folder.path);
      await using _gateway = gateway.process;
      const token = await output(["token", "create", "test", "--data-dir", folder.path]);
      const config = await configureNode(folder.path, folder.path, gateway.url, inverter.port);
      const startNode = () => start(["node", "--config", config, "--data-dir", join(folder.path, "disk")]);
      const polls = (more: number) => {
        const target = inverter.answered() + more;
        return until("polls", () => Promise.resolve(inverter.answered() > target ? true : undefined));
      };
      const first = startNode();
      try {
        await polls(20);
      } finally {
        await first.kill(signal);
      }
      const killedAt = inverter.answered();
      await medium.remount("ro");
      await using node = startNode();
      await node.says(/is read-only/);
      await polls(20);
      await medium.remount("rw");
      await node.says(/started anew/);
      const target = inverter.answered() + 5;
      const counts = await until("what was polled since", async () => {
        const points = await samples(gateway.url, token, "roof");
        const found = points.map(({ values }) =>
          countOf(Math.round(10 * (values["Vpv1"] ?? NaN)), values["Pac"] ?? NaN)
        );
        return found.some((count) => count >= target) ? found : undefined;
      });
      assert.equal(new Set(counts).size, counts.length, "nothing twice");
      const since = new Set(counts.filter((count) => count > killedAt && count < target));
      const missing = target - killedAt - 1 - since.size;
      assert.ok(
        missing <= 1,
        `all that was polled, but for a poll that was under way when it was started anew: ${missing}`,
      );
    },
  );
}

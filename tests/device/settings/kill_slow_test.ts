import assert from "node:assert/strict";
import { systemClock as clock } from "../../../platform/clock.ts";
import { until } from "../../fakes/until.ts";
import { start as startSimulator } from "../simulator/running.ts";
import { Site } from "./site.ts";

const program = new URL("./killed_node.ts", import.meta.url).href;

/** Runs a node in a process of its own for some time after it started, and kills it. */
async function runAndKill(site: Site, ms: number): Promise<void> {
  const args = ["run", "-A", program, JSON.stringify(site.nodeOptions)];
  await using node = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  const reader = node.stdout.getReader();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, ms));
  node.kill("SIGKILL");
  await reader.cancel();
  await node.status;
}

Deno.test("a node killed anywhere between the offer and the report ends up with the last settings, every step told in order", async () => {
  await using simulator = await startSimulator({ port: 0 });
  await using site = new Site({ clock, fetch }, simulator.addresses.tcp?.port ?? 0);
  await site.startGateway();
  // The steps of a version are some 10 to 1,000 ms after the start: an offer at once, the upload, the report.
  for (const [index, ms] of [0, 10, 25, 50, 100, 200, 400, 900, 1_300].entries()) {
    await site.set({ poll_interval_s: (100 + index) / 1000 });
    await runAndKill(site, ms);
  }
  await site.startNode();
  await until(async () => (await site.settings()).state === "in_sync", "the gateway knows");
  assert.deepEqual((await site.settings()).reported?.poll_interval_s, 0.108);
  assert.equal(site.node.status().settings.inForce?.poll_interval_s, 0.108);
  const told = (await site.history()).filter(({ parameter }) => parameter === "poll_frequency")
    .map(({ of_version, status }) => `${of_version} ${status}`);
  const versions = [...new Set(told.map((step) => Number(step.split(" ")[0])))];
  assert.ok(versions.includes(9) && versions.length > 2, told.join());
  for (const version of versions) {
    const steps = told.filter((step) => step.startsWith(`${version} `));
    const expected = [`${version} accepted`, `${version} applied`].filter((step) => steps.includes(step));
    assert.deepEqual([...new Set(steps)], expected, `version ${version}, in order`);
  }
});

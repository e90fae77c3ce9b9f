import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { openLocalApi } from "../../../gateway/local_api.ts";
import { systemRandom } from "../../../platform/random.ts";
import { until } from "../../fakes/until.ts";
import { type Node, type Running, startRunning } from "./running.ts";

const command = { device_id: "roof", command_type: "set_power", parameters: { power_value: 50 } };

interface Held {
  readonly answer: Promise<{ readonly command_count: number }>;
}

/** A request that waits: it has come so far when the clock has more sleepers than before. */
async function hold(gateway: Running, node: Node, more: Record<string, unknown> = {}): Promise<Held> {
  const before = gateway.clock.sleeping;
  const answer = node.get({ wait_s: 30, holding: [], ...more });
  let early = false;
  answer.then(() => early = true, () => early = true);
  await until(() => early || gateway.clock.sleeping > before, "the request");
  return { answer };
}

Deno.test("a waiting request is answered as soon as a command is queued, without any time passing", async () => {
  await using gateway = await startRunning();
  const node = await gateway.addNode("roof");
  const { answer } = await hold(gateway, node);
  await gateway.queue(command);
  assert.equal((await answer).command_count, 1);
});

Deno.test("nothing wakes it for another device, and it ends empty when its time is over", async () => {
  await using gateway = await startRunning();
  const node = await gateway.addNode("roof");
  await gateway.addNode("barn");
  const { answer } = await hold(gateway, node);
  await gateway.queue({ ...command, device_id: "barn" });
  await gateway.clock.advance(30_000);
  assert.equal((await answer).command_count, 0);
});

Deno.test("a postponed command wakes it at its time, and a lease that ends does", async () => {
  await using gateway = await startRunning();
  const node = await gateway.addNode("roof");
  await gateway.queue({ ...command, not_before: "2026-06-21T12:00:07Z" });
  const first = await hold(gateway, node, { holding: undefined });
  await gateway.clock.advance(7_000);
  assert.equal((await first.answer).command_count, 1);
  await gateway.clock.advance(20_000);
  const second = await hold(gateway, node, { holding: undefined });
  await gateway.clock.advance(25_000);
  assert.equal((await second.answer).command_count, 1);
});

Deno.test("a command from another process on the same database wakes it within a second", async () => {
  await using gateway = await startRunning();
  const node = await gateway.addNode("roof");
  const { answer } = await hold(gateway, node);
  const { clock, dataDir } = gateway;
  await using local = await openLocalApi(dataDir, {
    clock,
    random: systemRandom,
    log: getLogger(["test"]),
    version: "0",
  });
  const queued = await local.answer(
    new Request("http://local/command/queue", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(command),
    }),
  );
  assert.equal(queued.status, 200);
  await clock.advance(1_000);
  assert.equal((await answer).command_count, 1);
});

Deno.test("a report lets a request go on that waits behind a lease", async () => {
  await using gateway = await startRunning();
  const node = await gateway.addNode("roof");
  const a = await gateway.queue(command);
  await node.get(); // does not say what it holds
  await gateway.queue(command);
  const { answer } = await hold(gateway, node, { holding: undefined });
  await node.report(a);
  assert.equal((await answer).command_count, 1);
});

Deno.test("a newer request of the same device ends the one before: its connection is dead", async () => {
  await using gateway = await startRunning();
  const node = await gateway.addNode("roof");
  const first = await hold(gateway, node);
  const second = node.get({ wait_s: 30, holding: [] });
  assert.equal((await first.answer).command_count, 0);
  await gateway.queue(command);
  assert.equal((await second).command_count, 1);
});

Deno.test("a gateway that stops answers who waits, and the next one wakes them again", async () => {
  await using gateway = await startRunning();
  const node = await gateway.addNode("roof");
  const { answer } = await hold(gateway, node);
  await gateway.restart();
  assert.equal((await answer).command_count, 0);
  const again = await hold(gateway, node);
  await gateway.queue(command);
  assert.equal((await again.answer).command_count, 1);
});

Deno.test("wait_s has to be 0 to 30", async () => {
  await using gateway = await startRunning();
  const node = await gateway.addNode("roof");
  for (const wait_s of [31, -1, "5", 1e300]) {
    const answer = await node.post("/command/get", { device_id: "roof", wait_s });
    assert.equal(answer.status, 400, `${wait_s}`);
    assert.equal(answer.json.errors[0].path, "wait_s");
  }
});

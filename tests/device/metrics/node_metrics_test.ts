import assert from "node:assert/strict";
import { NodeConfig } from "../../../device/config/node_config.ts";
import { openBox, until } from "./box.ts";

Deno.test("the gateway knows from its node how each inverter is doing", async () => {
  await using box = await openBox();
  const shown = async () => await (await box.ask("/api/v1/devices/box")).text();
  const told = await until(shown, (text) => text.includes('"inverter":"gone","state"') && /"state":"ok"/.test(text));
  assert.match(told, /"inverter":"roof","state":"ok"/);
});

Deno.test("a node's metrics are for this machine alone, and nothing but its page is there", async () => {
  await using box = await openBox();
  const url = `http://127.0.0.1:${box.node.metricsPort}`;
  assert.equal((await fetch(`${url}/`).then((answer) => [answer.body?.cancel(), answer.status]))[1], 404);
  assert.equal(
    (await fetch(`${url}/metrics`, { method: "POST" }).then((answer) => [answer.body?.cancel(), answer.status]))[1],
    405,
  );
  const open = NodeConfig.shape.metrics.safeParse({ host: "0.0.0.0", port: 1 });
  assert.match(JSON.stringify(open.error?.issues), /of this machine alone/);
});

import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { toHex } from "../../../crypto/bytes.ts";
import { NodeConfig } from "../../../device/config.ts";
import { type Node, startNode } from "../../../device/node.ts";
import { GatewayConfig } from "../../../gateway/config.ts";
import { type Gateway, startGateway } from "../../../gateway/gateway.ts";
import { systemClock } from "../../../platform/clock.ts";
import { systemRandom } from "../../../platform/random.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { countingInverter } from "../../e2e/counting_inverter.ts";
import { badName, familiesOf, PROMTOOL, promtool } from "../../fakes/prometheus.ts";
import { testWith } from "../../needs.ts";

const log = getLogger(["test"]);

interface Box extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly node: Node;
  ask(path: string): Promise<Response>;
  nodePage(): Promise<string>;
}

/** Both roles in one process, with one inverter that works and one that is not there. */
async function openBox(): Promise<Box> {
  await using opening = new AsyncDisposableStack();
  const dataDir = Deno.makeTempDirSync();
  opening.defer(() => Deno.removeSync(dataDir, { recursive: true }));
  const machine = { clock: systemClock, random: systemRandom, log };
  const gateway = opening.use(
    await startGateway(GatewayConfig.parse({ port: 0 }), {
      ...machine,
      dataDir: `${dataDir}/gateway`,
      version: "1.2.3",
    }),
  );
  const { key } = await gateway.management.addDevice({
    deviceId: DeviceId.parse("box"),
    model: "test",
    auth: "signed",
  });
  const { secret } = await gateway.management.createToken({ name: "prometheus", role: "viewer" });
  const roof = opening.use(countingInverter());
  const gone = countingInverter();
  await gone[Symbol.asyncDispose]();
  const config = NodeConfig.parse({
    device_id: "box",
    gateway: gateway.url,
    key: toHex(key.raw),
    poll_interval: "100ms",
    upload_interval: "1s",
    metrics: { port: 0 },
    buses: [["roof", roof.port] as const, ["gone", gone.port] as const].map(([name, port]) => ({
      name,
      tcp: { host: "127.0.0.1", port },
      timing: { timeout: "200ms" },
      inverters: [{ name }],
    })),
  });
  const node = opening.use(await startNode(config, { ...machine, dataDir: `${dataDir}/node`, fetch }));
  opening.use(gateway.metrics.add(node.metrics));
  const running = opening.move();
  return {
    gateway,
    node,
    ask: (path) => fetch(gateway.url + path, { headers: { authorization: `Bearer ${secret}` } }),
    nodePage: async () => await (await fetch(`http://127.0.0.1:${node.metricsPort}/metrics`)).text(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Waits until `what` gives something that `fits`. */
async function until(what: () => Promise<string>, fits: (text: string) => boolean): Promise<string> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const text = await what();
    if (fits(text)) return text;
    assert.ok(Date.now() < deadline, `never came: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

testWith(
  [PROMTOOL],
  "a node shows its buses, its store and its uplink, and its gateway shows all of it, too",
  async () => {
    await using box = await openBox();
    const acknowledged = /ecowatt_uplink_ack_seconds_count [1-9]/;
    const page = await until(box.nodePage, (text) => acknowledged.test(text));
    assert.match(page, /ecowatt_modbus_requests_total\{bus="roof",unit="17",fc="\d",result="ok"\} [1-9]/);
    assert.match(page, /ecowatt_modbus_request_duration_seconds_bucket\{bus="roof",le="0.01"\} \d/);
    assert.match(page, /ecowatt_polls_total\{device="box",inverter="gone",result="nothing"\} [1-9]/);
    assert.match(page, /ecowatt_store_records\{device="box"\} \d/);
    assert.match(page, /ecowatt_gateway_up\{device="box"\} 1\n/);
    assert.deepEqual(await promtool(["check", "metrics"], page), { code: 0, said: "" });

    const both = await until(
      async () => await (await box.ask("/metrics")).text(),
      (text) => /ac_power_watts/.test(text),
    );
    assert.deepEqual(await promtool(["check", "metrics"], both), { code: 0, said: "" });
    assert.match(both, /ecowatt_http_requests_total\{path="\/process",code="200"\} [1-9]/);
    assert.match(both, /ecowatt_store_commit_duration_seconds_count [1-9]/);
    const families = familiesOf(both);
    for (const name of familiesOf(page).keys()) assert.ok(families.has(name), name);
    assert.deepEqual([...families].flatMap(([name, type]) => badName(name, type) ?? []), []);
  },
);

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

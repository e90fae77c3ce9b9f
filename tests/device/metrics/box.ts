import { getLogger } from "@logtape/logtape";
import { toHex } from "../../../crypto/bytes.ts";
import { NodeConfig } from "../../../device/config/node_config.ts";
import { type Node, startNode } from "../../../device/node.ts";
import { GatewayConfig } from "../../../gateway/config.ts";
import { type Gateway, startGateway } from "../../../gateway/gateway.ts";
import { systemClock } from "../../../platform/clock.ts";
import { systemRandom } from "../../../platform/random.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { countingInverter } from "../../e2e/counting_inverter.ts";
import { until as reached } from "../../fakes/until.ts";
import { layEmptyDatabase } from "../../fakes/empty_database.ts";

const log = getLogger(["test"]);

export interface Box extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly node: Node;
  ask(path: string): Promise<Response>;
  nodePage(): Promise<string>;
}

/** Both roles in one process and a broker, with one inverter that works and one that is not there. */
export async function openBox(): Promise<Box> {
  await using opening = new AsyncDisposableStack();
  const dataDir = Deno.makeTempDirSync();
  opening.defer(() => Deno.removeSync(dataDir, { recursive: true }));
  layEmptyDatabase(`${dataDir}/gateway`);
  const machine = { clock: systemClock, random: systemRandom, log };
  const gateway = opening.use(
    await startGateway(GatewayConfig.parse({ port: 0, mqtt: { embedded: { port: 0 } } }), {
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
export async function until(what: () => Promise<string>, fits: (text: string) => boolean): Promise<string> {
  let text = "";
  await reached(async () => fits(text = await what()), `it, after ${text}`);
  return text;
}

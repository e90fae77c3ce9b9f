import assert from "node:assert/strict";
import { join } from "node:path";
import { countingInverter, countOf } from "./counting_inverter.ts";
import { type Running, start, until } from "./process.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { gatewayUrl, output, type Point, samples, startGateway } from "./site.ts";

/** How a round of kills went. */
export interface KillReport {
  readonly kills: number;
  /** Polls that the inverter answered. */
  readonly answered: number;
  readonly stored: number;
  /** Answered while the node was being killed: never polled as far as the node knows. */
  readonly inFlight: number;
}

const POLL_S = 0.1;

/**
 * Lets a node poll a counting inverter and upload to a gateway, kills one of the two processes with SIGKILL `kills`
 * times at random moments, and throws unless every answer that reached the node is stored exactly once.
 */
export async function killAtRandom(kills: number, random: () => number): Promise<KillReport> {
  await using folder = await temporaryDirectory();
  await using inverter = countingInverter();
  const first = await startGateway(folder.path);
  let gateway: Running = first.process;
  const port = Number(new URL(first.url).port);
  const config = await configureNode(folder.path, folder.path, first.url, inverter.port);
  const startNode = () => start(["node", "--config", config, "--data-dir", folder.path]);
  let node = startNode();
  try {
    const token = await output(["token", "create", "test", "--data-dir", folder.path]);
    /** Counts that the inverter had reached when the node was killed: the last answer may have died with it. */
    const deaths: number[] = [];
    for (let kill = 0; kill < kills; kill++) {
      const reached = inverter.answered() + Math.floor(random() * 12);
      await until("more polls", () => Promise.resolve(inverter.answered() > reached ? true : undefined));
      if (random() < 0.5) {
        await gateway.kill("SIGKILL");
        gateway = start(["gateway", "--data-dir", folder.path, "--port", String(port)]);
        await gatewayUrl(gateway);
      } else {
        await node.kill("SIGKILL");
        deaths.push(inverter.answered());
        node = startNode();
      }
    }
    const target = inverter.answered() + 5;
    await until("polls after the last kill", () => Promise.resolve(inverter.answered() > target ? true : undefined));
    assert.equal(await node.kill("SIGTERM"), 0); // what is in its outbox is uploaded after the next start
    const answered = inverter.answered();
    deaths.push(answered); // a stop may cut a poll short as well
    node = startNode();
    const stored = await until("every sample at the gateway", async () => {
      const points = await samples(first.url, token, "roof");
      return points.some((point) => count(point) >= answered) ? points : undefined;
    });
    return audit(stored, answered, deaths, kills);
  } finally {
    await node.kill("SIGKILL");
    await gateway.kill("SIGKILL");
  }
}

function audit(points: readonly Point[], answered: number, deaths: readonly number[], kills: number): KillReport {
  const counts = points.map(count).filter((value) => value < answered).sort((a, b) => a - b);
  const unique = new Set(counts);
  assert.equal(unique.size, counts.length, "samples are stored twice");
  const missing = Array.from({ length: answered }, (_, value) => value).filter((value) => !unique.has(value));
  for (const value of missing) {
    const died = deaths.some((reached) => reached - 1 === value);
    assert.ok(died, `answer ${value} is lost, and the node was not killed while it was on its way (deaths: ${deaths})`);
  }
  return { kills, answered, stored: counts.length, inFlight: missing.length };
}

function count({ values }: Point): number {
  // The raw register counts tenths of a volt.
  return countOf(Math.round(10 * (values["Vpv1"] ?? Number.NaN)), values["Pac"] ?? Number.NaN);
}

/** Registers the node `roof` and writes its configuration into `folder`; gives the file's path. */
export async function configureNode(
  folder: string,
  gatewayDir: string,
  url: string,
  inverterPort: number,
): Promise<string> {
  const added = JSON.parse(await output(["device", "add", "roof", "--data-dir", gatewayDir, "--json"]));
  const config = join(folder, "ecowatt.yaml");
  const text = `node:
  device_id: roof
  gateway: ${url}
  key: "${added.key.key}"
  poll_interval: ${POLL_S}s
  upload_interval: 1s
  buses:
    - tcp: { host: 127.0.0.1, port: ${inverterPort} }
      timing: { timeout: 5s, min_timeout: 5s } # a node that is kept waiting by a busy machine gives up no answer
      inverters: [{ unit: 17, profile: ecowatt }]
`;
  await Deno.writeTextFile(config, text, { mode: 0o600 });
  return config;
}

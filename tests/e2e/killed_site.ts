import { join } from "node:path";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { ended } from "../fakes/until.ts";
import { Chance } from "../model/simulation.ts";
import { type CountingInverter, countingInverter } from "./counting_inverter.ts";
import { FaultyLine } from "./faulty_line.ts";
import { auditCommands, auditLine, auditSamples, countOfPoint, type KillLedger } from "./kill_ledger.ts";
import { Operator } from "./operator.ts";
import { type Running, start, until } from "./process.ts";
import { gatewayUrl, output, samples, startGateway } from "./site.ts";

const POLL_S = 0.1;

/** A power limit of orders that the line keeps from the node: what writes it took an answer that was for another request. */
const BAIT_PERCENT = 0;
const BAIT_LIVES_MS = 4_000;
/** Orders of 1 to 100 % in turn, so that a write tells which of the last hundred it is from. */
const PERCENTS = 100;

/** Polls after which a moment that does not come is waited for no longer. */
const MOST_POLLS = 10;

/**
 * Lets a node poll a counting inverter, upload to a gateway and execute an operator's commands behind a faulty line, kills one
 * of the two processes or both with SIGKILL `kills` times at random moments, and throws unless every answer that reached the
 * node is stored exactly once, every command was executed once at most and its end told, and neither took what was replayed.
 */
export async function killAtRandom(kills: number, seed: number): Promise<KillLedger> {
  const chance = new Chance(seed);
  await using folder = await temporaryDirectory();
  await using inverter = countingInverter();
  const gateway = await startGateway(folder.path);
  const token = await output(["token", "create", "test", "--role", "admin", "--data-dir", folder.path]);
  const port = Number(new URL(gateway.url).port);
  await using line = new FaultyLine(port, chance, (answer) => answer.includes(`"power_value":${BAIT_PERCENT}}`));
  const config = await configureNode(folder.path, folder.path, line.url, inverter.port);
  const operator = new Operator(gateway.url, { token, device: "roof", written: inverter.written });
  await using site = new KilledSite(gateway.process, {
    startGateway: () => start(["gateway", "--data-dir", folder.path, "--port", String(port)]),
    startNode: () => start(["node", "--config", config, "--data-dir", folder.path]),
    inverter,
  });
  const stored = () => samples(gateway.url, token, "roof");
  await until("the first sample", async () => (await stored()).length > 0 ? true : undefined);
  for (let kill = 0; kill < kills; kill++) {
    const order = orderOf(chance, operator);
    await momentOf(chance, inverter, line);
    await site.kill(chance);
    await order;
  }
  line.calm();
  auditLine(line.counts());
  await ended(events(inverter.events, "poll", 5), "polls after the last kill"); // the node may be told to stop by now
  const answered = await site.restartNode();
  await until(
    "every sample at the gateway",
    async () => (await stored()).some((point) => countOfPoint(point) >= answered) || undefined,
  );
  await operator.settled();
  await line.replayAll();
  return {
    seed,
    kills: site.kills,
    line: auditLine(line.counts()),
    samples: auditSamples(await stored(), answered, { unheard: inverter.unheard(), ends: site.kills.node + 1 }),
    commands: await auditCommands(operator, inverter.written(), BAIT_PERCENT),
  };
}

/** What is killed, and started again. */
interface SiteParts {
  readonly startGateway: () => Running;
  readonly startNode: () => Running;
  readonly inverter: CountingInverter;
}

/** The two processes. */
class KilledSite implements AsyncDisposable {
  readonly kills = { gateway: 0, node: 0 };
  readonly #parts: SiteParts;
  #gateway: Running;
  #node: Running;

  constructor(gateway: Running, parts: SiteParts) {
    this.#parts = parts;
    this.#gateway = gateway;
    this.#node = parts.startNode();
  }

  /** Kills one of them, or both, and starts them again; resolves when the gateway listens. */
  async kill(chance: Chance): Promise<void> {
    const victim = chance.one(["gateway", "gateway", "gateway", "node", "node", "node", "both"]);
    await Promise.all([
      victim !== "node" && this.#killGateway(),
      victim !== "gateway" && this.#killNode(),
    ]);
    await gatewayUrl(this.#gateway);
  }

  async #killGateway(): Promise<void> {
    await this.#gateway.kill("SIGKILL");
    this.kills.gateway++;
    this.#gateway = this.#parts.startGateway();
  }

  async #killNode(): Promise<void> {
    await this.#node.kill("SIGKILL");
    this.kills.node++;
    this.#node = this.#parts.startNode();
  }

  /**
   * Stops the node as a service manager does, so that it asks its gateway again at once when it starts. How many polls were
   * answered until then.
   */
  async restartNode(): Promise<number> {
    const code = await this.#node.kill("SIGTERM");
    if (code !== 0) throw new Error(`the node ended with code ${code}: ${this.#node.err()}`);
    const answered = this.#parts.inverter.answered();
    this.#node = this.#parts.startNode();
    return answered;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#node.kill("SIGKILL"), this.#gateway.kill("SIGKILL")]);
  }
}

/** Now and then an order, and now and then one that the node must never hear of. */
async function orderOf(chance: Chance, operator: Operator): Promise<void> {
  if (chance.is(0.2)) return await operator.setPower(BAIT_PERCENT, BAIT_LIVES_MS);
  if (chance.is(0.4)) return;
  const orders = operator.orders.filter(({ percent }) => percent !== BAIT_PERCENT);
  const before = orders.at(-PERCENTS);
  if (before) await operator.ended(before);
  await operator.setPower(1 + orders.length % PERCENTS);
}

/** Resolves somewhen between two polls, while a message is on its way, or while the inverter is being written. */
async function momentOf(chance: Chance, inverter: CountingInverter, line: FaultyLine): Promise<void> {
  const over = new AbortController();
  const polls = (count: number) => events(inverter.events, "poll", count, over.signal);
  const passing = (what: string) => events(line.events, what, chance.between(1, 3), over.signal);
  const moment = chance.one(["poll", "request", "forwarded", "answer", "write"]);
  const came = moment === "poll"
    ? polls(chance.between(1, 12))
    : moment === "write"
    ? events(inverter.events, "write", 1, over.signal)
    : passing(moment);
  await ended(Promise.race([came, polls(MOST_POLLS)]), `${MOST_POLLS} polls`);
  over.abort();
}

/** Resolves when the target told of so many, or the signal aborts. */
function events(target: EventTarget, type: string, count: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = count;
  target.addEventListener(type, () => --left === 0 && resolve(), signal && { signal });
  return promise;
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

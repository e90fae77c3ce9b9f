import type { Logger } from "@logtape/logtape";
import { toHex } from "../../crypto/bytes.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import type { SampleFeed } from "../process/sample_feed.ts";
import type { Devices } from "../store/devices.ts";
import type { Activity } from "../store/latest_values.ts";
import { boardMessage } from "./board_payload.ts";
import { startBroker } from "./broker.ts";
import { readCertificates, readPassword } from "./broker_files.ts";
import { keepConnected } from "./client_link.ts";
import type { BrokerConfig, EmbeddedConfig, MqttConfig } from "./config.ts";
import type { LinkEvents } from "./message.ts";
import { createNews, newestSamples } from "./newest_sample.ts";
import { keepPresence } from "./presence_task.ts";
import { createPublisher, type Publisher, type PublisherStats } from "./publisher.ts";
import { createSettingsInbox, type SettingsDoor } from "./settings_inbox.ts";
import { stateMessage } from "./state_payload.ts";
import { createToldOnce } from "./told_once.ts";
import { GATEWAY_STATUS } from "./topics.ts";

export interface MqttIo {
  readonly feed: SampleFeed;
  readonly devices: Devices;
  readonly activity: (deviceId: string) => Activity;
  /** Takes the settings that come in. */
  readonly settings: SettingsDoor;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** The gateway's side of MQTT. Disposing says goodbye and ends it within half a second. */
export interface Mqtt extends AsyncDisposable {
  stats(): PublisherStats;
  /** Where the gateway's own broker listens, if it has one. */
  readonly port: number | undefined;
}

/** Time for the last messages when the gateway stops. */
const GOODBYE_MS = 150;

/**
 * Publishes what is stored and takes settings, over the broker of the configuration; `undefined` when it names none. A broker
 * that cannot be reached is tried again for ever; a port that is taken or a file that cannot be read throws one clear line.
 */
export async function startMqtt(config: MqttConfig, io: MqttIo): Promise<Mqtt | undefined> {
  if (config.broker === undefined && config.embedded === undefined) return undefined;
  await using cleanup = new AsyncDisposableStack();
  const publisher = createPublisher(config.queue_messages, io.clock);
  const warn = createToldOnce(io.log, io.clock);
  const events = { opened: publisher.use, received: createSettingsInbox({ ...io, warn }) };
  publisher.put({ topic: GATEWAY_STATUS, payload: "online", retain: true });
  const port = config.embedded && await embed(config.embedded, events, io, cleanup);
  if (config.broker) await connect(config.broker, events, io, cleanup);
  cleanup.defer(() => goodbye(publisher));
  const stop = new AbortController();
  const presence = keepPresence(1000 * config.offline_after_s, { ...io, publisher }, stop.signal);
  cleanup.defer(() => presence.done);
  cleanup.defer(() => stop.abort());
  cleanup.use(publishStored(publisher, presence.heard, io.feed));
  const running = cleanup.move();
  return { stats: publisher.stats, port, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function embed(
  config: EmbeddedConfig,
  events: LinkEvents,
  { log, clock }: MqttIo,
  cleanup: AsyncDisposableStack,
): Promise<number> {
  const { host, port, max_clients: maxClients } = config;
  const users = await Promise.all(config.users.map(async (user) => {
    const { username, role } = user;
    return { username, role, password: await readPassword(user) ?? "" };
  }));
  const options = { host, port, users, maxClients };
  return cleanup.use(await startBroker(options, events, { log, warn: createToldOnce(log, clock) })).port;
}

async function connect(
  config: BrokerConfig,
  events: LinkEvents,
  io: MqttIo,
  cleanup: AsyncDisposableStack,
): Promise<void> {
  const { url, username, ca_file: caFile, client_id: clientId } = config;
  const password = await readPassword(config);
  const ca = caFile === undefined ? undefined : await readCertificates(caFile);
  const stop = new AbortController();
  const address = {
    url,
    clientId: clientId ?? `ecowatt-${toHex(io.random.bytes(6))}`,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ca }),
  };
  const done = keepConnected(address, events, io, stop.signal);
  cleanup.defer(() => done);
  cleanup.defer(() => stop.abort());
}

/** A newer value takes an older one's place, so what a node sends late is not published. */
function publishStored(publisher: Publisher, heard: (device: string) => void, feed: SampleFeed): Disposable {
  const isNews = createNews();
  return feed.listen((batches) => {
    for (const newest of newestSamples(batches)) {
      heard(newest.device);
      if (!isNews(newest)) continue;
      publisher.put(stateMessage(newest));
      const board = boardMessage(newest);
      if (board) publisher.put(board);
    }
  });
}

async function goodbye(publisher: Publisher): Promise<void> {
  publisher.put({ topic: GATEWAY_STATUS, payload: "offline", retain: true });
  await publisher.drain(GOODBYE_MS);
}

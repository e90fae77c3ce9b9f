import type { Logger } from "@logtape/logtape";
import { toHex } from "../../crypto/bytes.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import type { EnergyReader } from "../energy/energy_reader.ts";
import type { SampleFeed } from "../ingest/sample_feed.ts";
import type { Inverters } from "../store/inverters.ts";
import type { DeviceStates } from "../state/device_states.ts";
import type { Devices } from "../store/devices.ts";
import type { Activity } from "../store/latest_values.ts";
import { boardMessage } from "./board_payload.ts";
import { startBroker } from "./broker.ts";
import { readPassword } from "./broker_files.ts";
import { readCertificates } from "../../platform/certificates.ts";
import { keepConnected } from "./client_link.ts";
import { DeniedTopics } from "./denied_topics.ts";
import { keepDeviceNews } from "./device_news.ts";
import { type HomeAssistantIo, keepHomeAssistant, topicsOf } from "./home_assistant/home_assistant.ts";
import type { BrokerConfig, EmbeddedConfig, MqttConfig } from "../mqtt_config.ts";
import type { ProfileOf } from "../../profiles/known_profile.ts";
import { linkOf, trackLink } from "./link_state.ts";
import type { MqttLink } from "../system/mqtt_link.ts";
import type { LinkEvents, Received } from "./message.ts";
import { createNews, type NewestSample, newestSamples } from "../ingest/newest_sample.ts";
import { keepPresence } from "./presence_task.ts";
import { createPublisher, type Publisher } from "./publisher.ts";
import type { PublisherStats } from "../system/mqtt_link.ts";
import { createSettingsInbox, type SettingsDoor } from "./settings_inbox.ts";
import { stateMessage } from "./state_payload.ts";
import { createRateLimitedWarnings } from "../../platform/rate_limited_warnings.ts";
import { fits, GATEWAY_STATUS, SETTINGS_TOPICS } from "./topics.ts";

interface MqttIo extends Omit<HomeAssistantIo, "publisher" | "warn"> {
  readonly feed: SampleFeed;
  readonly devices: Devices;
  readonly energy: EnergyReader;
  readonly states: Pick<DeviceStates, "of" | "listen">;
  /** Of the gateway. */
  readonly version: string;
  readonly activity: (deviceId: string) => Activity;
  readonly inverters: Pick<Inverters, "names" | "present">;
  readonly profileOf: ProfileOf;
  /** Takes the settings that come in. */
  readonly settings: SettingsDoor;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** The gateway's side of MQTT. Disposing says goodbye and ends it within half a second. */
export interface Mqtt extends AsyncDisposable {
  stats(): PublisherStats;
  link(): MqttLink;
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
  const warn = createRateLimitedWarnings(io.log, io.clock);
  const denied = new DeniedTopics({ ...io, warn });
  const publisher = createPublisher(config.queue_messages, { ...io, denied });
  const stop = new AbortController();
  cleanup.defer(() => stop.abort());
  const homeAssistant = keepHomeAssistant(
    config.home_assistant,
    { offlineAfterS: config.offline_after_s, version: io.version },
    { ...io, publisher, warn },
    stop.signal,
  );
  const link = trackLink({
    opened: publisher.use,
    received: dispatcher(createSettingsInbox({ ...io, warn }), homeAssistant.received),
    failed: () => {},
    blamed: () => denied.blamed(),
    topics: [...SETTINGS_TOPICS, ...topicsOf(config.home_assistant)],
  }, io.clock);
  const { events } = link;
  publisher.put({ topic: GATEWAY_STATUS, payload: "online", retain: true });
  const port = config.embedded && await embed(config.embedded, events, io, cleanup);
  if (config.broker) await connect(config.broker, events, io, cleanup);
  cleanup.defer(() => goodbye(publisher));
  const presence = keepPresence(1000 * config.offline_after_s, { ...io, publisher }, stop.signal);
  const news = keepDeviceNews({ ...io, publisher }, stop.signal);
  cleanup.defer(() => Promise.all([presence.done, news.done, homeAssistant.done]).then(() => {}));
  cleanup.defer(() => stop.abort());
  cleanup.use(publishStored(publisher, io, (newest) => {
    presence.heard(newest.device);
    news.stored(newest.device);
    homeAssistant.stored(newest);
  }));
  const running = cleanup.move();
  const place = linkOf(config, port);
  return {
    stats: publisher.stats,
    link() {
      const { since, trouble } = link.state();
      return { ...publisher.stats(), ...place, since, trouble: trouble ?? denied.trouble() };
    },
    port,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
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
  return cleanup.use(await startBroker(options, events, { clock, log, warn: createRateLimitedWarnings(log, clock) }))
    .port;
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
function publishStored(
  publisher: Publisher,
  { feed, profileOf }: Pick<MqttIo, "feed" | "profileOf">,
  stored: (newest: NewestSample) => void,
): Disposable {
  const isNews = createNews();
  return feed.listen((batches) => {
    for (const newest of newestSamples(batches, profileOf)) {
      stored(newest);
      if (!isNews(newest)) continue;
      publisher.put(stateMessage(newest));
      const board = boardMessage(newest);
      if (board) publisher.put(board);
    }
  });
}

function dispatcher(settings: LinkEvents["received"], homeAssistant: LinkEvents["received"]): LinkEvents["received"] {
  return (message: Received) => {
    const isSettings = SETTINGS_TOPICS.some((filter) => fits(filter, message.topic));
    return isSettings ? settings(message) : homeAssistant(message);
  };
}

async function goodbye(publisher: Publisher): Promise<void> {
  publisher.put({ topic: GATEWAY_STATUS, payload: "offline", retain: true });
  await publisher.drain(GOODBYE_MS);
}

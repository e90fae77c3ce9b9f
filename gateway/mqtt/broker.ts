import { createServer, type Server } from "node:net";
import type { Aedes } from "aedes";
import type { Logger } from "@logtape/logtape";
import type { User } from "./access.ts";
import { guard, type Guarded, MAX_CLIENT_ID } from "./broker_guard.ts";
import type { ClientConnections } from "./client_connections.ts";
import type { LinkEvents, Message, Session } from "./message.ts";
import type { RateLimitedWarnings } from "../../platform/rate_limited_warnings.ts";
import type { Clock } from "../../platform/clock.ts";
import { within } from "../../platform/deadline.ts";
import { listenError } from "../../platform/listen_error.ts";
import { SerialQueue } from "../../platform/serial_queue.ts";
import { fits } from "./topics.ts";

interface BrokerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly users: readonly User[];
  readonly maxClients: number;
}

interface BrokerIo {
  readonly clock: Pick<Clock, "sleep" | "monotonic">;
  readonly log: Logger;
  readonly warn: RateLimitedWarnings;
}

/** A broker that listens. Disposing closes every connection. */
interface Broker extends AsyncDisposable {
  readonly port: number;
}

/** Messages of QoS 2 that a client may leave half sent: they are kept. */
const MAX_HALF_SENT = 20;
/** Time for a CONNECT. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Longest silence a client may announce, in seconds. */
const KEEPALIVE_LIMIT_S = 3_600;
/** A client that does not read for so long is thrown out: the others wait for it. */
const DRAIN_TIMEOUT_MS = 2_000;
/** Time for what was published to reach its readers, and then for the connections to end. */
const STOP_MS = 150;
/**
 * A power of two less 1. Deno up to 2.6 accepts as many connections in the life of a listener as its backlog has places, and
 * the system takes no longer one than it has room for.
 */
const BACKLOG = 2 ** 30 - 1;

/**
 * Starts the gateway's own broker: MQTT 3.1.1, in memory, no sessions that outlive their connection. The gateway itself
 * publishes without a socket. Throws one clear line when the address cannot be had.
 */
export async function startBroker(options: BrokerOptions, events: LinkEvents, io: BrokerIo): Promise<Broker> {
  const { Aedes } = await import("aedes"); // only who has a broker pays for loading it
  const aedes = await Aedes.createBroker({
    id: "ecowatt",
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepaliveLimit: KEEPALIVE_LIMIT_S,
    drainTimeout: DRAIN_TIMEOUT_MS,
    maxClientsIdLength: MAX_CLIENT_ID,
    maxInflightInbound: MAX_HALF_SENT,
  });
  const connections = guard(aedes, { ...options, topics: events.topics }, io);
  const server = createServer(connections.accept);
  try {
    await listen(server, options);
  } catch (error) {
    aedes.close();
    throw error;
  }
  server.on("error", (error) => io.log.warn("mqtt broker: {error}", { error }));
  passOn(aedes, connections.guests, events);
  events.opened(sessionOf(aedes));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  io.log.info("mqtt broker listens {host} {port}", { host: options.host, port });
  return { port, [Symbol.asyncDispose]: () => stop(aedes, server, connections.list, io.clock) };
}

function passOn(aedes: Aedes, guests: Guarded["guests"], events: LinkEvents): void {
  aedes.on("publish", ({ topic, payload }, client) => {
    if (client === null || !events.topics.some((filter) => fits(filter, topic))) return;
    const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
    events.received({ topic, payload: bytes, retained: false, who: `mqtt ${guests.get(client)?.name ?? ""}`.trim() });
  });
}

/**
 * The gateway's own publishing; it lasts as long as the broker. One message after the other: aedes numbers them as they come
 * in, stores retained ones first, and takes a lower number behind a higher one for a duplicate that nobody gets.
 */
function sessionOf(aedes: Aedes): Session {
  const deliver = ({ topic, payload, retain }: Message) =>
    new Promise<void>((resolve, reject) => {
      const packet = { cmd: "publish", topic, payload, retain, qos: 1, dup: false } as const;
      aedes.publish(packet, (error) => error ? reject(error) : resolve());
    });
  const queue = new SerialQueue();
  const publish = (message: Message) => queue.run(() => deliver(message));
  return { publish, close: () => {}, closed: new Promise((resolve) => aedes.once("closed", resolve)) };
}

function listen(server: Server, { host, port }: BrokerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once(
      "error",
      (error) =>
        reject(listenError(error, `Cannot start the MQTT broker on ${host}:${port}`, "gateway.mqtt.embedded.port")),
    );
    server.listen({ port, host, backlog: BACKLOG }, resolve);
  });
}

/** A listener or a client that does not end within the time for it is left behind: it keeps nobody from stopping. */
async function stop(
  aedes: Aedes,
  server: Server,
  list: ClientConnections,
  clock: Pick<Clock, "sleep">,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.unref();
  await within(STOP_MS, new Promise<void>((resolve) => aedes.close(resolve)), { clock });
  for (const socket of list.all) socket.destroy();
  await within(STOP_MS, closed, { clock });
}

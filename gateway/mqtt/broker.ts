import { createServer, type Server, type Socket } from "node:net";
import type { Aedes, AuthenticateError, Client } from "aedes";
import type { Logger } from "@logtape/logtape";
import { createAuthenticator, type Guest, mayPublish, type User } from "./access.ts";
import { type ClientConnections, createClientConnections } from "./client_connections.ts";
import type { LinkEvents, Message, Session } from "./message.ts";
import { type ClientPace, createClientPace } from "./client_pace.ts";
import { createPacketWalk } from "./packet_walk.ts";
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

/** Longest packet that a client may send: settings are at most 16 KiB. */
const MAX_PACKET_BYTES = 20_480;
/** Messages of QoS 2 that a client may leave half sent: they are kept. */
const MAX_HALF_SENT = 20;
/** Time for a CONNECT. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Longest silence a client may announce, in seconds. */
const KEEPALIVE_LIMIT_S = 3_600;
/** A client that does not read for so long is thrown out: the others wait for it. */
const DRAIN_TIMEOUT_MS = 2_000;
const MAX_CLIENT_ID = 128;
/** Time for what was published to reach its readers, and then for the connections to end. */
const STOP_MS = 150;
/**
 * A power of two less 1. Deno up to 2.6 accepts as many connections in the life of a listener as its backlog has places, and
 * the system takes no longer one than it has room for.
 */
const BACKLOG = 2 ** 30 - 1;
/** CONNACK return codes (MQTT 3.1.1 §3.2.2.3). */
const UNAVAILABLE = 3;
const BAD_CREDENTIALS = 4;

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
  const connections = guard(aedes, options, events.topics, io);
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

interface Connections {
  readonly accept: (socket: Socket) => void;
  readonly list: ClientConnections;
  readonly guests: { get(client: Client): Guest | undefined };
}

/** Every rule of access, over the broker that knows none. */
function guard(
  aedes: Aedes,
  { users, maxClients }: BrokerOptions,
  topics: readonly string[],
  { clock, log, warn }: BrokerIo,
): Connections {
  const authenticate = createAuthenticator(users);
  const list = createClientConnections(maxClients);
  const sockets = new WeakMap<Client, Socket>();
  const guests = new WeakMap<Client, Guest>();
  const paces = new WeakMap<Client, ClientPace>();

  aedes.preConnect = (_client, packet, done) => {
    packet.clean = true; // an absent client's messages would gather in memory for ever
    done(null, (packet.clientId ?? "").length <= MAX_CLIENT_ID);
  };
  aedes.authenticate = (client, username, password, done) => {
    const socket = sockets.get(client);
    const address = socket?.remoteAddress ?? "";
    const guest = authenticate({ username, password, address });
    if (guest && (socket === undefined || !list.letIn(socket, guest.name))) {
      warn("mqtt client refused, there are {most} already {address}", { most: maxClients, address });
      return done(refused("too many clients", UNAVAILABLE), false);
    }
    if (guest) guests.set(client, guest);
    else warn("mqtt client refused {address}", { address });
    done(guest ? null : refused("bad user name or password", BAD_CREDENTIALS), guest !== undefined);
  };
  aedes.authorizePublish = (client, packet, done) => {
    const guest = client ? guests.get(client) : undefined;
    packet.retain = false; // a wish is for now: kept, it would come back with every connection
    done(guest && mayPublish(guest, packet.topic, topics) ? null : new Error("not allowed to publish there"));
  };
  aedes.authorizeSubscribe = (client, subscription, done) => {
    const pace = client && paces.get(client);
    switch (pace?.subscribe(subscription.topic) ?? "too_often") {
      case "granted":
        return done(null, subscription);
      case "refused":
        return done(null, null);
      case "too_often":
        return done(new Error("subscribes too often"));
    }
  };
  aedes.on("unsubscribe", (filters, client) => {
    for (const filter of filters) paces.get(client)?.unsubscribe(filter);
  });
  aedes.on("clientError", (_client, error) => log.debug("mqtt client: {reason}", { reason: error.message }));
  aedes.on("connectionError", (_client, error) => log.debug("mqtt connection: {reason}", { reason: error.message }));
  return {
    list,
    guests,
    accept(socket) {
      list.arrived(socket);
      const pace = createClientPace(clock);
      limit(socket, pace);
      const client = aedes.handle(socket);
      sockets.set(client, socket);
      paces.set(client, pace);
    },
  };
}

/**
 * Cuts the connection when a packet is too long, or when they come too fast. The broker reads by `read()` and gets nothing of a
 * piece with such a packet: to answer thousands on a connection that is cut would take it seconds.
 */
function limit(socket: Socket, pace: ClientPace): void {
  const fits = createPacketWalk(MAX_PACKET_BYTES, (type) => pace.packet(type));
  const read = socket.read.bind(socket);
  socket.read = (size?: number): unknown => {
    const piece: unknown = read(size);
    if (!(piece instanceof Uint8Array) || fits(piece)) return piece;
    socket.destroy();
    return null;
  };
}

function refused(why: string, returnCode: number): AuthenticateError {
  return Object.assign(new Error(why), { returnCode });
}

function passOn(aedes: Aedes, guests: Connections["guests"], events: LinkEvents): void {
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

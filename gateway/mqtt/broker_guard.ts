import type { Socket } from "node:net";
import type { Aedes, AuthenticateError, Client } from "aedes";
import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import type { RateLimitedWarnings } from "../../platform/rate_limited_warnings.ts";
import { createAuthenticator, type Guest, mayPublish, type User } from "./access.ts";
import { holdBacklog } from "./client_backlog.ts";
import { type ClientConnections, createClientConnections } from "./client_connections.ts";
import { type ClientPace, createClientPace } from "./client_pace.ts";
import { createPacketWalk } from "./packet_walk.ts";

/** Longest packet that a client may send: settings are at most 16 KiB. */
const MAX_PACKET_BYTES = 20_480;
/** Longest name that a client may give itself. */
export const MAX_CLIENT_ID = 128;
/** CONNACK return codes (MQTT 3.1.1 §3.2.2.3). */
const BAD_CLIENT_ID = 2;
const UNAVAILABLE = 3;
const BAD_CREDENTIALS = 4;

interface GuardOptions {
  readonly users: readonly User[];
  readonly maxClients: number;
  /** Topic filters under which clients may publish. */
  readonly topics: readonly string[];
}

interface GuardIo {
  readonly clock: Pick<Clock, "monotonic">;
  readonly log: Logger;
  readonly warn: RateLimitedWarnings;
}

/** A broker whose clients are watched. */
export interface Guarded {
  /** Takes a connection in. */
  readonly accept: (socket: Socket) => void;
  readonly list: ClientConnections;
  readonly guests: { get(client: Client): Guest | undefined };
}

/** Every rule of access, over the broker that knows none. */
export function guard(aedes: Aedes, options: GuardOptions, io: GuardIo): Guarded {
  const { clock, log } = io;
  const list = createClientConnections(options.maxClients);
  const sockets = new WeakMap<Client, Socket>();
  const guests = new WeakMap<Client, Guest>();
  const paces = new WeakMap<Client, ClientPace>();
  guardConnecting(aedes, options, { list, sockets, guests }, io);
  guardPublishing(aedes, guests, options.topics);
  guardSubscribing(aedes, paces);
  aedes.on("clientError", (_client, error) => log.debug("mqtt client: {reason}", { reason: error.message }));
  aedes.on("connectionError", (_client, error) => log.debug("mqtt connection: {reason}", { reason: error.message }));
  return {
    list,
    guests,
    accept(socket) {
      list.arrived(socket);
      const pace = createClientPace(clock);
      limit(socket, pace);
      holdBacklog(socket, clock);
      const client = aedes.handle(socket);
      sockets.set(client, socket);
      paces.set(client, pace);
    },
  };
}

interface Connecting {
  readonly list: ClientConnections;
  readonly sockets: WeakMap<Client, Socket>;
  readonly guests: WeakMap<Client, Guest>;
}

function guardConnecting(
  aedes: Aedes,
  { users, maxClients }: GuardOptions,
  { list, sockets, guests }: Connecting,
  { warn }: GuardIo,
): void {
  const authenticate = createAuthenticator(users);
  aedes.preConnect = (_client, packet, done) => {
    packet.clean = true; // an absent client's messages would gather in memory for ever
    done(null, true);
  };
  aedes.authenticate = (client, username, password, done) => {
    if (client.id.length > MAX_CLIENT_ID) return done(refused("client id is too long", BAD_CLIENT_ID), false);
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
}

function refused(why: string, returnCode: number): AuthenticateError {
  return Object.assign(new Error(why), { returnCode });
}

function guardPublishing(aedes: Aedes, guests: Guarded["guests"], topics: readonly string[]): void {
  aedes.authorizePublish = (client, packet, done) => {
    const guest = client ? guests.get(client) : undefined;
    packet.retain = false; // a wish is for now: kept, it would come back with every connection
    done(guest && mayPublish(guest, packet.topic, topics) ? null : new Error("not allowed to publish there"));
  };
}

function guardSubscribing(aedes: Aedes, paces: WeakMap<Client, ClientPace>): void {
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

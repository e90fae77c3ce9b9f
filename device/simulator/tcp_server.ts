import type { Clock } from "../../platform/clock.ts";
import { listenError } from "../../platform/listen_error.ts";
import { encodeMbap, MAX_MBAP_BYTES, MbapDeframer, type MbapFrame } from "../modbus/mbap.ts";
import { simulateResponse, type Site } from "./site.ts";
import { exceptionPdu } from "./unit.ts";

/** A Modbus TCP server that runs. */
interface TcpServer extends AsyncDisposable {
  readonly port: number;
}

/** What a server needs to take a port. */
interface TcpOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Connections at a time; further ones are closed at once. */
  readonly maxClients: number;
}

const TARGET_DID_NOT_RESPOND = 11;

/** Serves a site over Modbus TCP. Throws, naming host and port, when they cannot be had. */
export function serveTcp(site: Site, options: TcpOptions, io: { readonly clock: Clock }): TcpServer {
  const listener = listen(options);
  const stop = new AbortController();
  const clients = new Map<Deno.TcpConn, Promise<void>>();
  const accepting = (async () => {
    for await (const connection of listener) {
      if (clients.size >= options.maxClients) {
        connection.close();
        continue;
      }
      const serving = serveClient(site, connection, io.clock, stop.signal).finally(() => clients.delete(connection));
      clients.set(connection, serving);
    }
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      stop.abort();
      listener.close();
      for (const connection of clients.keys()) close(connection);
      await Promise.all([accepting, ...clients.values()]);
    },
  };
}

function listen({ host, port }: TcpOptions): Deno.TcpListener {
  try {
    return Deno.listen({ hostname: host, port });
  } catch (error) {
    throw listenError(error, `Cannot serve Modbus TCP on ${host}:${port}`);
  }
}

async function serveClient(site: Site, connection: Deno.TcpConn, clock: Clock, stop: AbortSignal): Promise<void> {
  const deframer = new MbapDeframer();
  const buffer = new Uint8Array(MAX_MBAP_BYTES);
  const late = new Set<Promise<void>>();
  try {
    connection.setNoDelay(true);
    for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
      deframer.push(buffer.subarray(0, count));
      for (let frame = deframer.next(); frame; frame = deframer.next()) {
        // What is not Modbus cannot be resynchronised: hang up.
        if (!frame.ok) return;
        const going = answer(site, connection, frame.value, clock, stop);
        if (going === "hang up") return;
        await going.now;
        if (going.later) track(late, going.later);
      }
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  } finally {
    close(connection);
    await Promise.all(late);
  }
}

interface Going {
  readonly now?: Promise<void>;
  readonly later?: Promise<void>;
}

function answer(site: Site, to: Deno.TcpConn, frame: MbapFrame, clock: Clock, stop: AbortSignal): Going | "hang up" {
  const { tid, unit } = frame;
  const given = simulateResponse(site, "tcp", frame);
  const pdu = given?.pdu ?? exceptionPdu(frame.pdu[0] ?? 0, TARGET_DID_NOT_RESPOND);
  const fault = given?.fault;
  switch (fault?.kind) {
    case undefined:
    case "exception":
      return { now: send(to, bytesOf({ tid, unit, pdu })) };
    case "timeout":
      return {};
    case "late":
      return {
        later: clock.sleep(fault.delayMs, stop).then(async () => {
          if (!stop.aborted) await send(to, bytesOf({ tid, unit, pdu })).catch(() => {});
        }),
      };
    case "crc": {
      const damaged = bytesOf({ tid, unit, pdu });
      damaged[2] = 0xba; // the protocol id, 0 for Modbus
      return { now: send(to, damaged) };
    }
    case "garbage":
      return { now: send(to, site.plan.garbage(fault.bytes)) };
    case "wrong_tid":
      return { now: send(to, bytesOf({ tid: (tid + 1) & 0xffff, unit, pdu })) };
    case "disconnect":
      return "hang up";
    default:
      return fault satisfies never;
  }
}

function bytesOf(frame: MbapFrame): Uint8Array {
  const encoded = encodeMbap(frame);
  return encoded.ok ? encoded.value : new Uint8Array();
}

async function send(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

function track(set: Set<Promise<void>>, promise: Promise<void>): void {
  set.add(promise);
  void promise.finally(() => set.delete(promise));
}

/** The client is gone, or we closed the connection under its feet. */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionAborted;
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // it was closed from the other side of this file
  }
}

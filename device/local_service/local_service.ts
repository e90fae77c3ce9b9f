import { join } from "node:path";
import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import { toHex, utf8 } from "../../crypto/bytes.ts";
import type { NodeStatus } from "../status/node_status.ts";
import type { Probe } from "../uplink/probe.ts";
import {
  type DatabaseCopy,
  type LocalAnswer,
  LocalQuestion,
  localServicePath,
  MAX_PATH_BYTES,
  readLine,
  writeLine,
} from "./wire.ts";

/** Dependencies of the local service. */
interface LocalServiceIo {
  readonly dataDir: string;
  readonly node: {
    status(): NodeStatus;
    probe(signal: AbortSignal): Promise<Probe>;
    backup(destination: string): Promise<void>;
  };
  readonly random: Pick<Random, "bytes">;
  readonly clock: Pick<Clock, "sleep">;
  readonly log: Logger;
}

/** Copies of the database that were asked for, and SQLite's files beside them. */
const COPY = /^backup-[0-9a-f]{16}\.sqlite/;

/** Milliseconds that a question may take, its asking included. */
const PATIENCE_MS = 60_000;

/**
 * Answers questions about a running node on a socket in its data directory: the node keeps its database and its sequence
 * numbers to itself, so other programs have to ask it. Who may enter the directory may ask. A node without the socket works
 * as well: where the file system has no sockets, that is all that is lost.
 */
export function openLocalService(io: LocalServiceIo): AsyncDisposable {
  const stop = new AbortController();
  const listener = listen(io);
  if (listener === undefined) return { [Symbol.asyncDispose]: () => Promise.resolve() };
  const open = new Set<Promise<void>>();
  const serving = (async () => {
    for await (const connection of connectionsOf(listener, io, stop.signal)) {
      const served = serve(connection, io, stop.signal).finally(() => open.delete(served));
      open.add(served);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      listener.close();
      await Promise.all([serving, ...open]);
    },
  };
}

/** Between two attempts to accept, while the system has no file for another connection. Milliseconds. */
const AGAIN_MS = 1_000;

/** Those who connect, until the listener is closed; when the system has no file left for another one, it is tried again. */
async function* connectionsOf(
  listener: Deno.UnixListener,
  { clock, log }: LocalServiceIo,
  stopped: AbortSignal,
): AsyncGenerator<Deno.UnixConn> {
  while (!stopped.aborted) {
    try {
      yield await listener.accept();
    } catch (error) {
      if (stopped.aborted) return;
      log.warn("nobody can ask this node: {error}", { error });
      await clock.sleep(AGAIN_MS, stopped);
    }
  }
}

function listen({ dataDir, log }: LocalServiceIo): Deno.UnixListener | undefined {
  const path = localServicePath(dataDir);
  try {
    if (utf8(path).length > MAX_PATH_BYTES) throw new Error("its path is too long for a socket");
    removeIfThere(path); // of a killed node: the database is ours, so nobody listens there
    for (const { name } of Deno.readDirSync(dataDir)) {
      if (COPY.test(name)) removeIfThere(`${dataDir}/${name}`); // nobody came for it
    }
    const listener = Deno.listen({ transport: "unix", path });
    Deno.chmodSync(path, 0o600);
    return listener;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log.info("no socket for doctor and backup at {path}: {why}", { path, why });
    return undefined;
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function serve(connection: Deno.UnixConn, io: LocalServiceIo, stop: AbortSignal): Promise<void> {
  const patience = AbortSignal.any([stop, AbortSignal.timeout(PATIENCE_MS)]);
  const hangUp = () => close(connection);
  patience.addEventListener("abort", hangUp, { once: true });
  try {
    await writeLine(connection, await answer(await readLine(connection) ?? "", io, patience));
  } catch {
    // The other side went away, or the node ends: nobody is left to be told.
  } finally {
    patience.removeEventListener("abort", hangUp);
    hangUp();
  }
}

/** Closing it twice is no fault: the other side may be faster. */
function close(connection: Deno.UnixConn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

async function answer(line: string, io: LocalServiceIo, signal: AbortSignal): Promise<LocalAnswer> {
  try {
    const question = LocalQuestion.safeParse(JSON.parse(line));
    if (!question.success) return { ok: false, message: "This node does not know the question" };
    return { ok: true, value: await valueOf(question.data, io, signal) };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

async function valueOf(
  { ask }: LocalQuestion,
  { node, dataDir, random }: LocalServiceIo,
  signal: AbortSignal,
): Promise<unknown> {
  switch (ask) {
    case "status":
      return node.status();
    case "probe":
      return await node.probe(signal);
    case "backup": {
      const copy: DatabaseCopy = { file: `backup-${toHex(random.bytes(8))}.sqlite` };
      await node.backup(join(dataDir, copy.file));
      return copy;
    }
    default:
      return ask satisfies never;
  }
}

import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { FakeClock } from "../../fakes/clock.ts";
import "../../fakes/sockets.ts";
import type { Bus } from "../../../device/modbus/bus.ts";
import type { BusIo, BusOptions } from "../../../device/modbus/dispatcher.ts";
import type { BusOutcome } from "../../../device/modbus/fault.ts";
import type { Line } from "../../../device/modbus/line.ts";
import { createBus } from "../../../device/modbus/line_bus.ts";
import { encodeMbap, MbapDeframer, type MbapFrame } from "../../../device/modbus/mbap.ts";
import { decodeRequest, encodeResponse, type Request } from "../../../device/modbus/pdu.ts";
import { decodeRtu, encodeRtu, rtuRequestLength } from "../../../device/modbus/rtu.ts";

/** The time of buses and peers. */
export const clock = new FakeClock();

const io: BusIo = { clock, log: getLogger(["test"]) };

/** Short waits, so that a peer that misbehaves costs little. */
export const QUICK: BusOptions = { timeoutMs: 150, minTimeoutMs: 150, retries: 1 };

/** A request as a peer sees it, and how to send bytes back. */
export interface Visit {
  readonly request: Request;
  readonly unit: number;
  /** Transaction id; 0 on RTU. */
  readonly tid: number;
  /** Counts requests over all connections, from 1. */
  readonly turn: number;
  /** The right answer, framed; other values, unit or transaction on demand. */
  answer(changed?: { base?: number; unit?: number; tid?: number }): Uint8Array;
  /** An exception, framed. */
  exception(code: number): Uint8Array;
  send(...chunks: Uint8Array[]): Promise<void>;
  hangUp(): void;
}

/** A server on a free port of 127.0.0.1 that behaves as a test wants. */
export interface Peer extends AsyncDisposable {
  readonly port: number;
  readonly visits: readonly Visit[];
  /** Connections ever taken, and open now. */
  readonly connections: { total: number; open: number };
}

type Behaviour = (visit: Visit) => void | Promise<void>;

/** Registers of a peer hold their own address plus a base. */
export function valuesAt(address: number, count: number, base = 1000): number[] {
  return Array.from({ length: count }, (_, i) => (base + address + i) & 0xffff);
}

/** Serves Modbus TCP. */
export function tcpPeer(behave: Behaviour): Peer {
  return peer(behave, () => {
    const deframer = new MbapDeframer();
    return (bytes) => {
      deframer.push(bytes);
      const frames: MbapFrame[] = [];
      for (let next = deframer.next(); next?.ok; next = deframer.next()) {
        frames.push({ ...next.value, pdu: next.value.pdu.slice() });
      }
      return frames;
    };
  }, (tid, unit, pdu) => value(encodeMbap({ tid, unit, pdu })));
}

/** Serves RTU frames through TCP. */
export function rtuPeer(behave: Behaviour): Peer {
  return peer(behave, () => {
    let held: number[] = [];
    return (bytes) => {
      held.push(...bytes);
      const frames: MbapFrame[] = [];
      for (;;) {
        const length = rtuRequestLength(Uint8Array.from(held));
        if (typeof length !== "number" || held.length < length) return frames;
        const adu = value(decodeRtu(Uint8Array.from(held.slice(0, length))));
        frames.push({ tid: 0, ...adu });
        held = held.slice(length);
      }
    };
  }, (_tid, unit, pdu) => value(encodeRtu(unit, pdu)));
}

function peer(
  behave: Behaviour,
  deframerOf: () => (bytes: Uint8Array) => MbapFrame[],
  frame: (tid: number, unit: number, pdu: Uint8Array) => Uint8Array,
): Peer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const visits: Visit[] = [];
  const connections = { total: 0, open: 0 };
  const running: Promise<void>[] = [];

  function visit(connection: Deno.Conn, { tid, unit, pdu }: MbapFrame): Visit {
    const request = value(decodeRequest(pdu));
    return {
      request,
      unit,
      tid,
      turn: visits.length + 1,
      answer: (changed = {}) =>
        frame(changed.tid ?? tid, changed.unit ?? unit, value(encodeResponse(responseTo(request, changed.base)))),
      exception: (code) => frame(tid, unit, value(encodeResponse({ fc: "exception", function: request.fc, code }))),
      send: async (...chunks) => {
        for (const chunk of chunks) await connection.write(chunk).catch(() => {});
      },
      hangUp: () => close(connection),
    };
  }

  function close(connection: Deno.Conn): void {
    if (!open.delete(connection)) return;
    connections.open--;
    connection.close();
  }

  async function serve(connection: Deno.Conn): Promise<void> {
    const deframe = deframerOf();
    const chunk = new Uint8Array(512);
    try {
      for (let n = await connection.read(chunk); n !== null; n = await connection.read(chunk)) {
        for (const received of deframe(chunk.subarray(0, n))) {
          const next = visit(connection, received);
          visits.push(next);
          running.push(Promise.resolve(behave(next)));
        }
      }
    } catch {
      // the test closed it
    }
    close(connection);
  }

  const accepting = (async () => {
    for await (const connection of listener) {
      connection.setNoDelay(true);
      open.add(connection);
      connections.total++;
      connections.open++;
      running.push(serve(connection));
    }
  })();

  return {
    port: listener.addr.port,
    visits,
    connections,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of [...open]) close(connection);
      await accepting.catch(() => {});
      await clock.until(Promise.all(running));
    },
  };
}

function responseTo(request: Request, base?: number): Parameters<typeof encodeResponse>[0] {
  switch (request.fc) {
    case 1:
    case 2:
      return { fc: request.fc, bits: Array.from({ length: request.count }, (_, i) => (request.address + i) % 3 === 0) };
    case 3:
    case 4:
      return { fc: request.fc, values: valuesAt(request.address, request.count, base) };
    case 5:
    case 6:
      return request;
    case 15:
      return { fc: 15, address: request.address, count: request.bits.length };
    case 16:
      return { fc: 16, address: request.address, count: request.values.length };
  }
}

/** The value of an outcome that has to be good. */
export function value<T>(outcome: { ok: true; value: T } | { ok: false; detail?: string; fault: unknown }): T {
  assert.ok(outcome.ok, `expected a value: ${JSON.stringify(outcome)}`);
  return outcome.value;
}

/** The kind of fault of an outcome that has to be bad. */
export function faultOf(outcome: BusOutcome<unknown>): string {
  assert.ok(!outcome.ok, `expected a fault: ${JSON.stringify(outcome)}`);
  assert.notEqual(outcome.fault.message, "");
  return outcome.fault.kind;
}

/** A bus over a line, with short waits: its time passes when a test lets it. */
export function stillBusOn(line: Line, options: BusOptions = {}): Bus {
  return createBus(line, { ...QUICK, ...options }, io);
}

/** The same, whose time passes while it is asked. */
export function busOn(line: Line, options: BusOptions = {}): Bus {
  const bus = stillBusOn(line, options);
  return {
    read: (...asked) => clock.until(bus.read(...asked)),
    readBits: (...asked) => clock.until(bus.readBits(...asked)),
    write: (...asked) => clock.until(bus.write(...asked)),
    writeBits: (...asked) => clock.until(bus.writeBits(...asked)),
    name: bus.name,
    timing: bus.timing,
    quirks: () => bus.quirks(),
    units: () => bus.units(),
    state: (unit) => bus.state(unit),
    counters: () => bus.counters(),
    [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose](),
  };
}

import { encodeMbap, MbapDeframer } from "../../device/modbus/mbap.ts";
import { decodeRequest, encodeResponse } from "../../device/modbus/pdu.ts";

/** Values of the register with the low part of the count: below the largest plausible output power. */
const RADIX = 20_000;
const PV1_VOLTAGE = 3;
const OUTPUT_POWER = 9;
const POWER_LIMIT = 8;

/**
 * A ten-register inverter that numbers its answers: every read says how many were answered before it, in registers 3
 * (times 20,000) and 9. What is stored thereby tells which polls were kept, lost or kept twice. Its power limit can be
 * written; what reads that alone is no poll.
 */
export interface CountingInverter extends AsyncDisposable {
  readonly port: number;
  /** Polls answered so far. */
  answered(): number;
  /** The last poll that was answered on each connection that ended: who had asked may have died before the answer came. */
  unheard(): readonly number[];
  /** What was written to the power limit, in order. */
  written(): readonly number[];
  /** Tells of every `poll` and every `write`, before it is answered. */
  readonly events: EventTarget;
  /** Answers nothing any more, until it is to speak again. */
  hush(): void;
  speak(): void;
}

/** Starts one on a free port of 127.0.0.1. */
export function countingInverter(): CountingInverter {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let count = 0;
  let silent = false;
  const unheard: number[] = [];
  const written: number[] = [];
  const events = new EventTarget();
  const connections = new Set<Deno.Conn>();
  const registers = () => {
    const values: number[] = [2300, 20, 5000, 0, 3000, 30, 30, 353, written.at(-1) ?? 100, 0];
    values[PV1_VOLTAGE] = Math.floor(count / RADIX);
    values[OUTPUT_POWER] = count % RADIX;
    return values;
  };
  const read = (address: number, length: number): Uint8Array => {
    const response = encodeResponse({ fc: 3, values: registers().slice(address, address + length) });
    if (!response.ok) throw new Error(response.detail);
    if (address === POWER_LIMIT && length === 1) return response.value;
    count++;
    events.dispatchEvent(new Event("poll"));
    return response.value;
  };
  const answer = (pdu: Uint8Array): Uint8Array => {
    const request = decodeRequest(pdu);
    if (request.ok && request.value.fc === 3) return read(request.value.address, request.value.count);
    if (!request.ok || request.value.fc !== 6 || request.value.address !== POWER_LIMIT) {
      throw new Error("only reads of holding registers and writes of the power limit are expected here");
    }
    written.push(request.value.value);
    events.dispatchEvent(new Event("write"));
    return pdu.slice();
  };
  const serve = async (connection: Deno.Conn) => {
    connections.add(connection);
    const frames = new MbapDeframer();
    const buffer = new Uint8Array(260);
    let last: number | undefined;
    try {
      for (let length; (length = await connection.read(buffer));) {
        frames.push(buffer.subarray(0, length));
        for (let frame = frames.next(); frame?.ok; frame = frames.next()) {
          if (silent) continue;
          const before = count;
          const bytes = encodeMbap({ ...frame.value, pdu: answer(frame.value.pdu) });
          if (count > before) last = before;
          if (bytes.ok) await connection.write(bytes.value);
        }
      }
    } catch (error) {
      if (!isGone(error)) throw error; // the node was killed
    } finally {
      connections.delete(connection);
      if (last !== undefined) unheard.push(last);
      close(connection);
    }
  };
  const accepting = (async () => {
    for await (const connection of listener) void serve(connection);
  })();
  return {
    port: listener.addr.port,
    answered: () => count,
    unheard: () => unheard,
    written: () => written,
    events,
    hush: () => void (silent = true),
    speak: () => void (silent = false),
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of connections) close(connection);
      await accepting;
    },
  };
}

/** The number that a stored sample carries. */
export function countOf(vpv1: number, pac: number): number {
  return vpv1 * RADIX + pac;
}

function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.Interrupted || error instanceof Deno.errors.BadResource;
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error; // closed already
  }
}

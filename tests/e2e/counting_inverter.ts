import { encodeMbap, MbapDeframer } from "../../device/modbus/mbap.ts";
import { decodeRequest, encodeResponse } from "../../device/modbus/pdu.ts";

/** Values of the register with the low part of the count: below the largest plausible output power. */
const RADIX = 20_000;
const PV1_VOLTAGE = 3;
const OUTPUT_POWER = 9;

/**
 * A ten-register inverter that numbers its answers: every read says how many were answered before it, in registers 3
 * (times 20,000) and 9. What is stored thereby tells which polls were kept, lost or kept twice.
 */
export interface CountingInverter extends AsyncDisposable {
  readonly port: number;
  /** Reads answered so far. */
  answered(): number;
  /** Answers nothing any more, until it is to speak again. */
  hush(): void;
  speak(): void;
}

/** Starts one on a free port of 127.0.0.1. */
export function countingInverter(): CountingInverter {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let count = 0;
  let silent = false;
  const connections = new Set<Deno.Conn>();
  const registers = () => {
    const values: number[] = [2300, 20, 5000, 0, 3000, 30, 30, 353, 100, 0];
    values[PV1_VOLTAGE] = Math.floor(count / RADIX);
    values[OUTPUT_POWER] = count % RADIX;
    return values;
  };
  const answer = (pdu: Uint8Array): Uint8Array => {
    const request = decodeRequest(pdu);
    if (!request.ok || request.value.fc !== 3) throw new Error("only reads of holding registers are expected here");
    const { address, count: length } = request.value;
    const response = encodeResponse({ fc: 3, values: registers().slice(address, address + length) });
    if (!response.ok) throw new Error(response.detail);
    count++;
    return response.value;
  };
  const serve = async (connection: Deno.Conn) => {
    connections.add(connection);
    const frames = new MbapDeframer();
    const buffer = new Uint8Array(260);
    try {
      for (let length; (length = await connection.read(buffer));) {
        frames.push(buffer.subarray(0, length));
        for (let frame = frames.next(); frame?.ok; frame = frames.next()) {
          if (silent) continue;
          const bytes = encodeMbap({ ...frame.value, pdu: answer(frame.value.pdu) });
          if (bytes.ok) await connection.write(bytes.value);
        }
      }
    } catch (error) {
      if (!isGone(error)) throw error; // the node was killed
    } finally {
      connections.delete(connection);
      close(connection);
    }
  };
  const accepting = (async () => {
    for await (const connection of listener) void serve(connection);
  })();
  return {
    port: listener.addr.port,
    answered: () => count,
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

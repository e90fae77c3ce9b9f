import { encodeMbap, MbapDeframer } from "../../../device/modbus/mbap.ts";
import { decodeRequest } from "../../../device/modbus/pdu.ts";
import { respond, type SimulatedUnit } from "../../../device/simulator/unit.ts";

/** The ten registers over Modbus TCP, with a hand on every write. */
export interface WritableInverter extends AsyncDisposable {
  readonly port: number;
  /** What the power limit holds. */
  limit(): number;
  /** Every value that was written, in order. */
  readonly written: readonly number[];
  /** What happens when a write arrives, before it has an effect, and before it is confirmed. */
  onWrite: { before?: () => Promise<void>; after?: () => Promise<void> };
}

const POWER_LIMIT = 8;

/** Starts one on a free port of 127.0.0.1. */
export function writableInverter(): WritableInverter {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const words = [2300, 20, 5000, 3000, 3000, 30, 30, 353, 100, 900];
  const written: number[] = [];
  const unit: SimulatedUnit = {
    functions: new Set([3, 6]),
    read: (address, count) => address + count > words.length ? 2 : words.slice(address, address + count),
    write: (address, [value = 0]) => {
      if (address !== POWER_LIMIT) return 2;
      words[address] = value;
      written.push(value);
      return undefined;
    },
  };
  const inverter: WritableInverter = {
    port: listener.addr.port,
    limit: () => words[POWER_LIMIT] ?? -1,
    written,
    onWrite: {},
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
    },
  };
  const answer = async (pdu: Uint8Array): Promise<Uint8Array> => {
    const request = decodeRequest(pdu);
    const isWrite = request.ok && request.value.fc === 6;
    if (isWrite) await inverter.onWrite.before?.();
    const response = respond(unit, pdu);
    if (isWrite) await inverter.onWrite.after?.();
    return response;
  };
  const serve = async (connection: Deno.Conn) => {
    using _ = connection;
    const frames = new MbapDeframer();
    const buffer = new Uint8Array(260);
    try {
      for (let length; (length = await connection.read(buffer));) {
        frames.push(buffer.subarray(0, length));
        for (let frame = frames.next(); frame?.ok; frame = frames.next()) {
          const bytes = encodeMbap({ ...frame.value, pdu: await answer(frame.value.pdu) });
          if (bytes.ok) await connection.write(bytes.value);
        }
      }
    } catch (error) {
      const gone = [Deno.errors.ConnectionReset, Deno.errors.BrokenPipe, Deno.errors.BadResource];
      if (!gone.some((kind) => error instanceof kind)) throw error; // the node was killed
    }
  };
  const accepting = (async () => {
    for await (const connection of listener) void serve(connection);
  })();
  return inverter;
}

import { encodeMbap, MbapDeframer } from "../../../device/modbus/mbap.ts";
import { decodeRequest, encodeResponse } from "../../../device/modbus/pdu.ts";

/** What becomes of a read: as many values as asked for, an exception, or nothing at all. */
export type ChoosyAnswer =
  | { readonly kind: "values"; readonly values: readonly number[] }
  | { readonly kind: "exception"; readonly code: number }
  | { readonly kind: "silence" };

/** An inverter on a TCP port that answers as a test tells it to. */
export interface ChoosyInverter extends AsyncDisposable {
  readonly port: number;
}

/** Starts one on a free port of 127.0.0.1. `answer` is asked with the first address and the number of registers of a read. */
export function choosyInverter(answer: (address: number, count: number) => ChoosyAnswer): ChoosyInverter {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections = new Set<Deno.Conn>();
  const response = (pdu: Uint8Array): Uint8Array | undefined => {
    const request = decodeRequest(pdu);
    if (!request.ok || request.value.fc !== 3) return Uint8Array.of((pdu[0] ?? 0) | 0x80, 1);
    const given = answer(request.value.address, request.value.count);
    if (given.kind === "silence") return undefined;
    if (given.kind === "exception") return Uint8Array.of(0x83, given.code);
    const encoded = encodeResponse({ fc: 3, values: [...given.values] });
    return encoded.ok ? encoded.value : undefined;
  };
  const serve = async (connection: Deno.Conn) => {
    connections.add(connection);
    const frames = new MbapDeframer();
    const buffer = new Uint8Array(260);
    for (let length; (length = await connection.read(buffer).catch(() => null));) {
      frames.push(buffer.subarray(0, length));
      for (let frame = frames.next(); frame?.ok; frame = frames.next()) {
        const pdu = response(frame.value.pdu);
        const bytes = pdu && encodeMbap({ ...frame.value, pdu });
        if (bytes?.ok) await connection.write(bytes.value).catch(() => 0);
      }
    }
    if (connections.delete(connection)) connection.close();
  };
  const accepting = (async () => {
    for await (const connection of listener) void serve(connection);
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of [...connections]) if (connections.delete(connection)) connection.close();
      await accepting;
    },
  };
}

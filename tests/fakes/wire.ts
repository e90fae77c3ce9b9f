import type { ByteStream } from "../../device/modbus/byte_stream.ts";
import { LineClosed } from "../../device/modbus/byte_stream.ts";
import { decodeRequest, encodeResponse } from "../../device/modbus/pdu.ts";
import { decodeRtu, encodeRtu } from "../../device/modbus/rtu.ts";
import type { FakeClock } from "./clock.ts";

/** A serial line on which units answer after a while, in the time of a fake clock. */
export class FakeWire implements ByteStream {
  /** Units and the ms they take to answer; who is not in it is dead. */
  readonly latencyMs = new Map<number, number>();
  /** Units asked, in order, with the fake time. */
  readonly asked: { readonly unit: number; readonly fc: number; readonly at: number }[] = [];
  readonly #clock: FakeClock;
  #input: Uint8Array[] = [];
  #arrived = Promise.withResolvers<void>();
  #closed = false;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#closed) return Promise.reject(new LineClosed("unplugged"));
    const adu = decodeRtu(bytes);
    if (!adu.ok) return Promise.resolve();
    const { unit, pdu } = adu.value;
    this.asked.push({ unit, fc: pdu[0] ?? 0, at: this.#clock.monotonic() });
    const latencyMs = this.latencyMs.get(unit);
    const frame = encodeRtu(unit, answer(pdu));
    if (latencyMs !== undefined && frame.ok) {
      this.#clock.sleep(latencyMs).then(() => {
        this.#input.push(frame.value);
        this.#arrived.resolve();
      });
    }
    return Promise.resolve();
  }

  async read(timeoutMs: number): Promise<Uint8Array | undefined> {
    if (this.#input.length === 0) {
      this.#arrived = Promise.withResolvers();
      const given = new AbortController();
      await Promise.race([this.#arrived.promise, this.#clock.sleep(timeoutMs, given.signal)]);
      given.abort();
    }
    if (this.#closed) throw new LineClosed("unplugged");
    return this.#input.shift();
  }

  discardInput(): void {
    this.#input = [];
  }

  close(): void {
    this.#closed = true;
    this.#arrived.resolve();
  }
}

function answer(pdu: Uint8Array): Uint8Array {
  const request = decodeRequest(pdu);
  if (!request.ok) return Uint8Array.of((pdu[0] ?? 0) | 0x80, 1);
  const { value } = request;
  const response = value.fc === 3 || value.fc === 4
    ? encodeResponse({ fc: value.fc, values: new Array<number>(value.count).fill(7) })
    : encodeResponse({ fc: "exception", function: value.fc, code: 1 });
  if (value.fc === 6) return pdu.slice();
  return response.ok ? response.value : Uint8Array.of(0x80 | value.fc, 4);
}

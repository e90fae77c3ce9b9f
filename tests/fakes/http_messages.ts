import { type Bytes, concat } from "../../crypto/bytes.ts";

const HEAD_END = "\r\n\r\n";

/** Whole HTTP/1.1 messages off a connection, as the bytes that they are: what a recorder needs. */
export class HttpMessages {
  readonly #connection: Deno.Conn;
  #held: Bytes = new Uint8Array();

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** The next message; `undefined` when the other end has no more. Its body has to have a Content-Length, as on the whole link. */
  async next(): Promise<Bytes | undefined> {
    for (;;) {
      const length = lengthOf(this.#held);
      if (length !== undefined && this.#held.length >= length) {
        const message = this.#held.slice(0, length);
        this.#held = this.#held.slice(length);
        return message;
      }
      const buffer = new Uint8Array(16_384);
      const count = await this.#connection.read(buffer);
      if (count === null) return undefined;
      this.#held = concat(this.#held, buffer.subarray(0, count));
    }
  }
}

/** Bytes of the message that these begin; `undefined` while its head is not all there. */
function lengthOf(bytes: Bytes): number | undefined {
  const text = latin1(bytes);
  const end = text.indexOf(HEAD_END);
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  if (/\r\ntransfer-encoding:/i.test(head)) throw new Error(`a body without a length: ${head}`);
  return end + HEAD_END.length + Number(/\r\ncontent-length: *([0-9]+)/i.exec(head)?.[1] ?? 0);
}

/** The status in the first line of an answer. */
export function statusOf(answer: Bytes): number {
  return Number(/^HTTP\/1\.[01] ([0-9]{3})/.exec(latin1(answer.subarray(0, 20)))?.[1]);
}

/** One character for each byte. */
export function latin1(bytes: Bytes): string {
  return new TextDecoder("latin1").decode(bytes);
}

/** Writes all of it. */
export async function writeAll(connection: Deno.Conn, bytes: Bytes): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
}

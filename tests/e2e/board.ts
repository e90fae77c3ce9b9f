import { toHex } from "../../crypto/bytes.ts";
import { importHmacKey } from "../../crypto/hmac.ts";
import { legacySignature } from "../../gateway/boards/legacy_signature.ts";
import { boardBody, rawFrame } from "../gateway/boards/board.ts";

/** What a board got back: the status and the body, exactly Content-Length bytes of it. */
export interface BoardAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers: ReadonlyMap<string, string>;
}

/** An ESP32 board as the gateway meets it: one connection a request, signatures on uploads only. */
export interface Board {
  upload(sample: readonly number[]): Promise<BoardAnswer>;
  post(path: string, body: unknown): Promise<BoardAnswer>;
}

const NAME = "ESP32_EcoWatt_Smart";

/** A board with this key that speaks to the gateway at `url`. */
export function board(url: string, rawKey: Uint8Array<ArrayBuffer>): Board {
  const imported = importHmacKey(rawKey);
  let sequence = 0;
  let uptime = 10_000;
  let batches = 0;
  const send = (path: string, body: Uint8Array, headers: Record<string, string> = {}) =>
    exchange(new URL(url), path, body, headers);
  return {
    async upload(sample) {
      uptime += 15_000;
      const frame = rawFrame(sample);
      const body = new Uint8Array(boardBody(uptime, [{ timestamp: uptime - 1000, frame }], ++batches));
      const number = sequence++;
      return await send("/process", body, {
        "X-Sequence-Number": String(number),
        "X-HMAC-SHA256": toHex(await legacySignature(await imported, body, number)),
      });
    },
    post: (path, body) => send(path, new TextEncoder().encode(JSON.stringify({ device_id: NAME, ...body as object }))),
  };
}

/** Reads the answer as the firmware does: Content-Length bytes, then the connection is closed. */
async function exchange(
  { hostname, port }: URL,
  path: string,
  body: Uint8Array,
  headers: Record<string, string>,
): Promise<BoardAnswer> {
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const head = [
    `POST ${path} HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    "User-Agent: ESP32HTTPClient",
    "Connection: keep-alive",
    "Accept-Encoding: identity;q=1,chunked;q=0.1,*;q=0",
    "Content-Type: application/json",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${body.length}`,
  ].join("\r\n");
  await writeAll(connection, new TextEncoder().encode(`${head}\r\n\r\n`));
  await writeAll(connection, body);
  let text = "";
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  for (;;) {
    const parsed = parse(text);
    if (parsed) return parsed;
    const length = await connection.read(buffer);
    if (length === null) throw new Error(`the gateway closed after ${JSON.stringify(text)}`);
    text += decoder.decode(buffer.subarray(0, length), { stream: true });
  }
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length;) offset += await connection.write(bytes.subarray(offset));
}

function parse(text: string): BoardAnswer | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers = new Map(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  const length = Number(headers.get("content-length") ?? Number.NaN);
  const body = text.slice(end + 4);
  if (!(body.length >= length)) return undefined;
  return { status: Number(first.split(" ")[1]), body: body.slice(0, length), headers };
}

// The load, in a process of its own: deno run -A bench/upload_load.ts PORT UPLOADS_A_CONNECTION
import { type Bytes, concat, toBase64, utf8 } from "../crypto/bytes.ts";
import { importHmacKey } from "../crypto/hmac.ts";
import { CODEC, encodeBlock } from "../protocol/block/block.ts";
import { DeviceId } from "../protocol/device_id.ts";
import { signRequest } from "../protocol/device_signature.ts";
import { ecowatt } from "../protocol/profile/ecowatt.ts";

export const CONNECTIONS = 16;
/** One upload: ten registers each 2 s for 15 s. */
const SAMPLES = 8;

/** The nodes, one a connection, with keys for this benchmark only. */
export function benchDevices(): readonly { readonly deviceId: DeviceId; readonly raw: Bytes }[] {
  return Array.from({ length: CONNECTIONS }, (_, i) => ({
    deviceId: DeviceId.parse(`bench-${i}`),
    raw: new Uint8Array(32).fill(i + 1),
  }));
}

/** The bytes of one signed upload, made before the clock runs. */
async function requestOf(
  port: number,
  device: ReturnType<typeof benchDevices>[number],
  number: number,
): Promise<Bytes> {
  const start = 1_780_000_000_000 + number * SAMPLES * 2000;
  const samples = Array.from({ length: SAMPLES }, (_, i) => {
    const t = number * SAMPLES + i;
    return {
      at: start + i * 2000,
      values: ecowatt.registers.map((_, r) => Math.round(2000 + 300 * Math.sin(t / 200 + r))),
    };
  });
  const block = {
    block_id: number,
    inverter: "inverter",
    profile: ecowatt.id,
    registers: ecowatt.defaultRegisters,
    codec: CODEC,
    count: SAMPLES,
    start_ms: start,
    end_ms: start + (SAMPLES - 1) * 2000,
    payload: toBase64(encodeBlock({ samples })),
  };
  const body = utf8(JSON.stringify({ device_id: device.deviceId, data_type: "sample_blocks", blocks: [block] }));
  const url = `http://127.0.0.1:${port}/process`;
  const key = { deviceId: device.deviceId, number: 1, hmac: await importHmacKey(device.raw) };
  const signed = await signRequest(key, {
    method: "POST",
    url,
    body,
    sequence: number,
    created: Math.floor(start / 1000),
  });
  const headers = { "content-type": "application/json", "content-length": String(body.length), ...signed.headers };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return concat(utf8(`POST /process HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${lines}\r\n`), body);
}

/** Sends one after the other on one connection; every answer has to be 200. */
async function run(port: number, requests: readonly Bytes[]): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay(true);
  const buffer = new Uint8Array(16384);
  const decoder = new TextDecoder("latin1");
  for (const request of requests) {
    for (let offset = 0; offset < request.length;) offset += await connection.write(request.subarray(offset));
    let text = "";
    while (!isWhole(text)) {
      const count = await connection.read(buffer);
      if (count === null) throw new Error("Cannot measure: the server closed the connection");
      text += decoder.decode(buffer.subarray(0, count));
    }
    if (!text.startsWith("HTTP/1.1 200")) throw new Error(`Cannot measure: the server answered ${text}`);
  }
}

function isWhole(text: string): boolean {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return false;
  const length = /content-length: (\d+)/i.exec(text)?.[1];
  return text.length >= head + 4 + Number(length);
}

if (import.meta.main) {
  const [port, each] = Deno.args.map(Number);
  if (!port || !each) throw new Error("usage: upload_load.ts PORT UPLOADS_A_CONNECTION");
  const queueOf = (device: ReturnType<typeof benchDevices>[number]) =>
    Promise.all(Array.from({ length: each }, (_, i) => requestOf(port, device, i + 1)));
  const queues = await Promise.all(benchDevices().map(queueOf));
  const warm = Math.ceil(each / 5);
  await Promise.all(queues.map((queue) => run(port, queue.slice(0, warm))));
  const started = performance.now();
  await Promise.all(queues.map((queue) => run(port, queue.slice(warm))));
  const seconds = (performance.now() - started) / 1000;
  await Deno.stdout.write(utf8(`${CONNECTIONS * (each - warm) / seconds}\n`));
}

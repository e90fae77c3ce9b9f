/** Downloads and checks an image of so many bytes over the node's own client, and prints the most memory that was in use. */
import { startEncryption } from "../../../crypto/aes_cbc.ts";
import { type Bytes, concat, toBase64, toHex, utf8 } from "../../../crypto/bytes.ts";
import { createSha256, sha256 } from "../../../crypto/sha256.ts";
import { GatewayClient } from "../../../device/uplink/gateway_client.ts";
import { replyOf } from "../../../device/uplink/reply.ts";
import { slotFiles } from "../../../ota/slots/files.ts";
import { bring } from "../../../ota/updater/install.ts";
import type { Gateway } from "../../../ota/updater/gateway.ts";
import { systemClock } from "../../../platform/clock.ts";
import { parseSignedRequest, signResponse, verifySignedRequest } from "../../../protocol/device_signature.ts";
import { chunkHmac } from "../../../ota/chunks/chunk_hmac.ts";
import { NODE_CHUNK_BYTES } from "../../../ota/manifest/limits.ts";
import { chunkCount, encryptedSize, type Manifest, MANIFEST_FORMAT } from "../../../ota/manifest/manifest.ts";
import { CHUNK_HEADERS } from "../../../ota/manifest/messages.ts";
import { temporaryDirectory } from "../../fakes/temporary_directory.ts";
import { FirmwareGateway, firmwareKeys } from "../../fakes/firmware.ts";
import { LiveMemory } from "../../fakes/live_memory.ts";
import { systemRandom } from "../../../platform/random.ts";
import { forgetfulNode, testKey } from "../../fakes/signing_gateway.ts";
import { installIo, saying } from "../machine.ts";

const IV = new Uint8Array(16).fill(5);
/** Looks at the memory at every so many pieces. */
const EACH = 16;

/** A piece of the image; the last one is shorter. */
function plainChunk(number: number, size: number): Bytes {
  const start = number * NODE_CHUNK_BYTES;
  return new Uint8Array(Math.max(0, Math.min(NODE_CHUNK_BYTES, size - start))).fill(number & 0xff);
}

function manifestOf(size: number): Manifest {
  const hash = createSha256();
  const encrypted_size = encryptedSize(size);
  const total_chunks = chunkCount(encrypted_size, NODE_CHUNK_BYTES);
  for (let number = 0; number < total_chunks; number++) hash.update(plainChunk(number, size));
  return {
    ...{
      format: MANIFEST_FORMAT,
      model: "ecowatt",
      version: "2.0.0",
      sequence: 2,
      original_size: size,
      encrypted_size,
    },
    ...{ sha256_hash: toHex(hash.digest()), iv: toBase64(IV) },
    ...{ chunk_size: NODE_CHUNK_BYTES, total_chunks },
  };
}

/** Answers as the gateway does: bytes, signed. Chunks come in their order. */
function gatewayOf({ original_size, total_chunks }: Manifest): typeof fetch {
  const encryption = startEncryption(firmwareKeys.image, IV);
  return async (input, init) => {
    const request = new Request(input, init);
    const claim = parseSignedRequest({ method: request.method, url: request.url, fields: request.headers });
    const received = await request.bytes();
    const verified = claim.ok ? await verifySignedRequest(claim.value, received, testKey) : claim;
    if (!verified.ok) throw new Error(verified.detail);
    const number: number = JSON.parse(new TextDecoder().decode(received)).chunk_number;
    const start = await encryption.update(plainChunk(number, original_size));
    const body = number === total_chunks - 1 ? concat(start, await encryption.finish()) : start;
    const headers = {
      "content-type": "application/octet-stream",
      [CHUNK_HEADERS.number]: String(number),
      [CHUNK_HEADERS.hmac]: await chunkHmac(firmwareKeys.chunks, body, number),
    };
    const signature = await signResponse(verified.value, { status: 200, body, created: 1 });
    return new Response(body, { headers: { ...headers, ...signature } });
  };
}

const manifest = manifestOf(Number(Deno.args[0]));
await using folder = await temporaryDirectory();
const disk = await slotFiles(folder.path);
const memory = new LiveMemory();
let last = 0;
const client = new GatewayClient({
  url: "http://gateway.test",
  key: testKey,
  sequence: { take: () => ++last, advanceTo: () => false },
  bound: forgetfulNode(),
  clock: systemClock,
  random: systemRandom,
  fetch: gatewayOf(manifest),
});
const files = {
  ...disk,
  async *pieces(path: string) {
    let count = 0;
    for await (const piece of disk.pieces(path)) {
      if (count++ % EACH === 0) memory.look();
      yield piece;
    }
  },
};
const gateway: Gateway = {
  async ask(path, message, schema, signal) {
    const reply = replyOf(await client.post(path, message, signal), schema);
    if (reply.kind !== "ok") throw new Error(JSON.stringify(reply));
    return reply;
  },
};
const io = installIo(files, new FirmwareGateway(), {
  ...{ gateway, clock: systemClock, run: saying(), device: testKey.deviceId },
  onProgress: ({ next }) => next % EACH === 0 && memory.look(),
});
const wanted = { manifest, image: toHex(sha256("test")), slot: "b" } as const;
const brought = await bring(wanted, io, new AbortController().signal);
if (!brought.ok) throw new Error(brought.detail);
await Deno.stdout.write(utf8(`${memory.most}\n`));

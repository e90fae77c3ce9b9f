import { encryptAesCbc, importAesKey } from "../../crypto/aes_cbc.ts";
import { type Bytes, toBase64, toHex, utf8 } from "../../crypto/bytes.ts";
import { importRsaPrivateKey, signRsa } from "../../crypto/rsa.ts";
import { sha256 } from "../../crypto/sha256.ts";
import type { KeyMaterial } from "../../keys/firmware_keys.ts";
import { NewFirmware } from "../../ota/manifest/firmware.ts";
import { BOARD_CHUNK_BYTES } from "../../ota/manifest/limits.ts";
import { signImage } from "../../ota/repository/offline_signing.ts";
import type { Random } from "../../platform/random.ts";
import { encodeBlock } from "../../protocol/block/block.ts";

/** 2026-06-21T12:00:00Z, when the story begins; a step takes a second. */
export const BEGIN = Date.UTC(2026, 5, 21, 12);
/** A test key of a board. */
export const BOARD_KEY = utf8("test key of a board, 32 bytes ...").slice(0, 32);

/** What the story needs and no answer gives. */
export async function prepare(keys: KeyMaterial, random: Random): Promise<Map<string, unknown>> {
  const samples = Array.from({ length: 30 }, (_, i) => {
    return { at: BEGIN - 60_000 + 2000 * i, values: [2301 + (i % 3), 1200 + 10 * i] };
  });
  const block = {
    block_id: 1,
    inverter: "roof-1",
    profile: "ecowatt",
    registers: ["Vac1", "Pac"],
    codec: "ecowatt-block/1",
    count: samples.length,
    start_ms: samples[0]?.at,
    end_ms: samples.at(-1)?.at,
    payload: toBase64(encodeBlock({ samples })),
  };
  const nodeImage = utf8("an image of a node, as far as this example is concerned");
  const boardImage = Uint8Array.from([0xe9, ...utf8("an image of a board")]);
  return new Map<string, unknown>([
    ["block", block],
    ["noise", { ...block, block_id: 2, payload: "AAECAwQFBgc=" }],
    ["board_key", toHex(BOARD_KEY)],
    ["board_body", boardBody()],
    ["node_image", nodeImage],
    ["board_image", await encryptAesCbc(await importAesKey(keys.aes), IV, boardImage)],
    ["signed_manifest", header(await signedManifest(nodeImage, keys, random))],
    ["board_manifest", header(await boardManifest(boardImage, keys))],
  ]);
}

const IV = new Uint8Array(16).fill(5);

function header(value: unknown): string {
  return toBase64(utf8(JSON.stringify(value)));
}

async function signedManifest(image: Bytes, keys: KeyMaterial, random: Random): Promise<unknown> {
  const key = await privateKeyOf(keys);
  const details = { ...NewFirmware.parse({ model: "ecowatt-node", version: "1.2.0" }), sequence: 2 };
  const signed = await signImage(() => Promise.resolve(once(image)), details, { key, random });
  if (!signed.ok) throw new Error(signed.detail);
  return signed.value;
}

async function boardManifest(image: Bytes, keys: KeyMaterial): Promise<unknown> {
  const encrypted = 16 * Math.floor(image.length / 16 + 1);
  return {
    version: "1.0.5",
    original_size: image.length,
    encrypted_size: encrypted,
    sha256_hash: toHex(sha256(image)),
    signature: toBase64(await signRsa(await privateKeyOf(keys), image)),
    iv: toBase64(IV),
    chunk_size: BOARD_CHUNK_BYTES,
    total_chunks: 1,
  };
}

async function privateKeyOf({ privatePem }: KeyMaterial) {
  const key = await importRsaPrivateKey(privatePem ?? "");
  if (!key) throw new Error("The test keys cannot be used");
  return key;
}

async function* once(bytes: Bytes): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield bytes;
}

/** Five equal samples in a raw frame, as a board packs them. */
function boardBody(): unknown {
  const sample = [2300, 52, 31, 1190, 30, 412];
  const values = Array.from({ length: 5 }, () => sample).flat();
  const frame = Uint8Array.from([0x00, values.length, ...values.flatMap((value) => [value & 0xff, value >> 8])]);
  return {
    device_id: "ESP32_EcoWatt_Smart",
    timestamp: 25_000,
    data_type: "compressed_sensor_batch",
    total_samples: 1,
    compressed_data: [{
      compressed_binary: toBase64(frame).replaceAll("=", "A"),
      decompression_metadata: {
        method: "BATCH_BITPACK",
        register_count: 6,
        original_size_bytes: 12,
        compressed_size_bytes: frame.length,
        timestamp: 24_000,
        register_layout: [0, 1, 5, 9, 6, 7],
      },
    }],
    session_summary: {
      method_usage: { dictionary_count: 1, temporal_count: 0, semantic_count: 0, bitpack_count: 0 },
    },
  };
}

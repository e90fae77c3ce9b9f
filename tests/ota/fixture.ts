import { type Bytes, fromHex, utf8 } from "../../crypto/bytes.ts";
import { type KeyMaterial, writeKeySet } from "../../keys/firmware_keys.ts";
import { keysFolder, openRepository } from "../../ota/repository/repository.ts";
import type { FirmwareRepository } from "../../ota/repository/firmware_repository.ts";
import { systemRandom } from "../../platform/random.ts";
import { firmwarePair } from "../fakes/rsa_keys.ts";
import { reference } from "../needs.ts";

/** The published artefacts of the boards. */
export const BOARD_FILES = {
  image: reference("esp32/ota/firmware-acb9419/firmware_1.0.4_encrypted.bin"),
  manifest: reference("esp32/ota/firmware-acb9419/firmware_1.0.4_manifest.json"),
  oldImage: reference("esp32/ota/keys-dir/firmware_1.0.4_encrypted.bin"),
  oldManifest: reference("esp32/ota/keys-dir/firmware_1.0.4_manifest.json"),
  aes: reference("esp32/ota/aes_firmware_key.bin"),
  chunk: reference("esp32/ota/hmac_psk.txt"),
  publicKey: reference("esp32/ota/server_public_key.pem"),
} as const;

/** The keys that the boards in the field have. */
export async function boardKeys(): Promise<KeyMaterial> {
  const aes = await Deno.readFile(BOARD_FILES.aes.url);
  const chunk = fromHex((await Deno.readTextFile(BOARD_FILES.chunk.url)).trim());
  if (!chunk) throw new Error("the boards' chunk key is not hex");
  return { publicPem: await Deno.readTextFile(BOARD_FILES.publicKey.url), aes, chunk };
}

/** Test keys. */
export const testKeys: KeyMaterial = { ...firmwarePair, aes: systemRandom.bytes(32), chunk: systemRandom.bytes(32) };

/** A repository in a folder of its own, with test keys. */
export interface RepositoryFixture extends AsyncDisposable {
  readonly dataDir: string;
  readonly repository: FirmwareRepository;
}

export async function openFixture(dataDir?: string): Promise<RepositoryFixture> {
  const folder = dataDir ?? await Deno.makeTempDir();
  await writeKeySet(keysFolder(folder), "default", testKeys);
  const repository = openRepository({ dataDir: folder, random: systemRandom, clock: { now: () => 1_000 } });
  return {
    dataDir: folder,
    repository,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** An image of that size in pieces of awkward sizes; the first byte is what boards want. */
export async function* image(size: number, piece = 7_001): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size; at += piece) {
    await Promise.resolve();
    yield imageBytes(size).subarray(at, Math.min(size, at + piece));
  }
}

let last: Bytes | undefined;

/** The same image whole. */
export function imageBytes(size: number): Bytes {
  if (last?.length === size) return last;
  return last = Uint8Array.from({ length: size }, (_, i) => i === 0 ? 0xe9 : (i * 31 + (i >> 8)) & 0xff);
}

/** Bytes in one piece. */
export async function* once(bytes: Uint8Array | string): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield typeof bytes === "string" ? utf8(bytes) : bytes;
}

import { join } from "node:path";
import { type Bytes, concat } from "../../crypto/bytes.ts";
import { contentDigest } from "../../crypto/content_digest.ts";
import { type RsaPrivateKey, verifyRsa } from "../../crypto/rsa.ts";
import type { Random } from "../../platform/random.ts";
import { chunkHmac } from "../chunks/chunk_hmac.ts";
import type { BoardManifest, Firmware, FirmwareFault, NewFirmware } from "../manifest/firmware.ts";
import type { Added, FirmwareRepository, Pieces } from "./firmware_repository.ts";
import { MAX_BOARD_IMAGE_BYTES, MAX_WHOLE_IMAGE_BYTES } from "../manifest/limits.ts";
import { bytesOf, type Manifest, type SignedManifest, signManifest, verifyManifest } from "../manifest/manifest.ts";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import {
  decryptImage,
  encryptImage,
  fitsAudience,
  type ImageCipher,
  type PlainImage,
  type Sink,
} from "../chunks/image_stream.ts";
import type { KeySet } from "../../keys/firmware_keys.ts";
import { manifestOf } from "../manifest/manifest_of.ts";
import { openKeySets } from "./key_sets.ts";
import type { ImageStoreFiles } from "./image_store_files.ts";
import { type Draft, type ImageStore, openImageStore } from "./image_store.ts";
import { signWhole } from "./image_signature.ts";
import { type Range, ReadyChunks } from "./ready_chunks.ts";
import { forOlderNodes } from "./older_nodes.ts";
import { SerialQueue } from "../../platform/serial_queue.ts";

interface RepositoryIo {
  /** The gateway's data directory. */
  readonly dataDir: string;
  readonly random: Pick<Random, "bytes">;
  readonly clock: { now(): number };
  /** How images get onto the disk; default: on the disk itself. */
  readonly files?: ImageStoreFiles;
}

/**
 * Where the key sets of a gateway are.
 *
 * @example
 * ```ts
 * keysFolder("/var/lib/ecowatt"); // => "/var/lib/ecowatt/firmware-keys"
 * ```
 */
export function keysFolder(dataDir: string): string {
  return join(dataDir, "firmware-keys");
}

/**
 * The repository in a gateway's data directory.
 *
 * @example
 * ```ts
 * import { systemClock } from "../../platform/clock.ts";
 * import { systemRandom } from "../../platform/random.ts";
 * const io = { dataDir: await Deno.makeTempDir(), random: systemRandom, clock: systemClock };
 * openRepository(io).list(); // => []
 * ```
 */
export function openRepository(io: RepositoryIo): FirmwareRepository {
  const imageStore = openImageStore(join(io.dataDir, "firmware"), io.files);
  const keySets = openKeySets(keysFolder(io.dataDir));
  const wholeImages = new SerialQueue();
  const chunks = new ReadyChunks(async (firmware, range) => {
    const chunks = await readChunks(imageStore, firmware, range);
    if (!chunks) return undefined;
    const { chunkKeys } = await keySets.get(firmware.keys);
    return await Promise.all(chunks.map(async (data, i) => {
      const hmac = chunkHmac(chunkKeys[firmware.audience], data, range.from + i); // in a thread of its own, meanwhile:
      return { data, digest: contentDigest(data), hmac: await hmac };
    }));
  });
  return {
    list: () => imageStore.list(),
    find: (model, version) => imageStore.find(model, version),
    chunk: (firmware, number) => chunks.get(firmware, number),
    forOlderNodes: async (firmware) =>
      await wholeImages.run(() => keySets.use(firmware.keys, (keys) => forOlderNodes(firmware, keys, imageStore))),
    add: async (plain, details) => await keySets.use(details.keys, (keys) => add(plain, details, keys, imageStore, io)),
    addSigned: async (plain, signed, { keys: name }) =>
      await keySets.use(name, (keys) => addSigned(plain, signed, { ...keys, name }, imageStore, io)),
    importBoard: async (encrypted, manifest, options) =>
      await keySets.use(options.keys, (keys) => importBoard(encrypted, manifest, options, keys, imageStore, io)),
    verify: async (firmware) =>
      await keySets.use(firmware.keys, async (keys) => {
        using file = imageStore.open(firmware);
        const check = firmware.audience === "board" ? checkBoardImage : checkNodeImage;
        const checked = await check(file.readable, firmware, keys);
        return checked.ok ? success(firmware) : checked;
      }),
    remove: (model, version) => imageStore.remove(model, version),
  };
}

async function add(plain: Pieces, details: NewFirmware, keys: KeySet, imageStore: ImageStore, io: RepositoryIo): Added {
  const { privateKey } = keys;
  if (!privateKey) return refusal("keys", "The private key is not here: sign the image where it is, and add it signed");
  const known = precheck(imageStore, details);
  if (!known.ok) return known;
  const cipher = { key: keys.aes, iv: io.random.bytes(16) };
  return await imageStore.put(async (draft) => {
    const image = await encryptImage(plain, draft.append, cipher);
    if (!image.ok) return image;
    return success(async () => { // in turn: no two images are in memory at the same time
      const signature = await signDraft(draft, image.value, { cipher, privateKey });
      if (!signature.ok) return signature;
      const sequence = details.sequence ?? imageStore.highestSequence(details.model) + 1;
      const manifest = manifestOf(image.value, { ...details, sequence, iv: cipher.iv, signature: signature.value });
      return keep(manifest, await signManifest(manifest, privateKey), image.value, details, io);
    });
  });
}

async function signDraft(
  draft: Draft,
  image: PlainImage,
  { cipher, privateKey }: { readonly cipher: ImageCipher; readonly privateKey: RsaPrivateKey },
): Promise<Outcome<Bytes | undefined, FirmwareFault>> {
  using file = await draft.open();
  return await signWhole(image, (plain) => decryptImage(file.readable, cipher, { plain }), {
    key: privateKey,
    most: MAX_WHOLE_IMAGE_BYTES,
  });
}

/** What can be refused before the image comes. Sequences only go up, so that devices that took a release take the next. */
function precheck(
  imageStore: ImageStore,
  { model, version, sequence }: NewFirmware,
): Outcome<undefined, FirmwareFault> {
  if (imageStore.find(model, version)) return refusal("exists", `There is a firmware ${version} of ${model} already`);
  const highest = imageStore.highestSequence(model);
  if (sequence !== undefined && sequence <= highest) {
    return refusal("sequence", `The sequence ${sequence} is not above ${highest}, the highest of ${model}`);
  }
  return success(undefined);
}

async function addSigned(
  plain: Pieces,
  signed: SignedManifest,
  keys: KeySet & { readonly name: string },
  imageStore: ImageStore,
  io: RepositoryIo,
): Added {
  const read = await verifyManifest(signed, keys.publicKey);
  if (!read.ok) return refusal("manifest", read.detail);
  const manifest = read.value;
  const audience = "node";
  const known = precheck(imageStore, {
    model: manifest.model,
    version: manifest.version,
    sequence: manifest.sequence,
    audience,
    keys: keys.name,
  });
  if (!known.ok) return known;
  return await imageStore.put(async (draft) => {
    const image = await encryptImage(plain, draft.append, { key: keys.aes, iv: bytesOf(manifest.iv) });
    if (!image.ok) return image;
    const same = matches(image.value, manifest);
    const kept = { audience, keys: keys.name } as const;
    return same.ok ? success(() => Promise.resolve(keep(manifest, signed, image.value, kept, io))) : same;
  });
}

function keep(
  { format: _, min_version, ...manifest }: Manifest,
  signed: SignedManifest,
  image: PlainImage,
  { audience, keys }: Pick<NewFirmware, "audience" | "keys">,
  { clock }: RepositoryIo,
): Outcome<Firmware, FirmwareFault> {
  const fits = fitsAudience(image, audience);
  if (!fits.ok) return fits;
  if (audience === "board" && manifest.encrypted_size > MAX_BOARD_IMAGE_BYTES) {
    return refusal("too_large", `The image has ${manifest.encrypted_size} bytes; boards take ${MAX_BOARD_IMAGE_BYTES}`);
  }
  const signature = manifest.signature ?? null;
  const common = { ...manifest, signature, audience, keys, min_version: min_version ?? null, added_at: clock.now() };
  return success(
    audience === "board" ? { ...common, manifest: null, manifest_signature: null } : { ...common, ...signed },
  );
}

async function importBoard(
  encrypted: Pieces,
  manifest: BoardManifest,
  { model, keys: name }: { readonly model: string; readonly keys: string },
  keys: KeySet,
  imageStore: ImageStore,
  { clock }: RepositoryIo,
): Added {
  if (imageStore.find(model, manifest.version)) {
    return refusal("exists", `There is a firmware ${manifest.version} of ${model} already`);
  }
  return await imageStore.put(async (draft) => {
    const checked = await checkBoardImage(encrypted, manifest, keys, draft.append);
    if (!checked.ok) return checked;
    const fits = fitsAudience(checked.value, "board");
    if (!fits.ok) return fits;
    const rest = { sequence: null, min_version: null, manifest: null, manifest_signature: null };
    const board = { ...manifest, model, audience: "board" as const, keys: name, ...rest, added_at: clock.now() };
    return success(() => Promise.resolve(success(board)));
  });
}

/** Ends one byte after what was announced: more is not written to the disk. */
async function* bounded(pieces: Pieces, size: number): AsyncGenerator<Uint8Array> {
  let left = size + 1;
  for await (const piece of pieces) {
    yield piece.subarray(0, left);
    left -= Math.min(left, piece.length);
    if (left === 0) return;
  }
}

/** All that a board checks. Its image is small: the plain one is verified as a whole message. */
async function checkBoardImage(
  encrypted: Pieces,
  expected: Expected & Pick<Firmware, "signature">,
  keys: KeySet,
  sink?: Sink,
): Promise<Outcome<PlainImage, FirmwareFault>> {
  const pieces: Uint8Array[] = [];
  const image = await checkEncrypted(bounded(encrypted, expected.encrypted_size), expected, keys, {
    ...(sink === undefined ? {} : { encrypted: sink }),
    plain: (piece) => Promise.resolve(void pieces.push(piece)),
  });
  if (!image.ok) return image;
  const { signature } = expected;
  if (signature !== null && await verifyRsa(keys.publicKey, concat(...pieces), bytesOf(signature))) return image;
  return refusal("signature", "The signature is not RSA PKCS#1 v1.5 with SHA-256 by this public key");
}

/** All that a node checks: the manifest is signed, and the image is the one that it vouches for. */
async function checkNodeImage(
  encrypted: Pieces,
  { manifest, manifest_signature }: Firmware,
  keys: KeySet,
): Promise<Outcome<PlainImage, FirmwareFault>> {
  const signed = { manifest: manifest ?? "", manifest_signature: manifest_signature ?? "" };
  const read = await verifyManifest(signed, keys.publicKey);
  if (!read.ok) return refusal("manifest", read.detail);
  return await checkEncrypted(encrypted, read.value, keys);
}

/** What an encrypted image has to come to. */
type Expected = Pick<Firmware, "original_size" | "encrypted_size" | "sha256_hash" | "iv">;

async function checkEncrypted(
  encrypted: Pieces,
  expected: Expected,
  keys: KeySet,
  sinks: { readonly encrypted?: Sink; readonly plain?: Sink } = {},
): Promise<Outcome<PlainImage, FirmwareFault>> {
  let size = 0;
  const counted: Sink = async (piece) => {
    size += piece.length;
    await sinks.encrypted?.(piece);
  };
  const image = await decryptImage(encrypted, { key: keys.aes, iv: bytesOf(expected.iv) }, {
    ...sinks,
    encrypted: counted,
  });
  if (size !== expected.encrypted_size) {
    return refusal(
      "size",
      `The encrypted image does not have the ${expected.encrypted_size} bytes that its manifest says`,
    );
  }
  return image.ok ? matches(image.value, expected) : image;
}

function matches(image: PlainImage, expected: Expected): Outcome<PlainImage, FirmwareFault> {
  if (image.size !== expected.original_size) {
    return refusal("size", `The image has ${image.size} bytes, its manifest says ${expected.original_size}`);
  }
  if (image.sha256 !== expected.sha256_hash) return refusal("sha256", "The image's SHA-256 is not the manifest's");
  return success(image);
}

async function readChunks(
  imageStore: ImageStore,
  firmware: Firmware,
  { from, to }: Range,
): Promise<readonly Bytes[] | undefined> {
  const { chunk_size, encrypted_size, total_chunks } = firmware;
  if (from >= total_chunks) return undefined;
  using file = openUnlessRemoved(imageStore, firmware);
  if (file === undefined) return undefined;
  file.seekSync(from * chunk_size, Deno.SeekMode.Start); // sets a number: not worth another thread
  const stretch = new Uint8Array(Math.min(to * chunk_size, encrypted_size) - from * chunk_size);
  for (let at = 0; at < stretch.length;) {
    const count = await file.read(stretch.subarray(at));
    if (count === null) throw new Error(`The image of ${firmware.model} ${firmware.version} is cut`);
    at += count;
  }
  return Array.from({ length: to - from }, (_, i) => stretch.subarray(i * chunk_size, (i + 1) * chunk_size));
}

function openUnlessRemoved(imageStore: ImageStore, firmware: Firmware): Deno.FsFile | undefined {
  try {
    return imageStore.open(firmware);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

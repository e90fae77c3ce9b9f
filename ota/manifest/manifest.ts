import { z } from "zod";
import { type Bytes, fromBase64, toBase64, utf8 } from "../../crypto/bytes.ts";
import { type RsaPrivateKey, type RsaPublicKey, signRsa, verifyRsa } from "../../crypto/rsa.ts";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import { canonicalJson } from "./canonical_json.ts";
import { MAX_CHUNK_BYTES, MAX_IMAGE_BYTES, MAX_MANIFEST_CHARS } from "./limits.ts";
import { FirmwareModel, FirmwareVersion } from "./version.ts";

/** The format of the manifests that this program writes and reads. */
export const MANIFEST_FORMAT = "ecowatt-firmware/1";

const BLOCK = 16;
const sized = (bytes: number) =>
  z.string().refine((text) => fromBase64(text)?.length === bytes, `must be ${bytes} bytes in Base64`);

/** 32 bytes in lower-case hex. */
export const Sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits");
/** An RSA-2048 signature in Base64: an empty or short one is no signature. */
export const SignatureText = sized(256);
/** The initialisation vector of the image in Base64. */
export const IvText = sized(BLOCK);
/** Increases with every release of a model; no device goes back. */
export const FirmwareSequence = z.int().min(1).max(Number.MAX_SAFE_INTEGER);

/**
 * Everything that is known of an image and signed with it (contract/1-link §7). The image is encrypted as one stream,
 * AES-256-CBC with PKCS#7 padding, and cut into chunks. The signature over the manifest vouches for the image by its
 * SHA-256. `signature` is RSA PKCS#1 v1.5 with SHA-256 over the plain image itself: nodes up to version 0.1 verify it too
 * and take no image without it; it is left out where the image is too large for that (ADR 083).
 */
export const Manifest = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  model: FirmwareModel,
  version: FirmwareVersion,
  sequence: FirmwareSequence,
  /** Bytes, plain and encrypted. */
  original_size: z.int().min(1).max(MAX_IMAGE_BYTES),
  encrypted_size: z.int().min(BLOCK).max(MAX_IMAGE_BYTES + BLOCK),
  /** Of the plain image. */
  sha256_hash: Sha256Hex,
  signature: SignatureText.optional(),
  iv: IvText,
  chunk_size: z.int().min(BLOCK).max(MAX_CHUNK_BYTES).multipleOf(BLOCK),
  total_chunks: z.int().min(1),
  /** A device that runs an older one has to be updated in steps. */
  min_version: FirmwareVersion.optional(),
}).refine(sizesAgree, "sizes and chunks do not agree");
export type Manifest = Readonly<z.infer<typeof Manifest>>;

/** A manifest as it travels: the canonical text, and the signature over its UTF-8 bytes in Base64. */
export interface SignedManifest {
  readonly manifest: string;
  readonly manifest_signature: string;
}

export type ManifestFault = "manifest_size" | "manifest_signature" | "manifest_form";

/**
 * Bytes of an image once encrypted: PKCS#7 adds 1 to 16.
 *
 * @example
 * ```ts
 * [1, 15, 16].map(encryptedSize); // => [16, 16, 32]
 * ```
 */
export function encryptedSize(originalSize: number): number {
  return originalSize + BLOCK - originalSize % BLOCK;
}

/**
 * How many chunks an encrypted image of that many bytes has.
 *
 * @example
 * ```ts
 * chunkCount(2_049, 1_024); // => 3
 * ```
 */
export function chunkCount(encrypted: number, chunkSize: number): number {
  return Math.ceil(encrypted / chunkSize);
}

function sizesAgree(
  m: { original_size: number; encrypted_size: number; chunk_size: number; total_chunks: number },
): boolean {
  return m.encrypted_size === encryptedSize(m.original_size) &&
    m.total_chunks === chunkCount(m.encrypted_size, m.chunk_size);
}

/**
 * Writes and signs a manifest.
 *
 * @example
 * ```ts
 * import { generateRsaKeyPair, importRsaPrivateKey } from "../../crypto/rsa.ts";
 * const manifest = { format: "ecowatt-firmware/1", model: "ecowatt", version: "1.2.0", sequence: 7, original_size: 100,
 *   encrypted_size: 112, sha256_hash: "00", iv: "", chunk_size: 1_024, total_chunks: 1 } as const;
 * const key = await importRsaPrivateKey((await generateRsaKeyPair()).privatePem);
 * const signed = key && await signManifest(manifest, key);
 * signed?.manifest.slice(0, 19); // => '{"chunk_size":1024,'
 * ```
 */
export async function signManifest(manifest: Manifest, key: RsaPrivateKey): Promise<SignedManifest> {
  const text = canonicalText(manifest);
  return { manifest: text, manifest_signature: toBase64(await signRsa(key, utf8(text))) };
}

function canonicalText({ min_version, signature, ...rest }: Manifest): string {
  return canonicalJson({
    ...rest,
    ...(signature === undefined ? {} : { signature }),
    ...(min_version === undefined ? {} : { min_version }),
  });
}

/**
 * The manifest that a signature vouches for. Nothing of it is read before the signature over its exact bytes holds; then it has
 * to be canonical and in form, all or nothing.
 *
 * @example
 * ```ts
 * import { generateRsaKeyPair, importRsaPublicKey } from "../../crypto/rsa.ts";
 * const key = await importRsaPublicKey((await generateRsaKeyPair()).publicPem);
 * const forged = { manifest: "{}", manifest_signature: `${"A".repeat(342)}==` };
 * const read = key && await verifyManifest(forged, key);
 * read?.ok === false && read.fault; // => "manifest_signature"
 * ```
 */
export async function verifyManifest(
  { manifest: text, manifest_signature }: SignedManifest,
  key: RsaPublicKey,
): Promise<Outcome<Manifest, ManifestFault>> {
  if (text.length > MAX_MANIFEST_CHARS) return refusal("manifest_size", "The manifest is too long");
  const signature = fromBase64(manifest_signature);
  if (signature?.length !== 256) return refusal("manifest_signature", "The manifest has no signature of 256 bytes");
  if (!await verifyRsa(key, utf8(text), signature)) {
    return refusal("manifest_signature", "The manifest's signature is not this key's");
  }
  return readManifest(text);
}

/**
 * A manifest in its canonical text, whoever wrote it. Prefer `verifyManifest`.
 *
 * @example
 * ```ts
 * const read = readManifest('{"format":"ecowatt-firmware/1"}');
 * read.ok ? "in form" : read.fault; // => "manifest_form"
 * ```
 */
export function readManifest(text: string): Outcome<Manifest, ManifestFault> {
  const parsed = Manifest.safeParse(json(text));
  if (!parsed.success) {
    const why = parsed.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`.trim()).join("; ");
    return refusal("manifest_form", `The manifest is not in form: ${why}`);
  }
  if (canonicalText(parsed.data) !== text) {
    return refusal("manifest_form", "The manifest is not written canonically");
  }
  return success(parsed.data);
}

/**
 * The bytes of a field that the schema has checked to be Base64.
 *
 * @example
 * ```ts
 * bytesOf("AAEC"); // => new Uint8Array([0, 1, 2])
 * ```
 */
export function bytesOf(checked: string): Bytes {
  const bytes = fromBase64(checked);
  if (!bytes) throw new RangeError("Cannot read Base64 that was not checked");
  return bytes;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema says what is wrong
  }
}

import type { z } from "zod";
import { encryptAesCbc, importAesKey } from "../../crypto/aes_cbc.ts";
import { type Bytes, toBase64, toHex } from "../../crypto/bytes.ts";
import { importRsaPrivateKey, importRsaPublicKey, type RsaPrivateKey, signRsa } from "../../crypto/rsa.ts";
import { sha256 } from "../../crypto/sha256.ts";
import type { Gateway } from "../../ota/updater/gateway.ts";
import type { GatewayReply } from "../../protocol/gateway_reply.ts";
import { chunkHmac } from "../../ota/chunks/chunk_hmac.ts";
import { importChunkKey } from "../../keys/chunk_key.ts";
import {
  chunkCount,
  encryptedSize,
  type Manifest,
  MANIFEST_FORMAT,
  type SignedManifest,
  signManifest,
} from "../../ota/manifest/manifest.ts";
import { firmwarePair, strangersPair } from "./rsa_keys.ts";

/** The public test key. */
export const firmwarePem = firmwarePair.publicPem;
const publicKey = await importRsaPublicKey(firmwarePem);
const privateKey = await importRsaPrivateKey(firmwarePair.privatePem);
if (!publicKey || !privateKey) throw new Error("the test keys cannot be used");
const stranger = await importRsaPrivateKey(strangersPair.privatePem);
if (!stranger) throw new Error("the test keys cannot be used");

/** Test keys; no real firmware is made with them. */
export const firmwareKeys = {
  publicKey,
  image: await importAesKey(new Uint8Array(32).fill(3)),
  chunks: await importChunkKey(new Uint8Array(32).fill(4), "node"),
};
/** Somebody else's key. */
export const strangersKey: RsaPrivateKey = stranger;

const IV = new Uint8Array(16).fill(5);

/** An image, signed and encrypted. */
export interface Release {
  readonly plain: Bytes;
  readonly encrypted: Bytes;
  readonly manifest: Manifest;
  readonly signed: SignedManifest;
}

/** Makes a release; `changes` are signed into its manifest, true or not. */
export async function release(
  plain: Bytes,
  changes: Partial<Manifest> = {},
  key: RsaPrivateKey = signingKey,
): Promise<Release> {
  const encrypted = await encryptAesCbc(firmwareKeys.image, IV, plain);
  const chunk_size = changes.chunk_size ?? 64;
  const encrypted_size = encryptedSize(changes.original_size ?? plain.length);
  const manifest: Manifest = {
    format: MANIFEST_FORMAT,
    model: "ecowatt",
    version: "2.0.0",
    sequence: 2,
    original_size: plain.length,
    encrypted_size,
    sha256_hash: toHex(sha256(plain)),
    signature: toBase64(await signRsa(signingKey, plain)),
    iv: toBase64(IV),
    chunk_size,
    total_chunks: chunkCount(encrypted_size, chunk_size),
    ...changes,
  };
  return { plain, encrypted, manifest, signed: await signManifest(manifest, key) };
}

export const signingKey: RsaPrivateKey = privateKey;

/** One chunk as the gateway answers. */
export async function chunkAnswer({ encrypted, manifest }: Release, number: number) {
  const bytes = encrypted.subarray(number * manifest.chunk_size, (number + 1) * manifest.chunk_size);
  return {
    chunk: {
      chunk_number: number,
      data: toBase64(bytes),
      size: bytes.length,
      hmac: await chunkHmac(firmwareKeys.chunks, bytes, number),
      total_chunks: manifest.total_chunks,
    },
    progress: { chunks_received: number + 1, total_chunks: manifest.total_chunks, percentage: 0 },
  };
}

/** What a request is answered with; `undefined`: as a good gateway does. */
export type Misbehave = (
  path: string,
  chunk: number,
  request: number,
) => GatewayReply<unknown> | undefined | Promise<GatewayReply<unknown> | undefined>;

/** A gateway that offers one release, or nothing. Its answers pass the schemas as the real ones do. */
export class FirmwareGateway implements Gateway {
  offered: Release | undefined;
  misbehave: Misbehave = () => undefined;
  readonly chunks: number[] = [];
  readonly reports: { readonly path: string; readonly message: Record<string, unknown> }[] = [];
  #requests = 0;

  constructor(offered?: Release) {
    this.offered = offered;
  }

  async ask<T>(path: string, message: unknown, schema: z.ZodType<T>, _signal: AbortSignal): Promise<GatewayReply<T>> {
    const request: Record<string, unknown> = Object(message);
    const number = Number(request["chunk_number"] ?? -1);
    if (path === "/ota/chunk") this.chunks.push(number);
    const wrong = await this.misbehave(path, number, ++this.#requests);
    const reply: GatewayReply<unknown> = wrong ?? { kind: "ok", value: await this.#answer(path, number, request) };
    if (reply.kind !== "ok") return reply;
    const parsed = schema.safeParse(reply.value);
    if (parsed.success) return { kind: "ok", value: parsed.data };
    return { kind: "later", reason: "200, but not the answer to this request", waitMs: 0 };
  }

  async #answer(path: string, number: number, message: Record<string, unknown>): Promise<unknown> {
    const { offered } = this;
    switch (path) {
      case "/ota/check":
        if (!offered) return { update_available: false, message: "up to date" };
        return { update_available: true, ...offered.manifest, ...offered.signed };
      case "/ota/chunk":
        return offered && await chunkAnswer(offered, number);
      default:
        this.reports.push({ path, message });
        return { status: "success", message: "noted" };
    }
  }
}

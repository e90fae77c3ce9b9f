import { getLogger } from "@logtape/logtape";
import { encryptAesCbc, importAesKey } from "../../crypto/aes_cbc.ts";
import { type Bytes, fromBase64, fromHex, toBase64, toHex, utf8 } from "../../crypto/bytes.ts";
import { importHmacKey } from "../../crypto/hmac.ts";
import { importRsaPrivateKey, signRsa } from "../../crypto/rsa.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { Example } from "../../gateway/api/document/examples.ts";
import { GatewayConfig } from "../../gateway/config.ts";
import { type Gateway, startGateway } from "../../gateway/gateway.ts";
import { Role } from "../../gateway/store/tokens.ts";
import { generateKeyMaterial, type KeyMaterial, writeKeySet } from "../../keys/firmware_keys.ts";
import { signImage } from "../../ota/repository/offline_signing.ts";
import { keysFolder } from "../../ota/repository/repository.ts";
import { systemClock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import { encodeBlock } from "../../protocol/block/block.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { type DeviceKey, type RequestToSign, signRequest } from "../../protocol/device_signature.ts";
import { legacySignature } from "../../gateway/boards/legacy_signature.ts";
import { NewFirmware } from "../../ota/manifest/firmware.ts";
import { BOARD_CHUNK_BYTES } from "../../ota/manifest/limits.ts";
import type { Step } from "./api_story/step.ts";

/** 2026-06-21T12:00:00Z, when the story begins; a step takes a second. */
const BEGIN = Date.UTC(2026, 5, 21, 12);
/** A test key of a board. */
const BOARD_KEY = utf8("test key of a board, 32 bytes ...").slice(0, 32);

/** Carries the story out against a gateway of its own, over HTTP. The same story gives the same examples. */
export async function recordExamples(story: readonly Step[]): Promise<readonly Example[]> {
  const dataDir = await Deno.makeTempDir();
  const random = seededRandom();
  let now = BEGIN;
  const clock = { ...systemClock, now: () => now };
  const keys = await generateKeyMaterial(random);
  await writeKeySet(keysFolder(dataDir), "default", keys);
  try {
    await using gateway = await startGateway(GatewayConfig.parse({ port: 0, time_zone: "UTC" }), {
      dataDir,
      clock,
      random,
      log: getLogger(["docs"]),
      version: "1.0.0",
    });
    const player = await createPlayer(gateway, await prepare(keys, random), () => now);
    const examples: Example[] = [];
    for (const step of story) {
      now += 1000;
      examples.push(await player(step));
    }
    return examples;
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

/** What earlier steps were answered, and what was prepared, by name. */
type Seen = Map<string, unknown>;

async function createPlayer(
  gateway: Gateway,
  seen: Seen,
  now: () => number,
): Promise<(step: Step) => Promise<Example>> {
  const tokens = new Map<string, string>();
  for (const role of Role.options) {
    tokens.set(role, (await gateway.management.createToken({ name: `test ${role}`, role })).secret);
  }
  let sequence = 0;
  let boardSequence = 0;
  return async (step) => {
    const [method = "", template = ""] = step.operation.split(" ");
    const path = filled(step.path ?? {}, seen);
    const query = filled(step.query ?? {}, seen);
    const body = bodyOf(step, seen);
    const url = new URL(template.replace(/\{(\w+)\}/g, (_, key) => encodeURIComponent(path[key] ?? "")), gateway.url);
    url.search = new URLSearchParams(query).toString();
    if (step.as === "node" && !step.repeats) sequence++;
    const proof = step.as === "node"
      ? await nodeProof(seen, { method: "POST", url: url.href, body, sequence, created: Math.floor(now() / 1000) })
      : step.as === "board" && template === "/process"
      ? await boardProof(body, boardSequence++)
      : {};
    const headers = { ...filled(step.headers ?? {}, seen), ...proof };
    const type = step.bytes ? "application/octet-stream" : step.body === undefined ? undefined : "application/json";
    const token = tokens.get(step.as);
    const response = await fetch(url, {
      method: method.toUpperCase(),
      headers: {
        ...headers,
        ...(type === undefined ? {} : { "content-type": type }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(type === undefined ? {} : { body }),
    });
    const answer = await readAnswer(response, step);
    if (answer.status !== step.status) {
      throw new Error(`${step.name}: ${answer.status} instead of ${step.status}: ${JSON.stringify(answer.body)}`);
    }
    seen.set(step.name, answer.body);
    const shown = {
      ...answer,
      ...(answer.body === undefined ? {} : { body: replaced(picked(answer.body, step.shows), step.instead) }),
    };
    const sent = {
      path,
      query,
      headers: withoutSecrets(headers),
      ...(type === undefined ? {} : { type, body: step.bytes ? `(${body.length} bytes)` : JSON.parse(text(body)) }),
    };
    const { name, summary, operation } = step;
    return Example.parse(withoutSignatures({ name, summary, operation, sent, answer: shown }));
  };
}

async function readAnswer(response: Response, { endless }: Step): Promise<Example["answer"]> {
  const type = response.headers.get("content-type")?.split(";", 1)[0];
  const body = endless ? await firstPiece(response) : await response.text();
  if (type === undefined || body === "") return { status: response.status };
  return { status: response.status, type, body: type.endsWith("json") ? JSON.parse(body) : body };
}

async function firstPiece(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const { value } = await reader?.read() ?? {};
  await reader?.cancel();
  return text(value ?? new Uint8Array());
}

/** Replaces `$name.key` by what it stands for, anywhere in a JSON value. */
function resolved(value: unknown, seen: Seen): unknown {
  if (typeof value === "string" && value.startsWith("$")) {
    const [name = "", ...keys] = value.slice(1).split(".");
    const found = keys.reduce((inner, key) => Object(inner)[key], seen.get(name));
    if (found === undefined) throw new Error(`The story has no ${value} so far`);
    return found;
  }
  if (Array.isArray(value)) return value.map((item) => resolved(item, seen));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolved(inner, seen)]));
}

function filled(texts: Readonly<Record<string, string>>, seen: Seen): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, String(resolved(text, seen))]));
}

function bodyOf({ body, bytes }: Step, seen: Seen): Bytes {
  if (bytes === undefined) return utf8(body === undefined ? "" : JSON.stringify(resolved(body, seen)));
  const prepared = seen.get(bytes);
  if (prepared instanceof Uint8Array) return new Uint8Array(prepared);
  throw new Error(`The story has no ${bytes}`);
}

async function nodeProof(seen: Seen, request: RequestToSign): Promise<Record<string, string>> {
  const { headers } = await signRequest(await nodeKey(seen), request);
  return headers;
}

async function nodeKey(seen: Seen): Promise<DeviceKey> {
  const raw = fromHex(String(resolved("$add_node.key.key", seen)));
  if (!raw) throw new Error("The node has no key");
  return { deviceId: DeviceId.parse("roof"), number: 1, hmac: await importHmacKey(raw) };
}

async function boardProof(body: Bytes, sequence: number): Promise<Record<string, string>> {
  const mac = toHex(await legacySignature(await importHmacKey(BOARD_KEY), body, sequence));
  return { "x-sequence-number": String(sequence), "x-hmac-sha256": mac };
}

/** An RSA signature is another one for each new key pair: zeros stand in its place. */
const SIGNATURE = /[A-Za-z0-9+/]{342}==/g;
const ZEROS = `${"A".repeat(342)}==`;

function withoutSignatures(value: unknown): unknown {
  if (typeof value === "string") {
    const inner = value.startsWith("eyJ") ? fromBase64(value) : undefined;
    return inner ? toBase64(utf8(text(inner).replace(SIGNATURE, ZEROS))) : value.replace(SIGNATURE, ZEROS);
  }
  if (Array.isArray(value)) return value.map(withoutSignatures);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutSignatures(inner)]));
}

function withoutSecrets({ authorization: _, ...headers }: Record<string, string>): Record<string, string> {
  return headers;
}

function picked(body: unknown, keys: Step["shows"]): unknown {
  if (keys !== undefined && typeof body === "string") {
    return body.split("\n").filter((line) => keys.some((key) => line.includes(key))).join("\n");
  }
  if (keys === undefined || typeof body !== "object" || body === null) return body;
  return Object.fromEntries(Object.entries(body).filter(([key]) => keys.includes(key)));
}

function replaced(body: unknown, instead: Step["instead"]): unknown {
  if (instead === undefined || typeof body !== "object" || body === null) return instead ?? body;
  return { ...body, ...(typeof instead === "string" ? {} : instead) };
}

/** What the story needs and no answer gives. */
async function prepare(keys: KeyMaterial, random: Random): Promise<Seen> {
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

/** Bytes that look random and are the same every time: nothing but examples is made with them. */
function seededRandom(): Random {
  let count = 0;
  return {
    bytes: (length) => {
      const parts = Array.from({ length: Math.ceil(length / 32) }, () => [...sha256(utf8(`test ${count++}`))]);
      return Uint8Array.from(parts.flat()).slice(0, length);
    },
    float: () => 0.5,
  };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

import { getLogger } from "@logtape/logtape";
import { type Bytes, fromBase64, fromHex, toBase64, toHex, utf8 } from "../../crypto/bytes.ts";
import { importHmacKey } from "../../crypto/hmac.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { Example } from "../../gateway/api/document/examples.ts";
import { GatewayConfig } from "../../gateway/config.ts";
import { type Gateway, startGateway } from "../../gateway/gateway.ts";
import { Role } from "../../gateway/store/tokens.ts";
import { generateKeyMaterial, writeKeySet } from "../../keys/firmware_keys.ts";
import { keysFolder } from "../../ota/repository/repository.ts";
import { systemClock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { type DeviceKey, type RequestToSign, signRequest } from "../../protocol/device_signature.ts";
import { legacySignature } from "../../gateway/boards/legacy_signature.ts";
import { BEGIN, BOARD_KEY, prepare } from "./api_material.ts";
import type { Step } from "./api_story/step.ts";

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
  const proofOf = createProofs(seen, now);
  return async (step) => {
    const { url, path, query, body, type } = requestOf(step, seen, gateway.url);
    const headers = { ...filled(step.headers ?? {}, seen), ...await proofOf(step, url, body) };
    const token = tokens.get(step.as);
    const response = await fetch(url, {
      method: methodOf(step),
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

/** What proves who a device is, with the numbers of its requests one after the other. */
function createProofs(seen: Seen, now: () => number) {
  let sequence = 0;
  let boardSequence = 0;
  return async (step: Step, url: URL, body: Bytes): Promise<Record<string, string>> => {
    if (step.as === "node") {
      if (!step.repeats) sequence++;
      const created = Math.floor(now() / 1000);
      return await nodeProof(seen, { method: "POST", url: url.href, body, sequence, created });
    }
    return step.as === "board" && url.pathname === "/process" ? await boardProof(body, boardSequence++) : {};
  };
}

function methodOf({ operation }: Step): string {
  return (operation.split(" ")[0] ?? "").toUpperCase();
}

/** A step's request; `type` is missing where it has no body. */
function requestOf(step: Step, seen: Seen, gateway: string) {
  const [, template = ""] = step.operation.split(" ");
  const path = filled(step.path ?? {}, seen);
  const query = filled(step.query ?? {}, seen);
  const url = new URL(template.replace(/\{(\w+)\}/g, (_, key) => encodeURIComponent(path[key] ?? "")), gateway);
  url.search = new URLSearchParams(query).toString();
  const type = step.bytes ? "application/octet-stream" : step.body === undefined ? undefined : "application/json";
  return { url, path, query, body: bodyOf(step, seen), type };
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

import { type Bytes, toBase64 } from "../crypto/bytes.ts";
import { contentDigest, isContentDigest, verifyContentDigest } from "../crypto/content_digest.ts";
import { hmacSha256, importHmacKey, verifyHmacSha256 } from "../crypto/hmac.ts";
import { type RequestParts, type ResponseParts, signatureBase } from "../crypto/message_signature.ts";
import { canonicalResponse, readCanonicalRequest } from "./canonical_signature.ts";
import { type Outcome, refusal, success } from "./outcome.ts";
import { parseSequence } from "./sequence_number.ts";
import {
  component,
  type Coverage,
  type DeviceKey,
  LABEL,
  readSignatureFields,
  type SignatureClaim,
  writeSignatureFields,
} from "./signature_fields.ts";

export type { DeviceKey } from "./signature_fields.ts";

const REQUEST: Coverage = {
  components: ["@method", "@path", "@query", "content-digest", "x-device-id", "x-sequence-number"].map((name) =>
    component(name)
  ),
  tag: "ecowatt-v1",
  nonce: true,
};

/** The answer to a request without a nonce: to whatever has that number. */
const RESPONSE: Coverage = {
  components: [component("@status"), component("content-digest"), component("x-sequence-number", { req: true })],
  tag: "ecowatt-v1-response",
};

/** The answer to a request with a nonce, and to no other (RFC 9421 section 2.4). */
const BOUND_RESPONSE: Coverage = {
  ...RESPONSE,
  components: [...RESPONSE.components, component("signature", { req: true, key: LABEL })],
};

/** The label of a bound answer, beside one in the older form. Nobody goes by it. */
const BOUND_LABEL = "ecowatt-bound";

/** Header fields by lower-case name. */
type Headers = Readonly<Record<string, string>>;

/** What a node is about to send. */
export interface RequestToSign {
  readonly method: string;
  /** Absolute and normalised, as `new URL(url).href` gives it: the path and query that go on the wire. */
  readonly url: string;
  readonly body: Uint8Array;
  /** 1 to 2^52, never used before. */
  readonly sequence: number;
  /** Unix seconds. */
  readonly created: number;
  /** 16 random bytes, so that the answer is good for this request only. Gateways up to version 0.1 refuse it. */
  readonly nonce?: Bytes;
}

/** A request with its proof; `headers` go on the wire, and the answer is checked against it. */
export interface SignedRequest {
  readonly headers: Headers;
  readonly parts: RequestParts;
  /** What its answer has to cover. */
  readonly answer: Coverage;
}

/** A request whose signature and body are proven. Only `verifySignedRequest` makes one. */
class VerifiedRequest {
  readonly #claim: SignatureClaim;
  /** The key that signed it, and signs the answer. */
  readonly key: DeviceKey;

  constructor(claim: SignatureClaim, key: DeviceKey) {
    this.#claim = claim;
    this.key = key;
  }

  get deviceId(): DeviceKey["deviceId"] {
    return this.key.deviceId;
  }
  /** 1 to 2^52. Whether it was used before is for the replay window to say. */
  get sequence(): number {
    return this.#claim.sequence;
  }
  /** Unix seconds by the device's clock, which may be wrong. */
  get created(): number {
    return this.#claim.created;
  }
  /** Base64 of the request's signature, when it has a nonce that makes that unlike any other. */
  get boundMac(): string | undefined {
    return this.#claim.nonce === undefined ? undefined : toBase64(this.#claim.mac);
  }
}

export type { VerifiedRequest };

/**
 * Signs a request with a device's key: RFC 9421 over the six components, RFC 9530 over the body.
 *
 * @example
 * ```ts
 * import { importHmacKey } from "../crypto/hmac.ts";
 * import { DeviceId } from "./device_id.ts";
 * const key = { deviceId: DeviceId.parse("roof"), number: 1, hmac: await importHmacKey(new Uint8Array(32)) };
 * const sent = { method: "POST", url: "http://gw.example/changes", body: new Uint8Array(), sequence: 1, created: 0 };
 * const { headers } = await signRequest(key, sent);
 * [headers["x-device-id"], headers["x-sequence-number"]]; // => ["roof", "1"]
 * ```
 */
export async function signRequest(key: DeviceKey, request: RequestToSign): Promise<SignedRequest> {
  const covered: Headers = {
    "content-digest": contentDigest(request.body),
    "x-device-id": key.deviceId,
    "x-sequence-number": String(request.sequence),
  };
  const parts = { method: request.method, url: request.url, fields: fieldsOf(covered) };
  const fields = await writeSignatureFields(parts, REQUEST, key, request);
  if (fields === undefined) throw new Error(`Cannot sign ${request.method} ${request.url}: it is not plain ASCII`);
  const headers: Headers = { ...covered, ...fields };
  const answer = request.nonce === undefined ? RESPONSE : BOUND_RESPONSE;
  return { headers, parts: { ...parts, fields: fieldsOf(headers) }, answer };
}

/**
 * Step one, without a key and without the body: is it a signed request, and who claims to speak?
 *
 * @example
 * ```ts
 * import { importHmacKey } from "../crypto/hmac.ts";
 * import { DeviceId } from "./device_id.ts";
 * const key = { deviceId: DeviceId.parse("roof"), number: 1, hmac: await importHmacKey(new Uint8Array(32)) };
 * const sent = { method: "POST", url: "http://gw.example/changes", body: new Uint8Array(), sequence: 1, created: 0 };
 * const { headers } = await signRequest(key, sent);
 * const claim = parseSignedRequest({ ...sent, fields: { get: (name) => headers[name] ?? null } });
 * claim.ok && [claim.value.deviceId, claim.value.sequence]; // => ["roof", 1]
 * ```
 */
export function parseSignedRequest(request: RequestParts): Outcome<SignatureClaim, "malformed"> {
  const claim = readCanonicalRequest(request);
  return claim === undefined ? parseGeneralRequest(request) : success(claim);
}

/**
 * Step one for a request in any spelling that RFC 9421 allows.
 *
 * @example
 * ```ts
 * const unsigned = { method: "POST", url: "http://gateway.example/changes", fields: { get: () => null } };
 * const claim = parseGeneralRequest(unsigned);
 * claim.ok ? "signed" : claim.fault; // => "malformed"
 * ```
 */
export function parseGeneralRequest(request: RequestParts): Outcome<SignatureClaim, "malformed"> {
  const fields = readSignatureFields(request, REQUEST);
  if (!fields.ok) return fields;
  const { input, ...claimed } = fields.value;
  if (request.fields.get("x-device-id") !== claimed.deviceId) {
    return refusal("malformed", "X-Device-Id is missing or not the device of the key");
  }
  const sequence = parseSequence(request.fields.get("x-sequence-number"));
  if (sequence === undefined) return refusal("malformed", "X-Sequence-Number is missing or not 1 to 2^52");
  const digest = request.fields.get("content-digest");
  if (digest === null || !isContentDigest(digest)) {
    return refusal("malformed", "Content-Digest is missing or not one sha-256");
  }
  const base = signatureBase(request, input);
  if (base === undefined) return refusal("malformed", "The signed components are not plain ASCII");
  return success({ ...claimed, sequence, contentDigest: digest, base });
}

/** Stands in for the key of a device that does not exist. What it verifies is refused all the same. */
const decoy = importHmacKey(new Uint8Array(32));

/**
 * Step two: is the claim true, and is this the body? Without a key (`undefined`: no such device or key number) it does the
 * same work as for a wrong key, so that the time does not tell which devices exist, and refuses with `unknown_device`.
 *
 * @example
 * ```ts
 * import { utf8 } from "../crypto/bytes.ts";
 * import { importHmacKey } from "../crypto/hmac.ts";
 * import { DeviceId } from "./device_id.ts";
 * const key = { deviceId: DeviceId.parse("roof"), number: 1, hmac: await importHmacKey(new Uint8Array(32)) };
 * const sent = { method: "POST", url: "http://gw.example/changes", body: utf8("{}"), sequence: 1, created: 0 };
 * const { headers } = await signRequest(key, sent);
 * const claim = parseSignedRequest({ ...sent, fields: { get: (name) => headers[name] ?? null } });
 * claim.ok && (await verifySignedRequest(claim.value, sent.body, key)).ok; // => true
 * claim.ok && (await verifySignedRequest(claim.value, utf8("[]"), key)).ok; // => false
 * ```
 */
export async function verifySignedRequest(
  claim: SignatureClaim,
  body: Uint8Array,
  key: DeviceKey | undefined,
): Promise<Outcome<VerifiedRequest, "unknown_device" | "bad_signature" | "bad_digest">> {
  const authentic = await verifyHmacSha256(key?.hmac ?? await decoy, claim.base, claim.mac);
  if (key === undefined) return refusal("unknown_device", "No such device or key");
  if (!authentic || key.deviceId !== claim.deviceId || key.number !== claim.keyNumber) {
    return refusal("bad_signature", "The signature does not fit the request");
  }
  if (!verifyContentDigest(claim.contentDigest, body)) {
    return refusal("bad_digest", "Content-Digest does not fit the body");
  }
  return success(new VerifiedRequest(claim, key));
}

/**
 * The three fields that sign an answer to `request`, with the key that signed the request. A request with a nonce gets an
 * answer that is bound to it, beside one in the older form; a request without one what its sender can read.
 *
 * @example
 * ```ts
 * import { importHmacKey } from "../crypto/hmac.ts";
 * import { DeviceId } from "./device_id.ts";
 * const key = { deviceId: DeviceId.parse("roof"), number: 1, hmac: await importHmacKey(new Uint8Array(32)) };
 * const sent = { method: "POST", url: "http://gw.example/changes", body: new Uint8Array(), sequence: 1, created: 0 };
 * const { headers } = await signRequest(key, sent);
 * const claim = parseSignedRequest({ ...sent, fields: { get: (name) => headers[name] ?? null } });
 * if (!claim.ok) throw new Error(claim.detail);
 * const request = await verifySignedRequest(claim.value, sent.body, key);
 * const answer = { status: 200, body: new Uint8Array(), created: 0 };
 * request.ok && Object.keys(await signResponse(request.value, answer)).includes("signature"); // => true
 * ```
 */
export async function signResponse(
  { key, sequence, boundMac }: VerifiedRequest,
  answer: {
    readonly status: number;
    readonly body: Uint8Array;
    readonly created: number;
    /** `Content-Digest` of the body, where it is known. */
    readonly digest?: string;
  },
): Promise<Headers> {
  const { status, created, digest = contentDigest(answer.body) } = answer;
  const said = { status, contentDigest: digest, sequence, created };
  const signed = await Promise.all([
    labelled(LABEL, key, canonicalResponse(key, said)),
    ...boundMac === undefined
      ? []
      : [labelled(BOUND_LABEL, key, canonicalResponse(key, { ...said, requestMac: boundMac }))],
  ]);
  return {
    "content-digest": digest,
    "signature-input": signed.map(({ input }) => input).join(", "),
    signature: signed.map(({ signature }) => signature).join(", "),
  };
}

async function labelled(label: string, key: DeviceKey, { base, input }: ReturnType<typeof canonicalResponse>) {
  const mac = toBase64(await hmacSha256(key.hmac, base));
  return { input: `${label}=${input}`, signature: `${label}=:${mac}:` };
}

/**
 * Whether an answer is the gateway's to this very request, and its body whole. Do not act on one that is refused. The answer
 * to a request with a nonce has to be bound to it: no other form is taken, whatever stands beside it.
 *
 * @example
 * ```ts
 * import { importHmacKey } from "../crypto/hmac.ts";
 * import { DeviceId } from "./device_id.ts";
 * const key = { deviceId: DeviceId.parse("roof"), number: 1, hmac: await importHmacKey(new Uint8Array(32)) };
 * const sent = { method: "POST", url: "http://gw.example/changes", body: new Uint8Array(), sequence: 1, created: 0 };
 * const request = await signRequest(key, sent);
 * const unsigned = { status: 404, body: new Uint8Array(), fields: { get: () => null } };
 * const answer = await verifyResponse(key, request, unsigned);
 * answer.ok ? "the gateway's" : answer.fault; // => "malformed"
 * ```
 */
export async function verifyResponse(
  key: DeviceKey,
  request: SignedRequest,
  answer: Omit<ResponseParts, "request"> & { readonly body: Uint8Array },
): Promise<Outcome<{ readonly created: number }, "malformed" | "bad_signature" | "bad_digest">> {
  const parts: ResponseParts = { status: answer.status, fields: answer.fields, request: request.parts };
  const fields = readSignatureFields(parts, request.answer);
  if (!fields.ok) return fields;
  const { input, mac, deviceId, keyNumber, created } = fields.value;
  const digest = answer.fields.get("content-digest");
  if (digest === null || !isContentDigest(digest)) {
    return refusal("malformed", "Content-Digest is missing or not one sha-256");
  }
  const base = signatureBase(parts, input);
  const authentic = base !== undefined && verifyHmacSha256(key.hmac, base, mac); // beside this thread, meanwhile:
  const isWhole = verifyContentDigest(digest, answer.body);
  if (!await authentic) return refusal("bad_signature", "The signature does not fit the answer");
  if (deviceId !== key.deviceId || keyNumber !== key.number) {
    return refusal("bad_signature", "The answer is signed for another key");
  }
  if (!isWhole) return refusal("bad_digest", "Content-Digest does not fit the body");
  return success({ created });
}

function fieldsOf(headers: Headers): { get(name: string): string | null } {
  return { get: (name) => headers[name] ?? null };
}

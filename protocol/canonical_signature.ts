import { isContentDigest } from "../crypto/content_digest.ts";
import { pathAndQuery, type RequestParts } from "../crypto/message_signature.ts";
import { DeviceId } from "./device_id.ts";
import { parseSequence } from "./sequence_number.ts";
import { type DeviceKey, readMac, type SignatureClaim } from "./signature_fields.ts";

/*
 * RFC 9421 lets components and parameters come in any order and spelling; our own programs have one. It is read by one
 * regular expression and written by one template, at a third of the cost of the general form. Here nothing is refused:
 * what is spelled otherwise is left to the general reader, which finds the same in what is spelled like this.
 */

/** `Signature-Input` of a request; numbers as they are serialised, so that the base holds the same text. */
const REQUEST_INPUT =
  /^ecowatt=(\("@method" "@path" "@query" "content-digest" "x-device-id" "x-sequence-number"\);created=(0|[1-9][0-9]{0,14});keyid="([A-Za-z0-9_.-]{1,64})\/([1-9][0-9]{0,8})";alg="hmac-sha256";tag="ecowatt-v1"(?:;nonce="([A-Za-z0-9+/]{21}[AQgw]==)")?)$/;
/** RFC 9421 section 2.4: the signature of the request that an answer is for. */
const REQUEST_SIGNATURE = '"signature";req;key="ecowatt"';
const PLAIN = /^[\t\x20-\x7e]*$/;

/**
 * What a request in canonical spelling says of itself; `undefined` for every other request.
 *
 * @example
 * ```ts
 * import { importHmacKey } from "../crypto/hmac.ts";
 * import { DeviceId } from "./device_id.ts";
 * import { signRequest } from "./device_signature.ts";
 * const key = { deviceId: DeviceId.parse("roof"), number: 1, hmac: await importHmacKey(new Uint8Array(32)) };
 * const sent = { method: "POST", url: "http://gw.example/changes", body: new Uint8Array(), sequence: 1, created: 0 };
 * const { headers } = await signRequest(key, sent);
 * readCanonicalRequest({ ...sent, fields: { get: (name) => headers[name] ?? null } })?.keyNumber; // => 1
 * readCanonicalRequest({ ...sent, fields: { get: () => null } }); // => undefined
 * ```
 */
export function readCanonicalRequest(request: RequestParts): SignatureClaim | undefined {
  const { method, url, fields } = request;
  const [, parameters, created, device, keyNumber, nonce] = REQUEST_INPUT.exec(fields.get("signature-input") ?? "") ??
    [];
  const digest = fields.get("content-digest");
  const deviceId = DeviceId.safeParse(device);
  const sequence = parseSequence(fields.get("x-sequence-number"));
  const mac = readMac(request);
  const { path, query } = pathAndQuery(url);
  if (!deviceId.success || deviceId.data !== fields.get("x-device-id")) return undefined;
  if (sequence === undefined || mac === undefined || digest === null) return undefined;
  if (!isContentDigest(digest) || !PLAIN.test(method) || !PLAIN.test(path) || !PLAIN.test(query)) return undefined;
  const base = `"@method": ${method}\n"@path": ${path}\n"@query": ${query}\n"content-digest": ${digest}\n` +
    `"x-device-id": ${device}\n"x-sequence-number": ${sequence}\n"@signature-params": ${parameters}`;
  return {
    created: Number(created),
    deviceId: deviceId.data,
    keyNumber: Number(keyNumber),
    ...(nonce === undefined ? {} : { nonce }),
    sequence,
    contentDigest: digest,
    mac,
    base,
  };
}

/**
 * What is signed of an answer, and what its `Signature-Input` says under a label. `created` are whole unix seconds. With the
 * request's own signature (`requestMac`, Base64) it is the answer to that request and no other.
 *
 * @example
 * ```ts
 * import { importHmacKey } from "../crypto/hmac.ts";
 * import { DeviceId } from "./device_id.ts";
 * const key = { deviceId: DeviceId.parse("roof"), number: 1, hmac: await importHmacKey(new Uint8Array(32)) };
 * const { base } = canonicalResponse(key, { status: 200, contentDigest: "sha-256=:…:", sequence: 7, created: 0 });
 * base.split("\n")[0]; // => '"@status": 200'
 * ```
 */
export function canonicalResponse(
  key: DeviceKey,
  answer: {
    readonly status: number;
    readonly contentDigest: string;
    readonly sequence: number;
    readonly created: number;
    readonly requestMac?: string;
  },
): { readonly base: string; readonly input: string } {
  const { status, contentDigest, sequence, created, requestMac } = answer;
  const bound = requestMac === undefined ? "" : ` ${REQUEST_SIGNATURE}`;
  const input = `("@status" "content-digest" "x-sequence-number";req${bound});created=${created};` +
    `keyid="${key.deviceId}/${key.number}";alg="hmac-sha256";tag="ecowatt-v1-response"`;
  const base = `"@status": ${status}\n"content-digest": ${contentDigest}\n"x-sequence-number";req: ${sequence}\n` +
    (requestMac === undefined ? "" : `${REQUEST_SIGNATURE}: :${requestMac}:\n`) + `"@signature-params": ${input}`;
  return { base, input };
}

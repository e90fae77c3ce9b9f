import { type Bytes, fromHex, toHex, utf8 } from "../../crypto/bytes.ts";
import { type HmacKey, importHmacKey } from "../../crypto/hmac.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { canonicalResponse } from "../../protocol/canonical_signature.ts";
import { contentDigest } from "../../crypto/content_digest.ts";
import {
  type DeviceKey,
  parseSignedRequest,
  signRequest,
  signResponse,
  verifySignedRequest,
} from "../../protocol/device_signature.ts";
import { legacySignature } from "../../gateway/boards/legacy_signature.ts";
import { chunkHmac } from "../../ota/chunks/chunk_hmac.ts";
import { importChunkKey } from "../../keys/chunk_key.ts";

const KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const URL_OF_CHANGES = "http://gateway.example:8080/changes";
const CREATED = 1_782_043_200;
/** 00 01 … 0f; a device takes random ones. */
const NONCE = Uint8Array.from({ length: 16 }, (_, i) => i);

const BODY = '{"device_id":"roof"}';
const ANSWER = '{"Changed":false}';
const BOARD = '{"device_id":"ESP32_EcoWatt_Smart"}';

/** `docs/protocol.md`: what a device and a gateway say, with every byte of its examples computed by the code itself. */
export async function protocolPage(): Promise<string> {
  const raw = fromHex(KEY);
  if (!raw) throw new Error("The example's key is not hex");
  const hmac = await importHmacKey(raw);
  const key = { deviceId: DeviceId.parse("roof"), number: 1, hmac };
  const said = await exchanged(key);
  return [
    INTRODUCTION,
    signedRequest(said),
    signedAnswer(said),
    await chunkOfFirmware(raw),
    await olderBoards(hmac),
    boundAnswer(key, await exchanged(key, NONCE)),
  ].join("");
}

const INTRODUCTION = `# The protocol by example

For authors of firmware: what goes over the wire, byte by byte. The rules stand in the
[contract of the link](contract/1-link.md), and [the API](api.md) has every path with an example. The examples here are
computed by the code that the gateway runs, with this key, which is a test key and no secret:

\`\`\`text
${KEY}
\`\`\`

`;

type Said = Awaited<ReturnType<typeof exchanged>>;

function signedRequest({ headers, base }: Said): string {
  return `## A signed request

A device has a name and numbered keys of 32 random bytes. Every request carries a digest of its body (RFC 9530), a number
that was never used before, and a signature (RFC 9421, HMAC-SHA256); [§2.2](contract/1-link.md#22-signed) has the rules:

\`\`\`http
POST /changes
content-type: application/json
${linesOf(headers)}

${BODY}
\`\`\`

What is signed, between lines that are joined by a single \`\\n\` and with none at the end:

\`\`\`text
${base}
\`\`\`

All six components are needed; \`@query\` is \`?\` when there is none. \`created\` may be 0 where there is no clock.
That is the form of version 0.1; [a nonce](#an-answer-that-is-good-for-one-request-only) is to be added to it.

`;
}

function signedAnswer({ answered }: Said): string {
  return `## A signed answer

The gateway signs back with the same key, over the status, the digest of its body, and the number of the request:

\`\`\`http
200
${linesOf(answered)}

${ANSWER}
\`\`\`

Somebody who recorded this can show it again as the answer to another request with the same number; so send a nonce.

Do not act on an answer whose signature fails, whatever its status: something on the way made it. Without a valid signature
an answer says at most "try again later".

`;
}

async function chunkOfFirmware(raw: Bytes): Promise<string> {
  return `## A chunk of firmware

Its HMAC is over its bytes and its number in decimal digits ([§7](contract/1-link.md#7-firmware)); for chunk 7 with the bytes
\`01 02 03 04\` and the key above:

\`\`\`text
${await chunkHmac(await importChunkKey(raw, "node"), Uint8Array.from([1, 2, 3, 4]), 7)}
\`\`\`

`;
}

async function olderBoards(hmac: HmacKey): Promise<string> {
  return `## Boards with the older scheme

A board that is registered as \`legacy\` signs its uploads only, over the body and the sequence number as four bytes,
big-endian ([§2.1](contract/1-link.md#21-legacy)). For the number 5 and the body \`${BOARD}\`:

\`\`\`http
POST /process
x-sequence-number: 5
x-hmac-sha256: ${toHex(await legacySignature(hmac, utf8(BOARD), 5))}
\`\`\`

Answers are not signed. [Boards with the older firmware](contract/2-boards.md) has what they send, [ESP32 boards](esp32.md)
what becomes of it, [security](security.md) what this scheme does not stop.

`;
}

function boundAnswer(key: DeviceKey, bound: Said): string {
  const { base } = canonicalResponse(key, {
    status: 200,
    contentDigest: contentDigest(utf8(ANSWER)),
    sequence: 1,
    created: CREATED + 1,
    requestMac: bound.requestMac ?? "",
  });
  return `## An answer that is good for one request only

A device whose numbers go back, because its disk was restored or replaced, would take an answer that somebody recorded
before. So a request carries 16 random bytes in Base64, new for each: then no other has the same signature, and the
answer covers that. The request from above with the bytes \`00\` to \`0f\`:

\`\`\`http
POST /changes
content-type: application/json
${linesOf(bound.headers)}

${BODY}
\`\`\`

\`\`\`text
${bound.base}
\`\`\`

The answer has two signatures. The one under \`ecowatt\` is of the older form and proves too little; whoever sent a nonce
takes the one that covers \`"signature";req;key="ecowatt"\`, and nothing else:

\`\`\`http
200
${linesOf(bound.answered)}

${ANSWER}
\`\`\`

\`\`\`text
${base}
\`\`\`

A gateway of version 0.1 refuses a nonce; [§2.2](contract/1-link.md#22-signed) says what a device does then.
`;
}

/** A request as the device makes it and the gateway reads it, and the gateway's answer. */
async function exchanged(key: DeviceKey, nonce?: Bytes) {
  const body = utf8(BODY);
  const request = { method: "POST", url: URL_OF_CHANGES, body, sequence: 1, created: CREATED };
  const { headers } = await signRequest(key, nonce === undefined ? request : { ...request, nonce });
  const fields = { get: (name: string) => headers[name] ?? null };
  const claim = parseSignedRequest({ method: request.method, url: request.url, fields });
  if (!claim.ok) throw new Error(claim.detail);
  const verified = await verifySignedRequest(claim.value, body, key);
  if (!verified.ok) throw new Error(verified.detail);
  const answered = await signResponse(verified.value, { status: 200, body: utf8(ANSWER), created: CREATED + 1 });
  return { headers, base: claim.value.base, requestMac: verified.value.boundMac, answered };
}

function linesOf(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields).map(([name, value]) => `${name}: ${value}`).join("\n");
}

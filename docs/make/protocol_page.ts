import { fromHex, toHex, utf8 } from "../../crypto/bytes.ts";
import { importHmacKey } from "../../crypto/hmac.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { parseSignedRequest, signRequest, signResponse, verifySignedRequest } from "../../protocol/device_signature.ts";
import { legacySignature } from "../../gateway/boards/legacy_signature.ts";
import { chunkHmac } from "../../ota/chunks/chunk_hmac.ts";
import { importChunkKey } from "../../keys/chunk_key.ts";

const KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const URL_OF_CHANGES = "http://gateway.example:8080/changes";
const CREATED = 1_782_043_200;

/** `docs/protocol.md`: how a device speaks to a gateway, with every byte of its examples computed by the code itself. */
export function protocolPage(): string {
  const raw = fromHex(KEY);
  if (!raw) throw new Error("The example's key is not hex");
  const hmac = importHmacKey(raw);
  const key = { deviceId: DeviceId.parse("roof"), number: 1, hmac };
  const body = utf8('{"device_id":"roof"}');
  const request = { method: "POST", url: URL_OF_CHANGES, body, sequence: 1, created: CREATED };
  const { headers } = signRequest(key, request);
  const fields = { get: (name: string) => headers[name] ?? null };
  const claim = parseSignedRequest({ method: request.method, url: request.url, fields });
  if (!claim.ok) throw new Error(claim.detail);
  const verified = verifySignedRequest(claim.value, body, key);
  if (!verified.ok) throw new Error(verified.detail);
  const answer = utf8('{"Changed":false}');
  const answered = signResponse(verified.value, { status: 200, body: answer, created: CREATED + 1 });
  const board = utf8('{"device_id":"ESP32_EcoWatt_Smart"}');
  const chunk = Uint8Array.from([1, 2, 3, 4]);
  return `# The protocol, for authors of firmware

How a device speaks to a gateway: JSON over HTTP, the device asks, the gateway answers. [The API](api.md) has every path
with an example; here is what is the same for all of them. The examples are computed by the code that the gateway runs,
with this key, which is a test key and no secret:

\`\`\`text
${KEY}
\`\`\`

## A signed request

A device has a name (\`[A-Za-z0-9_.-]{1,64}\`) and keys of 32 random bytes, numbered from 1. Every request carries a
digest of its body (RFC 9530), a number that was never used before, and a signature (RFC 9421, HMAC-SHA256):

\`\`\`http
POST /changes
content-type: application/json
${Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join("\n")}

${new TextDecoder().decode(body)}
\`\`\`

What is signed, between lines that are joined by a single \`\\n\` and with none at the end:

\`\`\`text
${claim.value.base}
\`\`\`

All six components are needed; \`@query\` is \`?\` when there is none. The key is named by
\`keyid\`, the algorithm belongs to the key: another \`alg\` is refused.

- \`X-Sequence-Number\` is 1 to 2^53 − 1. Numbers may skip, and may come out of order by up to 1,024; each is taken once, on
  any path, for ever. Write down on the flash that numbers up to N are used before the first of them is sent (in blocks of a
  thousand, say), so that a power cut skips some and repeats none.
- 401 with \`"reason": "replay"\` has \`next_sequence\`: a device whose memory was restored goes on from there, after it has
  checked the answer's signature.
- \`created\` is the device's clock in unix seconds. It is not judged: a device without a clock may say 0.

## A signed answer

The gateway signs back with the same key, over the status, the digest of its body, and the number of the request:

\`\`\`http
200
${Object.entries(answered).map(([name, value]) => `${name}: ${value}`).join("\n")}

${new TextDecoder().decode(answer)}
\`\`\`

Do not act on an answer whose signature fails, whatever its status: something on the way made it. Without a valid signature
an answer says at most "try again later".

## Samples

\`POST /process\` with blocks of [ecowatt-block/1](block-format.md). Number blocks from 1, for ever, and keep each until an
answer names it in \`accepted_blocks\`, \`duplicate_blocks\` or \`quarantined_blocks\`: then it is on the gateway's disk. 422
names the blocks that cannot be stored (\`blocks[2].payload\`); send the others again without them. A request is taken as a
whole or not at all.

## Settings, commands, firmware

- Ask \`/changes\` every 5 seconds or as often as you can afford. What is set comes again until \`/config/report\` told of it.
- \`/command/get\` with \`wait_s\` holds the request until there is a command. Write a command down before you act: it comes
  again when its report is lost, and has to be answered from memory then, not done twice. [Commands](commands.md) has the
  states.
- \`/ota/check\`, \`/ota/chunk\`, \`/ota/verify\`, \`/ota/complete\`: verify \`manifest_signature\` over the text of \`manifest\`
  before anything in it is believed, and take nothing from outside it. [Updates](updates.md) lists the checks. The HMAC of a
  chunk is over its bytes and its number in decimal digits; for chunk 7 with the bytes \`01 02 03 04\` and the key above:

\`\`\`text
${chunkHmac(importChunkKey(raw, "node"), chunk, 7)}
\`\`\`

## Boards with the older scheme

A board that is registered as \`legacy\` signs its uploads only: HMAC-SHA256 over the body and the sequence number as four
bytes, big-endian. For the number 5 and the body \`${new TextDecoder().decode(board)}\`:

\`\`\`http
POST /process
x-sequence-number: 5
x-hmac-sha256: ${toHex(legacySignature(hmac, board, 5))}
\`\`\`

Its number rises with every upload. A board saves it every ten uploads and repeats up to nine after a reboot, so one of the
last ten is taken as well, with an HMAC that was never accepted with it. Answers are not signed; other paths are believed by
the address of the last verified upload. [ESP32 boards](esp32.md) says what becomes of their data, [security](security.md)
what this scheme does not stop.

## Limits

A body has at most 1 MiB and arrives within 30 seconds; JSON is UTF-8 and nests at most 32 deep; an upload has at most 256
blocks and a million values. Compressed bodies (\`Content-Encoding\`) are refused with 415. 429 and 503 come with
\`Retry-After\` in seconds.
`;
}

import { toBase64, utf8 } from "../../crypto/bytes.ts";
import { contentDigest } from "../../crypto/content_digest.ts";
import { hmacSha256 } from "../../crypto/hmac.ts";
import type { DeviceKey } from "../../protocol/device_signature.ts";

/*
 * Both ends of the link as version 0.1 has them, written down by themselves: they know one form of a request and one of an
 * answer, and refuse whatever differs.
 */

const COVERED = '("@method" "@path" "@query" "content-digest" "x-device-id" "x-sequence-number")';

/** What an older gateway answers to a request that it takes. */
export interface OlderAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A gateway of version 0.1 as `fetch` sees it. `answer` has the last word on each request that is authentic. */
export function olderGateway(key: DeviceKey, answer: (sequence: number) => OlderAnswer): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const sequence = await authenticSequence(request, key);
    if (sequence === undefined) return Response.json({ error: "Unauthorized" }, { status: 401 });
    const { status, body } = answer(sequence);
    const bytes = utf8(JSON.stringify(body));
    return new Response(bytes, {
      status,
      headers: {
        "content-type": "application/json",
        ...await olderAnswerFields(key, { status, sequence, body: bytes }),
      },
    });
  };
}

/** The number of a request in the older form; `undefined` for every other. */
async function authenticSequence(request: Request, key: DeviceKey): Promise<number | undefined> {
  const field = (name: string) => request.headers.get(name) ?? "";
  const parameters = `${COVERED};created=${/;created=([0-9]+);/.exec(field("signature-input"))?.[1]};` +
    `keyid="${key.deviceId}/${key.number}";alg="hmac-sha256";tag="ecowatt-v1"`;
  const { pathname, search } = new URL(request.url);
  const base = `"@method": ${request.method}\n"@path": ${pathname}\n"@query": ${search || "?"}\n` +
    `"content-digest": ${field("content-digest")}\n"x-device-id": ${field("x-device-id")}\n` +
    `"x-sequence-number": ${field("x-sequence-number")}\n"@signature-params": ${parameters}`;
  if (field("signature-input") !== `ecowatt=${parameters}`) return undefined;
  if (field("signature") !== `ecowatt=:${toBase64(await hmacSha256(key.hmac, base))}:`) return undefined;
  if (field("content-digest") !== contentDigest(new Uint8Array(await request.arrayBuffer()))) return undefined;
  return Number(field("x-sequence-number"));
}

async function olderAnswerFields(
  key: DeviceKey,
  answer: { readonly status: number; readonly sequence: number; readonly body: Uint8Array },
): Promise<Record<string, string>> {
  const digest = contentDigest(answer.body);
  const parameters = olderAnswerParameters(key, 1);
  const mac = await hmacSha256(key.hmac, olderAnswerBase(answer.status, digest, answer.sequence, parameters));
  return {
    "content-digest": digest,
    "signature-input": `ecowatt=${parameters}`,
    signature: `ecowatt=:${toBase64(mac)}:`,
  };
}

/** Whether a node of version 0.1 acts on an answer to its request of that number. */
export async function olderNodeTakes(
  key: DeviceKey,
  sequence: number,
  answer: { readonly status: number; readonly headers: Headers; readonly raw: Uint8Array },
): Promise<boolean> {
  const field = (name: string) => answer.headers.get(name) ?? "";
  const parameters = olderAnswerParameters(key, Number(/;created=([0-9]+);/.exec(field("signature-input"))?.[1]));
  const digest = contentDigest(answer.raw);
  const mac = await hmacSha256(key.hmac, olderAnswerBase(answer.status, digest, sequence, parameters));
  return field("content-digest") === digest && field("signature-input") === `ecowatt=${parameters}` &&
    field("signature") === `ecowatt=:${toBase64(mac)}:`;
}

function olderAnswerParameters(key: DeviceKey, created: number): string {
  return `("@status" "content-digest" "x-sequence-number";req);created=${created};` +
    `keyid="${key.deviceId}/${key.number}";alg="hmac-sha256";tag="ecowatt-v1-response"`;
}

function olderAnswerBase(status: number, digest: string, sequence: number, parameters: string): string {
  return `"@status": ${status}\n"content-digest": ${digest}\n"x-sequence-number";req: ${sequence}\n` +
    `"@signature-params": ${parameters}`;
}

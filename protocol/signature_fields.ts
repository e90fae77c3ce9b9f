import { type Bytes, fromBase64, toBase64 } from "../crypto/bytes.ts";
import { type HmacKey, hmacSha256 } from "../crypto/hmac.ts";
import { type RequestParts, type ResponseParts, signatureBase } from "../crypto/message_signature.ts";
import {
  type BareItem,
  type InnerList,
  type Item,
  type Parameters,
  parseDictionary,
  serialiseInnerList,
  serialiseParameters,
} from "../crypto/structured_field.ts";
import { DeviceId } from "./device_id.ts";
import { type Outcome, refusal, success } from "./outcome.ts";

/** One of a device's keys. An enrolled `ed25519` key would be a second member of this type, with an `alg` of its own. */
export interface DeviceKey {
  readonly deviceId: DeviceId;
  /** Key number in the registry, 1 to 999,999,999. */
  readonly number: number;
  readonly hmac: HmacKey;
}

/** Which components a signature covers, and for what purpose it was made. */
export interface Coverage {
  readonly components: readonly Item[];
  readonly tag: string;
  /** Whether a nonce may be among its parameters; none if left out. */
  readonly nonce?: true;
}

/** When a signature is made and, for a request, the bytes that make it like no other. */
interface Moment {
  /** Unix seconds. */
  readonly created: number;
  /** 16 random bytes. */
  readonly nonce?: Uint8Array;
}

/** `Signature-Input` and `Signature` as they were read: who claims to have signed what. Proves nothing yet. */
interface SignatureFields {
  readonly input: InnerList;
  /** Unix seconds by the signer's clock. */
  readonly created: number;
  readonly deviceId: DeviceId;
  readonly keyNumber: number;
  /** Base64 of 16 bytes that the signer chose. */
  readonly nonce?: string;
  readonly mac: Bytes;
}

/** What a request says of itself. Nothing of it is proven: it tells which key to look up. */
export interface SignatureClaim extends Omit<SignatureFields, "input"> {
  /** `X-Sequence-Number`, 1 to 2^52. */
  readonly sequence: number;
  readonly contentDigest: string;
  readonly base: string;
}

/** The label of a request's only signature, which answers refer to, and of an answer's in the older form. */
export const LABEL = "ecowatt";
/** The one algorithm for a pre-shared key. The key decides it, never the message (RFC 9421 section 7.3.6). */
const ALGORITHM = "hmac-sha256";
const NONCE_BYTES = 16;
/** Most characters of `Signature-Input` and of `Signature`; an answer may have signatures for others beside ours. */
const MAX_REQUEST_LENGTH = 512;
const MAX_ANSWER_LENGTH = 1024;
/** One member of 32 bytes without parameters. The last digit has two bits to spare, which are 0: one way to write it. */
const ONE_MAC = /^ecowatt=:([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=):$/;
/** 16 bytes in the one way to write them: the last digit has four bits to spare, which are 0. */
const NONCE = /^[A-Za-z0-9+/]{21}[AQgw]==$/;
const KEY_ID = /^([A-Za-z0-9_.-]{1,64})\/([1-9][0-9]{0,8})$/;

/**
 * A component identifier: a field or a derived component; of the request with `req`, one member of a dictionary with `key`.
 *
 * @example
 * ```ts
 * component("@method").item; // => { kind: "string", value: "@method" }
 * [...component("signature", { req: true, key: "ecowatt" }).parameters.keys()]; // => ["req", "key"]
 * ```
 */
export function component(name: string, { req, key }: { readonly req?: true; readonly key?: string } = {}): Item {
  const parameters = new Map<string, BareItem>();
  if (req) parameters.set("req", { kind: "boolean", value: true });
  if (key !== undefined) parameters.set("key", { kind: "string", value: key });
  return { kind: "item", item: { kind: "string", value: name }, parameters };
}

/**
 * The two fields that sign `message`; `undefined` when a component of `coverage` is not in it.
 *
 * @example
 * ```ts
 * import { importHmacKey } from "../crypto/hmac.ts";
 * import { DeviceId } from "./device_id.ts";
 * const key = { deviceId: DeviceId.parse("roof"), number: 1, hmac: await importHmacKey(new Uint8Array(32)) };
 * const message = { method: "POST", url: "http://gateway.example/changes", fields: { get: () => null } };
 * const coverage = { components: [component("@method")], tag: "test" };
 * const fields = await writeSignatureFields(message, coverage, key, { created: 0 });
 * fields?.["signature-input"]; // => 'ecowatt=("@method");created=0;keyid="roof/1";alg="hmac-sha256";tag="test"'
 * ```
 */
export async function writeSignatureFields(
  message: RequestParts | ResponseParts,
  coverage: Coverage,
  key: DeviceKey,
  { created, nonce }: Moment,
): Promise<{ readonly "signature-input": string; readonly signature: string } | undefined> {
  if (nonce !== undefined && nonce.length !== NONCE_BYTES) {
    throw new Error(`Cannot sign: a nonce has ${NONCE_BYTES} bytes, this one ${nonce.length}`);
  }
  const parameters: Parameters = new Map<string, BareItem>([
    ["created", { kind: "integer", value: created }],
    ["keyid", { kind: "string", value: `${key.deviceId}/${key.number}` }],
    ["alg", { kind: "string", value: ALGORITHM }],
    ["tag", { kind: "string", value: coverage.tag }],
    ...nonce === undefined ? [] : [["nonce", { kind: "string", value: toBase64(nonce) }] as const],
  ]);
  const input: InnerList = { kind: "list", items: coverage.components, parameters };
  const base = signatureBase(message, input);
  if (base === undefined) return undefined;
  return {
    "signature-input": `${LABEL}=${serialiseInnerList(input)}`,
    signature: `${LABEL}=:${toBase64(await hmacSha256(key.hmac, base))}:`,
  };
}

/**
 * Reads the two fields of a signature that covers exactly `coverage`; components and parameters in any order. A request has
 * this one only, under our label; an answer is found by what it covers, whatever its label and whatever stands beside it.
 *
 * @example
 * ```ts
 * const coverage = { components: [component("@method")], tag: "test" };
 * const input = 'ecowatt=("@method");created=5;keyid="roof/1";alg="hmac-sha256";tag="test"';
 * const fields = new Map([["signature-input", input], ["signature", `ecowatt=:${"A".repeat(43)}=:`]]);
 * const get = (name: string) => fields.get(name) ?? null;
 * const read = readSignatureFields({ method: "POST", url: "http://gateway.example/", fields: { get } }, coverage);
 * read.ok && [read.value.deviceId, read.value.keyNumber, read.value.created]; // => ["roof", 1, 5]
 * ```
 */
export function readSignatureFields(
  message: RequestParts | ResponseParts,
  coverage: Coverage,
): Outcome<SignatureFields, "malformed"> {
  const inputs = readInputs(message);
  if (inputs === undefined) return refusal("malformed", "Signature-Input is missing or not well formed");
  const [label, input] = inputs.find(([, input]) => covers(input, coverage.components)) ?? [];
  if (label === undefined || input === undefined) {
    return refusal("malformed", "Signature-Input covers other components");
  }
  const parameters = readParameters(input.parameters, coverage);
  if (parameters === undefined) return refusal("malformed", "Signature-Input has other parameters");
  const mac = "method" in message ? readMac(message) : readMacOf(message, label);
  if (mac === undefined) return refusal("malformed", "Signature is missing or not well formed");
  return success({ input, mac, ...parameters });
}

/** What is said to be signed, by label. */
function readInputs(message: RequestParts | ResponseParts): readonly (readonly [string, InnerList])[] | undefined {
  const ofRequest = "method" in message;
  const text = message.fields.get("signature-input") ?? "";
  const inputs = parseDictionary(text, ofRequest ? MAX_REQUEST_LENGTH : MAX_ANSWER_LENGTH);
  if (inputs === undefined || (ofRequest && !(inputs.size === 1 && inputs.has(LABEL)))) return undefined;
  const lists = [...inputs].flatMap(([label, input]) => input.kind === "list" ? [[label, input] as const] : []);
  return lists.length > 0 ? lists : undefined;
}

/**
 * The 32 bytes of the one member of a request's `Signature`.
 *
 * @example
 * ```ts
 * const fields = new Map([["signature", `ecowatt=:${"A".repeat(43)}=:`]]);
 * const get = (name: string) => fields.get(name) ?? null;
 * readMac({ method: "POST", url: "http://gateway.example/", fields: { get } })?.length; // => 32
 * ```
 */
export function readMac(request: RequestParts): Bytes | undefined {
  const [, base64] = ONE_MAC.exec(request.fields.get("signature") ?? "") ?? [];
  return base64 === undefined ? undefined : fromBase64(base64);
}

/** The 32 bytes under a label of an answer's `Signature`. */
function readMacOf(answer: ResponseParts, label: string): Bytes | undefined {
  const member = parseDictionary(answer.fields.get("signature") ?? "", MAX_ANSWER_LENGTH)?.get(label);
  if (member?.kind !== "item" || member.item.kind !== "bytes" || member.parameters.size > 0) return undefined;
  return member.item.value.length === 32 ? member.item.value : undefined;
}

/** The same number of components, and each wanted one among them: so none comes twice and none is extra. */
function covers(input: InnerList, wanted: readonly Item[]): boolean {
  if (input.items.length !== wanted.length) return false;
  return wanted.every((component) => input.items.some((item) => isSameComponent(item, component)));
}

function isSameComponent(a: Item, b: Item): boolean {
  return a.item.kind === b.item.kind && a.item.value === b.item.value &&
    serialiseParameters(a.parameters) === serialiseParameters(b.parameters);
}

function readParameters(
  parameters: Parameters,
  wanted: Coverage,
): Pick<SignatureFields, "created" | "deviceId" | "keyNumber" | "nonce"> | undefined {
  const created = parameters.get("created");
  const nonce = wanted.nonce && parameters.has("nonce") ? { nonce: text(parameters, "nonce") ?? "" } : {};
  if (parameters.size !== 4 + Object.keys(nonce).length) return undefined;
  if (nonce.nonce !== undefined && !NONCE.test(nonce.nonce)) return undefined;
  if (created?.kind !== "integer" || created.value < 0) return undefined;
  if (text(parameters, "alg") !== ALGORITHM || text(parameters, "tag") !== wanted.tag) return undefined;
  const [, device, number] = KEY_ID.exec(text(parameters, "keyid") ?? "") ?? [];
  const deviceId = DeviceId.safeParse(device);
  if (!deviceId.success) return undefined;
  return { created: created.value, deviceId: deviceId.data, keyNumber: Number(number), ...nonce };
}

function text(parameters: Parameters, name: string): string | undefined {
  const item = parameters.get(name);
  return item?.kind === "string" ? item.value : undefined;
}

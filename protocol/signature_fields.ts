import { type Bytes, fromBase64, toBase64 } from "../crypto/bytes.ts";
import { type HmacKey, hmacSha256 } from "../crypto/hmac.ts";
import { type RequestParts, type ResponseParts, signatureBase } from "../crypto/message_signature.ts";
import {
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
}

/** `Signature-Input` and `Signature` as they were read: who claims to have signed what. Proves nothing yet. */
interface SignatureFields {
  readonly input: InnerList;
  /** Unix seconds by the signer's clock. */
  readonly created: number;
  readonly deviceId: DeviceId;
  readonly keyNumber: number;
  readonly mac: Bytes;
}

/** What a request says of itself. Nothing of it is proven: it tells which key to look up. */
export interface SignatureClaim extends Omit<SignatureFields, "input"> {
  /** `X-Sequence-Number`, 1 to 2^53 - 1. */
  readonly sequence: number;
  readonly contentDigest: string;
  readonly base: string;
}

const LABEL = "ecowatt";
/** The one algorithm for a pre-shared key. The key decides it, never the message (RFC 9421 section 7.3.6). */
const ALGORITHM = "hmac-sha256";
const MAX_INPUT_LENGTH = 512;
/** One member of 32 bytes without parameters. The last digit has two bits to spare, which are 0: one way to write it. */
const ONE_MAC = /^ecowatt=:([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=):$/;
const KEY_ID = /^([A-Za-z0-9_.-]{1,64})\/([1-9][0-9]{0,8})$/;

/**
 * A component identifier: a field or a derived component, of the request when `req`.
 *
 * @example
 * ```ts
 * component("@method").item; // => { kind: "string", value: "@method" }
 * component("x-sequence-number", true).parameters.size; // => 1
 * ```
 */
export function component(name: string, ofRequest = false): Item {
  const parameters: Parameters = ofRequest ? new Map([["req", { kind: "boolean", value: true }]]) : new Map();
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
 * const fields = await writeSignatureFields(message, { components: [component("@method")], tag: "test" }, key, 0);
 * fields?.["signature-input"]; // => 'ecowatt=("@method");created=0;keyid="roof/1";alg="hmac-sha256";tag="test"'
 * ```
 */
export async function writeSignatureFields(
  message: RequestParts | ResponseParts,
  coverage: Coverage,
  key: DeviceKey,
  created: number,
): Promise<{ readonly "signature-input": string; readonly signature: string } | undefined> {
  const parameters: Parameters = new Map([
    ["created", { kind: "integer", value: created }],
    ["keyid", { kind: "string", value: `${key.deviceId}/${key.number}` }],
    ["alg", { kind: "string", value: ALGORITHM }],
    ["tag", { kind: "string", value: coverage.tag }],
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
 * Reads the two fields of a signature that covers exactly `coverage`; components and parameters in any order.
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
  const input = readInput(message);
  if (input === undefined) return refusal("malformed", "Signature-Input is missing or not well formed");
  if (!covers(input, coverage.components)) return refusal("malformed", "Signature-Input covers other components");
  const parameters = readParameters(input.parameters, coverage.tag);
  if (parameters === undefined) return refusal("malformed", "Signature-Input has other parameters");
  const mac = readMac(message);
  if (mac === undefined) return refusal("malformed", "Signature is missing or not well formed");
  return success({ input, mac, ...parameters });
}

function readInput(message: RequestParts | ResponseParts): InnerList | undefined {
  const inputs = parseDictionary(message.fields.get("signature-input") ?? "", MAX_INPUT_LENGTH);
  const input = inputs?.get(LABEL);
  return inputs?.size === 1 && input?.kind === "list" ? input : undefined;
}

/**
 * The 32 bytes of the one member of `Signature`.
 *
 * @example
 * ```ts
 * const fields = new Map([["signature", `ecowatt=:${"A".repeat(43)}=:`]]);
 * readMac({ status: 200, fields: { get: (name) => fields.get(name) ?? null } })?.length; // => 32
 * ```
 */
export function readMac(message: RequestParts | ResponseParts): Bytes | undefined {
  const [, base64] = ONE_MAC.exec(message.fields.get("signature") ?? "") ?? [];
  return base64 === undefined ? undefined : fromBase64(base64);
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
  wantedTag: string,
): Pick<SignatureFields, "created" | "deviceId" | "keyNumber"> | undefined {
  const created = parameters.get("created");
  if (parameters.size !== 4 || created?.kind !== "integer" || created.value < 0) return undefined;
  if (text(parameters, "alg") !== ALGORITHM || text(parameters, "tag") !== wantedTag) return undefined;
  const [, device, number] = KEY_ID.exec(text(parameters, "keyid") ?? "") ?? [];
  const deviceId = DeviceId.safeParse(device);
  return deviceId.success ? { created: created.value, deviceId: deviceId.data, keyNumber: Number(number) } : undefined;
}

function text(parameters: Parameters, name: string): string | undefined {
  const item = parameters.get(name);
  return item?.kind === "string" ? item.value : undefined;
}

import { importHmacKey } from "../../crypto/hmac.ts";
import { BoundedMap } from "../../platform/bounded_map.ts";
import { parseSignedRequest, verifySignedRequest } from "../../protocol/device_signature.ts";
import { parseUploadBody } from "../boards/upload_body.ts";
import { parseLegacySignature, verifyLegacySignature } from "../boards/legacy_signature.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { Fault } from "../fault.ts";
import { parseJson } from "../json_text.ts";
import type { Device, Devices } from "../store/devices.ts";
import type { DeviceRequest, Identity, Unauthenticated } from "./identity.ts";
import type { KeyRing, RingKey } from "./key_ring.ts";
import { ALL_REVOKED, refusedBoard, type RefusedKey, refusedKeyOfDevice, unfitHmac } from "./refused_key.ts";

/** Finds out who speaks. Rejects with `Fault` `malformed` when an unsigned body is no JSON: then it names nobody. */
export type Authenticator = (request: DeviceRequest) => Promise<Identity | Unauthenticated>;

/** The one path on which boards sign (contract/1-link §2.1). */
const UPLOAD_PATH = "/process";

/** Stands in for the key of a board that does not exist, so that the time does not tell. */
const decoy = importHmacKey(new Uint8Array(32));

/** What knows the devices and their keys. */
interface AuthenticatorIo {
  readonly ring: KeyRing;
  readonly devices: Devices;
}

/** Addresses of boards that are remembered. */
const KEPT_ADDRESSES = 10_000;

export function createAuthenticator(io: AuthenticatorIo): Authenticator {
  const lastFrom: LastFrom = new BoundedMap(KEPT_ADDRESSES);
  return async (request) => {
    const { headers, path } = request;
    if (headers.has("signature-input") || headers.has("signature") || headers.has("x-device-id")) {
      return await bySignature(request, io);
    }
    if (path === UPLOAD_PATH) return await byHmac(request, { ...io, lastFrom });
    return byAddress(request, io.devices);
  };
}

/** contract/1-link §2.2. A `legacy` device's key is bound to the other scheme. */
async function bySignature(
  request: DeviceRequest,
  { ring, devices }: AuthenticatorIo,
): Promise<Identity | Unauthenticated> {
  const claim = parseSignedRequest({ method: request.method, url: request.url, fields: request.headers });
  if (!claim.ok) return unauthenticated("malformed", claim.detail, named(request.headers.get("x-device-id")));
  const { deviceId, keyNumber, sequence } = claim.value;
  const found = await ring.byId(deviceId, keyNumber);
  const verified = await verifySignedRequest(claim.value, request.body, found?.key);
  if (!found) return refusedFor(refusedKeyOfDevice(devices, deviceId, keyNumber), { deviceId, sequence });
  if (!verified.ok) return unauthenticated(verified.fault, verified.detail, { deviceId, sequence });
  if (found.device.auth !== "signed") {
    return unauthenticated("policy", "a legacy device does not sign", { deviceId, sequence });
  }
  return { kind: "signed", device: found.device, key: found, request: verified.value };
}

/** By address, the row of the device whose upload was verified from there last. */
type LastFrom = BoundedMap<string, number>;

/** contract/1-link §2.1: boards share a name, and the key that verifies says which one it is. */
async function byHmac(
  request: DeviceRequest,
  { ring, devices, lastFrom }: AuthenticatorIo & { readonly lastFrom: LastFrom },
): Promise<Identity | Unauthenticated> {
  const proof = parseLegacySignature(request.headers);
  if (!proof.ok) return unauthenticated("malformed", proof.detail);
  const { sequence, mac } = proof.value;
  const name = nameOf(request.body);
  const known = { ...named(name), sequence };
  const keys = await ring.ofBoards(name);
  if (keys.length === 0) {
    await verifyLegacySignature(proof.value, request.body, await decoy);
    return refusedFor(refusedBoard(devices, name), known);
  }
  // The likeliest first. Of a stranger's upload all are tried: the time says nothing about who is registered.
  const row = lastFrom.get(request.address);
  const [likely, others] = [
    keys.filter(({ device }) => device.row === row),
    keys.filter(({ device }) => device.row !== row),
  ];
  const fitting = async (some: readonly RingKey[]) => {
    const fits = await Promise.all(some.map(({ key }) => verifyLegacySignature(proof.value, request.body, key.hmac)));
    return some[fits.indexOf(true)];
  };
  const match = await fitting(likely) ?? await fitting(others);
  if (!match) return refusedFor(unfitHmac(devices, keys.map(({ device }) => device)), known);
  if (match.device.row !== row) lastFrom.set(request.address, match.device.row);
  return { kind: "board", device: match.device, key: match, sequence, mac };
}

/**
 * contract/1-link §2.1: the other paths of boards come unsigned, from where the last verified upload came. Before the first one nobody
 * is believed: whoever knows the name that all boards share would take a board's commands and report them done.
 */
function byAddress(request: DeviceRequest, devices: Devices): Identity | Unauthenticated {
  const name = nameOf(request.body);
  const known = named(name);
  const boards = devices.withWireId(name);
  const here = devices.withAddress(request.address).filter((device) => boards.some(({ row }) => row === device.row));
  const [device, other] = here;
  if (device && !other) return hasKey(device, devices) ? { kind: "address", device } : refusedFor(ALL_REVOKED, known);
  if (other) return unauthenticated("policy", "several boards are at this address", known);
  if (boards.length > 0) {
    return unauthenticated("policy", "no upload of this board was verified from this address", known);
  }
  return refusedFor(refusedBoard(devices, name), known);
}

/** A board whose keys were all revoked cannot upload: what it asks for unsigned is not answered either. */
function hasKey(device: Device, devices: Devices): boolean {
  return devices.keys.list(device).some(({ revokedAt }) => revokedAt === undefined);
}

/** The name an unsigned body gives its sender; boards cut their bodies, so it may end anywhere behind that. */
function nameOf(body: Uint8Array): string {
  const json = parseJson(body);
  if (!json.ok) {
    const cut = json.fault === "json" ? parseUploadBody(body) : undefined;
    if (cut?.ok && cut.value.wireId !== undefined) return cut.value.wireId;
    throw new Fault("malformed", json.detail);
  }
  const { device_id, id } = fieldsOf(json.value);
  const name = typeof device_id === "string" ? device_id : id;
  if (typeof name === "string") return name;
  throw new Fault("malformed", "The body names no device", { fields: [{ path: "device_id", message: "is required" }] });
}

function fieldsOf(value: unknown): { readonly device_id?: unknown; readonly id?: unknown } {
  return typeof value === "object" && value !== null ? value : {};
}

function named(name: string | null): { readonly deviceId?: DeviceId } {
  const deviceId = DeviceId.safeParse(name);
  return deviceId.success ? { deviceId: deviceId.data } : {};
}

/** What is known of the sender of a request that is refused. */
interface Claimed {
  readonly deviceId?: DeviceId;
  readonly sequence?: number;
}

function refusedFor({ reason, detail }: RefusedKey, known: Claimed): Unauthenticated {
  return unauthenticated(reason, detail, known);
}

function unauthenticated(
  reason: Unauthenticated["reason"],
  detail: string,
  known: Claimed = {},
): Unauthenticated {
  return { kind: "unauthenticated", reason, detail, ...known };
}

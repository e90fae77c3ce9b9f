import type { Device, Devices } from "../store/devices.ts";
import type { Unauthenticated } from "./identity.ts";

/** What the security log says of a key that is not accepted. The client learns nothing of it. */
export type RefusedKey = Pick<Unauthenticated, "reason" | "detail">;

/** Why key `number` of the device `name` cannot verify anything. */
export function refusedKeyOfDevice(devices: Devices, name: string, number: number): RefusedKey {
  const device = devices.find(name);
  if (!device) return { reason: "unknown_device", detail: unregistered(devices, name, "device") };
  const key = devices.keys.list(device).find((key) => key.number === number);
  const detail = key === undefined ? `the device has no key ${number}` : `key ${number} of the device was revoked`;
  return { reason: "unknown_device", detail };
}

/** Why no board called `name` has a key. */
export function refusedBoard(devices: Devices, name: string): RefusedKey {
  if (devices.withWireId(name).length > 0) return ALL_REVOKED;
  const device = devices.find(name);
  if (device?.auth === "legacy") return ALL_REVOKED;
  if (device) return { reason: "policy", detail: "this device has to sign" };
  return { reason: "unknown_device", detail: unregistered(devices, name, "board") };
}

/** Why an HMAC fits none of the keys that boards of this name have: of a revoked key nothing is left to compare with. */
export function unfitHmac(devices: Devices, holders: readonly Device[]): RefusedKey {
  const revoked = holders.some((device) => devices.keys.list(device).some(({ revokedAt }) => revokedAt !== undefined));
  const detail = revoked
    ? "the HMAC is none of a key in use over this body: another key, perhaps a revoked one, or a changed body"
    : "the HMAC is none of this board's key over this body: another key, or a changed body";
  return { reason: "bad_signature", detail };
}

/** All keys of the board were revoked. */
export const ALL_REVOKED: RefusedKey = { reason: "unknown_device", detail: "every key of this board was revoked" };

function unregistered(devices: Devices, name: string, what: string): string {
  return devices.wasRemoved(name) ? `the ${what} was removed` : `no such ${what} is registered`;
}

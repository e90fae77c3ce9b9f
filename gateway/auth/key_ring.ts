import { setImmediate } from "node:timers";
import { type HmacKey, importHmacKey } from "../../crypto/hmac.ts";
import type { DeviceKey } from "../../protocol/signature_fields.ts";
import type { Device, Devices } from "../store/devices.ts";

/** A key ready to verify with, and whose it is. */
export interface RingKey {
  readonly device: Device;
  readonly key: DeviceKey;
  /** Recognises the key under any device name (gateway/store/device_keys.ts). */
  readonly fingerprint: number;
}

/** Keys by the names that requests use. A change of the registry, by this or another process, shows at once. */
export interface KeyRing {
  /** The active key `keyid` names. */
  byId(deviceId: string, number: number): RingKey | undefined;
  /** Every active key of the `legacy` devices that a board calling itself `name` may be. */
  ofBoards(name: string): readonly RingKey[];
}

/** Devices whose keys are kept unsealed between requests. */
const KEPT = 10_000;

export function createKeyRing(devices: Devices): KeyRing {
  const byDevice = new Map<string, readonly RingKey[]>();
  const byName = new Map<string, readonly RingKey[]>();
  let version = -1;
  // Asked once a turn of the event loop: what arrives together meets one registry, and asking costs as much as a write.
  let asked = false;
  const forget = () => void (asked = false);
  const refresh = () => {
    if (asked && byDevice.size < KEPT && byName.size < KEPT) return;
    asked = true;
    setImmediate(forget);
    const current = devices.version();
    if (current === version && byDevice.size < KEPT && byName.size < KEPT) return;
    version = current;
    byDevice.clear();
    byName.clear();
  };
  const keysOf = (device: Device) => devices.keys.active(device).map((active) => ringKey(device, active));
  return {
    byId(deviceId, number) {
      refresh();
      let keys = byDevice.get(deviceId);
      if (!keys) {
        const device = devices.find(deviceId);
        if (!device) return undefined; // not kept: a stranger could fill the memory with names
        byDevice.set(deviceId, keys = keysOf(device));
      }
      return keys.find(({ key }) => key.number === number);
    },
    ofBoards(name) {
      refresh();
      const kept = byName.get(name);
      if (kept) return kept;
      const named = devices.find(name);
      const boards = new Map(devices.withWireId(name).map((device) => [device.row, device]));
      if (named?.auth === "legacy") boards.set(named.row, named);
      const keys = [...boards.values()].flatMap(keysOf);
      if (keys.length > 0) byName.set(name, keys);
      return keys;
    },
  };
}

function ringKey(device: Device, active: { number: number; raw: Uint8Array; fingerprint: number }): RingKey {
  const hmac: HmacKey = importHmacKey(active.raw);
  return { device, key: { deviceId: device.deviceId, number: active.number, hmac }, fingerprint: active.fingerprint };
}

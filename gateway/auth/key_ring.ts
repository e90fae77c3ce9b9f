import { importHmacKey } from "../../crypto/hmac.ts";
import type { DeviceKey } from "../../protocol/signature_fields.ts";
import type { ActiveKey } from "../store/device_keys.ts";
import type { Device, Devices } from "../store/devices.ts";

/** A key ready to verify with, and whose it is. */
export interface RingKey {
  readonly device: Device;
  readonly key: DeviceKey;
  /** Recognises the key under any device name (gateway/store/device_keys.ts). */
  readonly fingerprint: number;
  /** The version of the registry that it was read from. */
  readonly readAt: number;
}

/** Keys by the names that requests use. A change of the registry, by this or another process, shows at once. */
export interface KeyRing {
  /** The active key `keyid` names. */
  byId(deviceId: string, number: number): Promise<RingKey | undefined>;
  /** Every active key of the `legacy` devices that a board calling itself `name` may be. */
  ofBoards(name: string): Promise<readonly RingKey[]>;
  /** Whether a key is still active: it may have been revoked while it was used to verify. */
  isActive(key: RingKey): boolean;
}

/** Devices whose keys are kept unsealed between requests. */
const KEPT = 10_000;

export function createKeyRing(devices: Devices): KeyRing {
  const byDevice = new Map<string, readonly RingKey[]>();
  const byName = new Map<string, readonly RingKey[]>();
  let version = -1;
  const refresh = () => {
    const current = devices.version();
    if (current === version && byDevice.size < KEPT && byName.size < KEPT) return;
    version = current;
    byDevice.clear();
    byName.clear();
  };
  const read = async (holders: readonly Device[], kept: Map<string, readonly RingKey[]>, name: string) => {
    const readAt = version;
    const keys = (await Promise.all(holders.map((device) => keysOf(device, devices, readAt)))).flat();
    // A name without keys is not kept: a stranger could fill the memory with names.
    if (keys.length > 0 && readAt === version) kept.set(name, keys);
    return keys;
  };
  return {
    async byId(deviceId, number) {
      refresh();
      const device = byDevice.has(deviceId) ? undefined : devices.find(deviceId);
      const keys = byDevice.get(deviceId) ?? (device && await read([device], byDevice, deviceId));
      return keys?.find(({ key }) => key.number === number);
    },
    async ofBoards(name) {
      refresh();
      return byName.get(name) ?? await read(boardsCalled(name, devices), byName, name);
    },
    isActive: ({ device, key, readAt }) => readAt === devices.version() || devices.keys.isActive(device, key.number),
  };
}

function boardsCalled(name: string, devices: Devices): readonly Device[] {
  const named = devices.find(name);
  const boards = new Map(devices.withWireId(name).map((device) => [device.row, device]));
  if (named?.auth === "legacy") boards.set(named.row, named);
  return [...boards.values()];
}

async function keysOf(device: Device, devices: Devices, readAt: number): Promise<readonly RingKey[]> {
  const active = await devices.keys.active(device);
  return await Promise.all(active.map((key) => ringKey(device, key, readAt)));
}

async function ringKey(device: Device, { number, raw, fingerprint }: ActiveKey, readAt: number): Promise<RingKey> {
  const hmac = await importHmacKey(raw);
  raw.fill(0);
  return { device, key: { deviceId: device.deviceId, number, hmac }, fingerprint, readAt };
}

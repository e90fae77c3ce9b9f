import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Bytes } from "../../crypto/bytes.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { Fault } from "../fault.ts";
import {
  createDeviceKeys,
  type DeviceKeys,
  type DeviceKeysIo,
  type DeviceSecret,
  SCHEMA as KEYS_SCHEMA,
} from "./device_keys.ts";
import type { StoreChanges } from "./changes.ts";

export const SCHEMA = `
CREATE TABLE device (
  id INTEGER PRIMARY KEY,
  device_id TEXT NOT NULL UNIQUE,
  model TEXT NOT NULL,
  auth TEXT NOT NULL CHECK (auth IN ('signed', 'legacy')),
  wire_id TEXT CHECK ((auth = 'legacy') = (wire_id IS NOT NULL)),
  last_address TEXT,
  created_at INTEGER NOT NULL,
  removed_at INTEGER
) STRICT;
CREATE INDEX device_by_wire_id ON device(wire_id) WHERE wire_id IS NOT NULL;
CREATE INDEX device_by_address ON device(last_address) WHERE last_address IS NOT NULL;
${KEYS_SCHEMA}`;

/**
 * How a device proves who it is (contract/1-link §2): `signed` is the default, `legacy` the boards' upload-only HMAC.
 */
export const AuthPolicy = z.enum(["signed", "legacy"]);
export type AuthPolicy = z.infer<typeof AuthPolicy>;

const DeviceRow = z.object({
  id: z.number(),
  device_id: DeviceId,
  model: z.string(),
  auth: AuthPolicy,
  wire_id: z.string().nullable(),
  created_at: z.number(),
}).transform((row) => ({
  /** Row number, for the tables of the store; never leaves the gateway. */
  row: row.id,
  deviceId: row.device_id,
  model: row.model,
  auth: row.auth,
  /** The name a `legacy` board gives itself; several boards may share one. */
  wireId: row.wire_id ?? undefined,
  /** Unix milliseconds. */
  createdAt: row.created_at,
}));

/** One registered device. */
export type Device = Readonly<z.infer<typeof DeviceRow>>;

const AddressRow = z.object({ last_address: z.string().nullable() });

/** What it takes to register one. */
export interface NewDevice {
  readonly deviceId: DeviceId;
  readonly model: string;
  readonly auth: AuthPolicy;
  /** For `legacy`: what the board calls itself; its `deviceId` when left out. */
  readonly wireId?: string;
  /** A key that the board has already, 32 bytes; otherwise one is made. */
  readonly key?: Bytes;
}

/** A device as it was registered. */
export interface Registered {
  readonly device: Device;
  readonly key: DeviceSecret;
}

/** The registry of devices. What writes is called inside `GroupCommit.run`. */
export interface Devices {
  /**
   * Makes the first key of a device ready. What it gives registers both. Both refuse a name that is taken with `Fault`
   * `conflict`, and a bad key as `DeviceKeys.issue` does.
   */
  add(device: NewDevice): Promise<(now: number) => Registered>;
  find(deviceId: string): Device | undefined;
  /** Whether a device that called itself so was registered, and is not any more. */
  wasRemoved(name: string): boolean;
  /** Every device, by name. */
  list(): readonly Device[];
  /** The `legacy` devices that call themselves `wireId`. */
  withWireId(wireId: string): readonly Device[];
  /** The `legacy` devices whose last verified upload came from this address. */
  withAddress(address: string): readonly Device[];
  /** Where its last verified upload came from; `undefined` before the first. */
  addressOf(device: Device): string | undefined;
  /** Remembers where a verified upload of a `legacy` device came from. */
  sawAt(device: Device, address: string): void;
  /** Takes a device off the registry and destroys its keys; its samples and replay state stay. `false` when there was none. */
  remove(deviceId: string, now: number): boolean;
  readonly keys: DeviceKeys;
  /**
   * Changes whenever this process changed the registry, and within a turn of the event loop when another may have: a cache
   * compares it.
   */
  version(): number;
}

interface DevicesIo extends DeviceKeysIo {
  readonly changes: Pick<StoreChanges, "version">;
}

/**
 * The device that an operator names: by its own name, or by the one that a board gives itself, as long as only one board does.
 * Throws `Fault`: `not_found`, `conflict` when several boards call themselves so.
 */
export function requireDevice(devices: Pick<Devices, "find" | "withWireId">, name: string): Device {
  const found = devices.find(name);
  if (found) return found;
  const [board, ...others] = devices.withWireId(name);
  if (!board) throw new Fault("not_found", `No device ${name} is registered`);
  if (others.length === 0) return board;
  const names = [board, ...others].slice(0, 10).map(({ deviceId }) => deviceId).join(", ");
  throw new Fault("conflict", `${others.length + 1} boards call themselves ${name}: name one of ${names}`);
}

/** The registry over the tables `device` and `device_key`. */
export function createDevices(db: DatabaseSync, io: DevicesIo): Devices {
  // A name that comes back takes its old row, and with it the sequence numbers that were used under it.
  const insert = db.prepare(`INSERT INTO device(device_id, model, auth, wire_id, created_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (device_id) DO UPDATE SET model = excluded.model, auth = excluded.auth, wire_id = excluded.wire_id,
      created_at = excluded.created_at, last_address = NULL, removed_at = NULL WHERE removed_at IS NOT NULL
    RETURNING *`);
  const byName = db.prepare("SELECT * FROM device WHERE device_id = ? AND removed_at IS NULL");
  const removed = db.prepare(
    "SELECT 1 FROM device WHERE removed_at IS NOT NULL AND (device_id = ?1 OR wire_id = ?1) LIMIT 1",
  );
  const all = db.prepare("SELECT * FROM device WHERE removed_at IS NULL ORDER BY device_id");
  const byWireId = db.prepare("SELECT * FROM device WHERE wire_id = ? AND removed_at IS NULL ORDER BY id");
  const byAddress = db.prepare("SELECT * FROM device WHERE last_address = ? AND removed_at IS NULL ORDER BY id");
  const address = db.prepare("SELECT last_address FROM device WHERE id = ?");
  const setAddress = db.prepare("UPDATE device SET last_address = ?2 WHERE id = ?1 AND last_address IS NOT ?2");
  const markRemoved = db.prepare("UPDATE device SET removed_at = ?2 WHERE id = ?1");
  let changed = 0; // by this process
  const keys = createDeviceKeys(db, io, () => void changed++);
  const find = (deviceId: string) => parsed(byName.get(deviceId));

  return {
    async add({ deviceId, model, auth, wireId, key }) {
      if (find(deviceId)) throw taken(deviceId);
      const issue = await keys.issue(deviceId, key);
      return (now) => {
        const device = parsed(insert.get(deviceId, model, auth, auth === "legacy" ? wireId ?? deviceId : null, now));
        if (!device) throw taken(deviceId);
        return { device, key: issue(device, now) };
      };
    },
    find,
    wasRemoved: (name) => removed.get(name) !== undefined,
    list: () => all.all().map((row) => DeviceRow.parse(row)),
    withWireId: (wireId) => byWireId.all(wireId).map((row) => DeviceRow.parse(row)),
    withAddress: (address) => byAddress.all(address).map((row) => DeviceRow.parse(row)),
    addressOf: (device) => AddressRow.parse(address.get(device.row)).last_address ?? undefined,
    sawAt: (device, from) => void setAddress.run(device.row, from),
    remove(deviceId, now) {
      const device = find(deviceId);
      if (!device) return false;
      keys.revokeAll(device, now);
      markRemoved.run(device.row, now);
      return true;
    },
    keys,
    version: () => changed + io.changes.version(),
  };
}

function taken(deviceId: DeviceId): Fault {
  return new Fault("conflict", `Cannot add device ${deviceId}: it is registered already`);
}

function parsed(row: unknown): Device | undefined {
  return row === undefined ? undefined : DeviceRow.parse(row);
}

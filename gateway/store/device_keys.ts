import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { type Bytes, concat, toHex, utf8 } from "../../crypto/bytes.ts";
import { sha256 } from "../../crypto/sha256.ts";
import type { DeviceId } from "../../protocol/device_id.ts";
import { Fault } from "../fault.ts";
import type { KeyVault } from "../../keys/key_vault.ts";
import type { Random } from "../../platform/random.ts";

export const SCHEMA = `
CREATE TABLE device_key (
  device INTEGER NOT NULL REFERENCES device(id),
  number INTEGER NOT NULL,
  sealed BLOB,
  fingerprint INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER,
  PRIMARY KEY (device, number),
  CHECK ((sealed IS NULL) = (revoked_at IS NOT NULL))
) STRICT, WITHOUT ROWID;
`;

/** Bytes of a device key. */
const KEY_LENGTH = 32;

/** SHA-256 of the keys that the original project published. */
const PUBLISHED = new Set([
  "fae8a5a092eff9c4217c68082a3385e647c58fd4629b2e35e3dc0b24d2cee9af",
  "a0488d21315cbe0c7e9aad86f98c66f98a54c77a08255b0160debdbba0c8cc81",
]);

/** A key as it is handed to its device, once. */
export interface DeviceSecret {
  /** From 1; a number is never given twice under one device name. */
  readonly number: number;
  readonly raw: Bytes;
}

/** A key that a device may use, with what recognises it again under another device. */
export interface ActiveKey extends DeviceSecret {
  /** 48 bits of the key's digest. */
  readonly fingerprint: number;
}

const KeyRow = z.object({
  number: z.number(),
  created_at: z.number(),
  revoked_at: z.number().nullable(),
}).transform((row) => ({ number: row.number, createdAt: row.created_at, revokedAt: row.revoked_at ?? undefined }));

/** What may be told about a key. Times in unix milliseconds. */
export type KeyRecord = Readonly<z.infer<typeof KeyRow>>;

const SealedRow = z.object({
  number: z.number(),
  sealed: z.instanceof(Uint8Array<ArrayBuffer>),
  fingerprint: z.number(),
});

/** A key was issued for the device while another was made ready for it. */
export class KeyNumberTaken extends Error {}

/** The device whose keys are meant. */
interface KeyOwner {
  readonly row: number;
  readonly deviceId: DeviceId;
}

export interface DeviceKeysIo {
  readonly vault: KeyVault;
  readonly random: Random;
  /** Whether keys that were published with the original project may be used; only the demo says yes. */
  readonly allowPublishedKeys?: boolean;
}

/** The keys of the registered devices, sealed at rest. What writes is called inside `GroupCommit.run`. */
export interface DeviceKeys {
  /**
   * Seals a key under the number that comes next: a new one, or `raw` that the device has already. What it gives adds the key;
   * that throws `KeyNumberTaken` when the number is used by then, and `Fault` `refused` when another device has the key.
   * Rejects with `Fault` `refused` when `raw` is not 32 bytes or was published.
   */
  issue(deviceId: DeviceId, raw?: Bytes): Promise<(device: KeyOwner, now: number) => DeviceSecret>;
  /** Every key that the device was ever given, without its secret. */
  list(device: KeyOwner): readonly KeyRecord[];
  /** The keys that are not revoked, newest first. Rejects when the vault cannot open one. */
  active(device: KeyOwner): Promise<readonly ActiveKey[]>;
  /** What recognises the keys that are not revoked. */
  fingerprints(device: KeyOwner): readonly number[];
  isActive(device: KeyOwner, number: number): boolean;
  /** Revokes and destroys one key; `false` when it was not active. */
  revoke(device: KeyOwner, number: number, now: number): boolean;
  revokeAll(device: KeyOwner, now: number): void;
}

export function createDeviceKeys(db: DatabaseSync, io: DeviceKeysIo, changed: () => void): DeviceKeys {
  const insert = db.prepare(
    `INSERT INTO device_key(device, number, sealed, fingerprint, created_at) VALUES (?, ?, ?, ?, ?)`,
  );
  const next = db.prepare(
    `SELECT coalesce(max(number), 0) + 1 AS number FROM device_key JOIN device ON device = device.id
    WHERE device_id = ?`,
  );
  const holder = db.prepare("SELECT 1 FROM device_key WHERE fingerprint = ? AND revoked_at IS NULL AND device <> ?");
  const list = db.prepare("SELECT number, created_at, revoked_at FROM device_key WHERE device = ? ORDER BY number");
  const active = db.prepare(`SELECT number, sealed, fingerprint FROM device_key
    WHERE device = ? AND revoked_at IS NULL ORDER BY number DESC`);
  const revoke = db.prepare(`UPDATE device_key SET sealed = NULL, revoked_at = ?3
    WHERE device = ?1 AND number = ?2 AND revoked_at IS NULL`);
  const revokeAll = db.prepare(
    `UPDATE device_key SET sealed = NULL, revoked_at = ?2 WHERE device = ?1 AND revoked_at IS NULL`,
  );
  const nextNumber = (deviceId: DeviceId) => Number(next.get(deviceId)?.["number"]);
  const rows = (device: KeyOwner) => active.all(device.row).map((row) => SealedRow.parse(row));

  return {
    async issue(deviceId, raw = io.random.bytes(KEY_LENGTH)) {
      checkKey(raw, io.allowPublishedKeys ?? false);
      const print = keyFingerprint(raw);
      const number = nextNumber(deviceId);
      const sealed = await io.vault.seal(raw, sealContext(deviceId, number));
      return (device, now) => {
        if (nextNumber(deviceId) !== number) {
          throw new KeyNumberTaken(`Cannot issue key ${deviceId}/${number}: there is one`);
        }
        if (holder.get(print, device.row)) throw new Fault("refused", "Cannot use this key: another device has it");
        insert.run(device.row, number, sealed, print, now);
        changed();
        return { number, raw };
      };
    },
    list: (device) => list.all(device.row).map((row) => KeyRow.parse(row)),
    active: (device) => Promise.all(rows(device).map((row) => opened(device, row, io.vault))),
    fingerprints: (device) => rows(device).map(({ fingerprint }) => fingerprint),
    isActive: (device, number) => rows(device).some((row) => row.number === number),
    revoke(device, number, now) {
      changed();
      return Number(revoke.run(device.row, number, now).changes) > 0;
    },
    revokeAll(device, now) {
      changed();
      revokeAll.run(device.row, now);
    },
  };
}

async function opened(
  { deviceId }: KeyOwner,
  { number, sealed, fingerprint }: z.infer<typeof SealedRow>,
  vault: KeyVault,
): Promise<ActiveKey> {
  const raw = await vault.unseal(sealed, sealContext(deviceId, number));
  if (raw) return { number, raw, fingerprint };
  throw new Error(`Cannot open key ${deviceId}/${number}: the master key is not the one it was sealed with`);
}

/** Recognises a key without giving it away: 48 bits of SHA-256 under a label of their own. */
function keyFingerprint(raw: Uint8Array): number {
  const digest = sha256(concat(utf8("ecowatt key fingerprint"), raw));
  return digest.subarray(0, 6).reduce((number, byte) => 256 * number + byte, 0);
}

function sealContext(deviceId: DeviceId, number: number): string {
  return `device key ${deviceId}/${number}`;
}

/** Boards that are built from the published sources as they are have it. */
const PUBLISHED_KEY =
  "Cannot use this key: it was published and protects nothing. Register the board without a key, so that " +
  "one is made for it, and build its firmware with the header that is printed then (docs/esp32.md)";

function checkKey(raw: Uint8Array, allowPublished: boolean): void {
  if (raw.length !== KEY_LENGTH) {
    throw new Fault("refused", `Cannot use this key: it has ${raw.length} bytes, needed are ${KEY_LENGTH}`);
  }
  if (!allowPublished && PUBLISHED.has(toHex(sha256(raw)))) {
    throw new Fault("refused", PUBLISHED_KEY);
  }
}

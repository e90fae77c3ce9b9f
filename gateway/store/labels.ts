import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Device } from "./devices.ts";

export const SCHEMA = `
CREATE TABLE device_label (
  device INTEGER NOT NULL REFERENCES device(id),
  label TEXT NOT NULL,
  registered_at INTEGER NOT NULL,
  PRIMARY KEY (device, label)
) STRICT, WITHOUT ROWID;
CREATE INDEX device_label_by_label ON device_label(label);
`;

/** A word for a group of devices. */
export const Label = z.string().regex(/^[A-Za-z0-9_.:-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 _ . : -");

const LabelRow = z.object({ label: Label });

/** The labels of devices. `replace` is called inside `GroupCommit.run`. A device that is registered again has none. */
export interface Labels {
  of(device: Pick<Device, "row" | "createdAt">): readonly string[];
  replace(device: Pick<Device, "row" | "createdAt">, labels: readonly string[]): void;
}

export function createLabels(db: DatabaseSync): Labels {
  const find = db.prepare("SELECT label FROM device_label WHERE device = ? AND registered_at = ? ORDER BY label");
  const clear = db.prepare("DELETE FROM device_label WHERE device = ?");
  const add = db.prepare(
    "INSERT INTO device_label(device, label, registered_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
  );
  return {
    of: ({ row, createdAt }) => find.all(row, createdAt).map((found) => LabelRow.parse(found).label),
    replace({ row, createdAt }, labels) {
      clear.run(row);
      for (const label of labels) add.run(row, label, createdAt);
    },
  };
}

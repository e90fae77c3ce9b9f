import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { NodeHealth } from "../../protocol/messages/node_health.ts";
import { DEVICE_STATES, StateReason, type Verdict } from "./port/device_state.ts";
import type { Device } from "./devices.ts";

export const SCHEMA = `
CREATE TABLE device_state (
  device INTEGER PRIMARY KEY REFERENCES device(id),
  registered_at INTEGER NOT NULL,
  contact_at INTEGER,
  health TEXT,
  state TEXT,
  since INTEGER,
  reason TEXT
) STRICT;
CREATE TABLE device_review (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  at INTEGER NOT NULL
) STRICT;
INSERT INTO device_review VALUES (1, 0);
`;

const ReviewRow = z.object({ at: z.number() });
const StateRow = z.object({
  registered_at: z.number(),
  contact_at: z.number().nullable(),
  health: z.string().nullable().transform((text) => text === null ? undefined : NodeHealth.parse(JSON.parse(text))),
  state: z.enum(DEVICE_STATES).nullable(),
  since: z.number().nullable(),
  reason: z.string().nullable().transform(reasonOf),
});

/** Earlier versions wrote a sentence where now the reason is, as JSON. */
function reasonOf(text: string | null): StateReason {
  return text?.startsWith("{") ? StateReason.parse(JSON.parse(text)) : { code: "recorded", text: text ?? "" };
}

/** What was written down of a device. */
export interface RecordedState {
  /** Its last authentic request, give or take a minute; unix milliseconds. */
  readonly contactAt?: number | undefined;
  /** What the node last told of itself. */
  readonly health?: NodeHealth | undefined;
  /** The state it was last found in, since then. */
  readonly verdict?: Verdict | undefined;
}

type Owner = Pick<Device, "row" | "createdAt">;

/** States of devices over restarts. Writing methods are called inside `GroupCommit.run`. */
export interface RecordedStates {
  /** A device that was taken off and registered again begins anew. */
  load(device: Owner): RecordedState;
  heard(device: Owner, contactAt: number): void;
  /** What was told before is not written again. */
  told(device: Owner, health: NodeHealth, contactAt: number): void;
  found(device: Owner, verdict: Verdict): void;
  /** When a gateway last looked at all of them, unix milliseconds: every minute while it runs. */
  reviewedAt(): number;
  reviewed(at: number): void;
}

export function createRecordedStates(db: DatabaseSync): RecordedStates {
  const find = db.prepare("SELECT * FROM device_state WHERE device = ?");
  const renew = db.prepare(`INSERT INTO device_state(device, registered_at) VALUES (?1, ?2)
    ON CONFLICT (device) DO UPDATE SET registered_at = excluded.registered_at, contact_at = NULL, health = NULL,
      state = NULL, since = NULL, reason = NULL WHERE registered_at <> excluded.registered_at`);
  const heard = db.prepare("UPDATE device_state SET contact_at = ?2 WHERE device = ?1");
  const told = db.prepare(
    "UPDATE device_state SET contact_at = ?2, health = ?3 WHERE device = ?1 AND health IS NOT ?3",
  );
  const found = db.prepare("UPDATE device_state SET state = ?2, since = ?3, reason = ?4 WHERE device = ?1");
  const reviewed = db.prepare("UPDATE device_review SET at = ?");
  const review = db.prepare("SELECT at FROM device_review");
  const write = (device: Owner, update: () => void) => {
    renew.run(device.row, device.createdAt);
    update();
  };
  return {
    load({ row, createdAt }) {
      const stored = find.get(row);
      if (stored === undefined) return {};
      const { registered_at, contact_at, health, state, since, reason } = StateRow.parse(stored);
      if (registered_at !== createdAt) return {};
      const verdict = state === null || since === null ? undefined : { state, since, reason };
      return { contactAt: contact_at ?? undefined, health, verdict };
    },
    heard: (device, at) => write(device, () => void heard.run(device.row, at)),
    told: (device, health, at) => write(device, () => void told.run(device.row, at, JSON.stringify(health))),
    found: (device, { state, since, reason }) =>
      write(device, () => void found.run(device.row, state, since, JSON.stringify(reason))),
    reviewedAt: () => ReviewRow.parse(review.get()).at,
    reviewed: (at) => void reviewed.run(at),
  };
}

import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { toHex } from "../../crypto/bytes.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { BoundedMap } from "../../platform/bounded_map.ts";
import { knownProfile, type ProfileOf } from "../../profiles/known_profile.ts";
import { compileDocument, type DeviceKind } from "../../protocol/profile/format/compile.ts";
import { profileDocument } from "../../protocol/profile/format/document.ts";
import { meaningDigest } from "../../protocol/profile/format/fingerprint.ts";
import type { Profile } from "../../protocol/profile/register.ts";
import { Fault } from "../fault.ts";

export const SCHEMA = `
CREATE TABLE learned_profile (
  id TEXT PRIMARY KEY,
  digest TEXT NOT NULL, -- SHA-256 of the document
  document TEXT NOT NULL, -- as it came, JSON
  device TEXT NOT NULL, -- that brought it
  received_at INTEGER NOT NULL
) STRICT;
`;

/** Maps that one device may have brought: as many as it may have samples under (series.ts). */
const MAX_OF_DEVICE = 32;
/** Nothing that came within this time is forgotten: its samples are on their way, or it is told again. */
const KEPT_MS = 7 * 86_400_000;
/** Documents kept ready, by their digest. */
const READY = 256;

/** A document that was checked, and who brought it. */
interface BroughtDocument {
  readonly device: string;
  readonly kind: DeviceKind;
  /** As it came, JSON. */
  readonly text: string;
}

/** Profiles that nodes brought along. Writing methods are called inside `GroupCommit.run`. */
export interface LearnedProfiles {
  /** What an id stands for, by the program's profiles or by those that were brought. */
  readonly profileOf: ProfileOf;
  /**
   * Keeps the maps of a document that are not known yet; gives the ids of all. Throws `Fault`: `conflict` for a map that only
   * looks like another one, `refused` when the device has brought too many.
   */
  learn(brought: BroughtDocument, now: number): readonly string[];
  /**
   * Forgets, but for what came lately, what no stored sample needs, whole or summed up; gives how many. `keptMs`: how long sums
   * are kept after their time, `undefined` for ever.
   */
  forget(now: number, keptMs: number | undefined): number;
}

const Head = z.object({ digest: z.string(), device: z.string() });

/** No sample since `:since` is stored under it; the newest sums of a series are in its row. */
const UNNEEDED = `NOT EXISTS (SELECT 1 FROM sample_series WHERE profile = learned_profile.id AND (
  (open IS NOT NULL AND coalesce(newest_at, 0) >= :since)
  OR EXISTS (SELECT 1 FROM sample_block WHERE series = sample_series.id)
  OR EXISTS (SELECT 1 FROM rollup WHERE series = sample_series.id)))`;

/** By digest: what a document says depends on nothing else, so that all databases of a process share them. */
const ready = new BoundedMap<string, ReadonlyMap<string, Profile>>(READY);

export function createLearnedProfiles(db: DatabaseSync): LearnedProfiles {
  const head = db.prepare("SELECT digest, device FROM learned_profile WHERE id = ?");
  const text = db.prepare("SELECT document FROM learned_profile WHERE id = ?");
  const put = db.prepare(`INSERT INTO learned_profile(id, digest, document, device, received_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, document = excluded.document`);
  const count = db.prepare("SELECT count(*) AS maps FROM learned_profile WHERE device = ?");
  const makeRoom = db.prepare(`DELETE FROM learned_profile WHERE device = :device AND ${UNNEEDED}`);
  const forget = db.prepare(`DELETE FROM learned_profile WHERE received_at < :before AND ${UNNEEDED}`);

  const headOf = (id: string) => {
    const row = head.get(id);
    return row === undefined ? undefined : Head.parse(row);
  };
  const profileOf: ProfileOf = (id) => {
    const known = knownProfile(id);
    if (known !== undefined) return known;
    const stored = headOf(id);
    if (stored === undefined) return undefined;
    const maps = ready.get(stored.digest) ?? mapsIn(String(text.get(id)?.["document"]));
    ready.set(stored.digest, maps);
    return maps.get(id);
  };
  /** Whether a map is to be written: nobody has it, or the same device words it otherwise. */
  const isNew = ({ id, ...profile }: Profile, device: string, digest: string) => {
    const known = profileOf(id);
    if (known !== undefined && meaningDigest(known) !== meaningDigest(profile)) {
      throw new Fault("conflict", `${id} is the id of a profile whose numbers mean something else`);
    }
    const stored = headOf(id);
    return knownProfile(id) === undefined &&
      (stored === undefined || (stored.device === device && stored.digest !== digest));
  };
  return {
    profileOf,
    learn({ device, kind, text }, now) {
      const digest = toHex(sha256(text));
      const profiles = kind.maps.map(({ profile }) => profile);
      const fresh = profiles.filter((profile) => isNew(profile, device, digest));
      const maps = () => Number(count.get(device)?.["maps"]);
      if (maps() + fresh.length > MAX_OF_DEVICE) makeRoom.run({ device, since: 0 });
      for (const { id } of fresh) put.run(id, digest, text, device, now);
      if (fresh.length > 0 && maps() > MAX_OF_DEVICE) {
        throw new Fault("refused", `Device ${device} has brought ${MAX_OF_DEVICE} profiles: as many as one may`);
      }
      return profiles.map(({ id }) => id);
    },
    forget(now, keptMs) {
      const since = keptMs === undefined ? 0 : now - keptMs;
      return Number(forget.run({ before: now - KEPT_MS, since }).changes);
    },
  };
}

/** What a stored document says; nothing when a program that knew more took it. */
function mapsIn(text: string): ReadonlyMap<string, Profile> {
  const written = profileDocument().safeParse(JSON.parse(text));
  if (!written.success) return new Map();
  return new Map(compileDocument(written.data).maps.map(({ profile }) => [profile.id, profile]));
}

import type { DatabaseSync } from "node:sqlite";
import type { ProfileDocuments, WrittenProfile } from "../uplink/profile_carrier.ts";

/** Table of the documents of the profiles that samples were stored under, in the node's database. */
export const SCHEMA = `
  CREATE TABLE profile_document (
    profile TEXT PRIMARY KEY,
    document TEXT NOT NULL -- as it is written, JSON
  ) STRICT, WITHOUT ROWID;
`;

/**
 * The documents of the profiles that are polled now, and of those that samples wait under: their files may be gone. With
 * `readOnly` nothing is written.
 */
export function keepProfileDocuments(
  db: DatabaseSync,
  present: readonly WrittenProfile[],
  readOnly: boolean,
): ProfileDocuments {
  const now = new Map(present.map(({ profile, document }) => [profile, document]));
  const find = db.prepare("SELECT document FROM profile_document WHERE profile = ?");
  if (!readOnly) replace(db, now);
  return {
    of(profile) {
      const document = now.get(profile) ?? find.get(profile)?.["document"];
      return typeof document === "string" ? document : undefined;
    },
  };
}

/** Writes only what differs: a node that starts a hundred times a day spares its flash. */
function replace(db: DatabaseSync, now: ReadonlyMap<string, string>): void {
  const put = db.prepare(`INSERT INTO profile_document VALUES (?1, ?2)
    ON CONFLICT (profile) DO UPDATE SET document = ?2 WHERE document <> ?2`);
  const remove = db.prepare("DELETE FROM profile_document WHERE profile = ?");
  const unneeded = db.prepare(`SELECT profile FROM profile_document WHERE profile NOT IN (
    SELECT series.profile FROM series WHERE EXISTS (SELECT 1 FROM block WHERE block.series = series.id))`);
  for (const [profile, document] of now) put.run(profile, document);
  for (const { profile } of unneeded.all()) if (!now.has(String(profile))) remove.run(String(profile));
}

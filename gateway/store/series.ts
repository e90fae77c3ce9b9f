import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Random } from "../../platform/random.ts";
import { Fault } from "../fault.ts";
import { createLearnedProfiles } from "./learned_profiles.ts";
import { lookup } from "../../protocol/profile/lookup.ts";
import type { Profile, Register } from "../../protocol/profile/register.ts";

export const SCHEMA = `
CREATE TABLE sample_series (
  id INTEGER PRIMARY KEY,
  device TEXT NOT NULL,
  inverter TEXT NOT NULL,
  profile TEXT NOT NULL,
  registers TEXT NOT NULL,
  blocks INTEGER NOT NULL DEFAULT 0,
  longest_ms INTEGER NOT NULL DEFAULT 0,
  open BLOB,
  UNIQUE (device, inverter, profile, registers)
) STRICT;
`;

/** The newest block of each series. One that was filled by a clock ahead counts as of when it came. */
export const SCHEMA_OF_NEWEST = `
ALTER TABLE sample_series ADD COLUMN newest_at INTEGER;
ALTER TABLE sample_series ADD COLUMN newest_start INTEGER;
ALTER TABLE sample_series ADD COLUMN newest_number INTEGER;
UPDATE sample_series SET (newest_at, newest_start, newest_number) = (
  SELECT min(end_ms, received_at), start_ms, number FROM sample_block WHERE series = sample_series.id
  ORDER BY start_ms DESC, number DESC LIMIT 1);
`;

/** What one device may have, ever: names of inverters, their profiles and lists of registers are its own to choose. */
const MAX_INVERTERS = 256;
const MAX_PROFILES = 32;
const MAX_SERIES = 2_048;

const Counts = z.object({ inverters: z.number(), profiles: z.number(), series: z.number() });

/** Samples that have the same columns. */
export interface SeriesKey {
  readonly device: string;
  readonly inverter: string;
  readonly profile: string;
  readonly registers: readonly string[];
}

const SeriesRow = z.object({
  id: z.number(),
  inverter: z.string(),
  profile: z.string(),
  registers: z.string().transform((text) => z.array(z.string()).parse(JSON.parse(text))),
  blocks: z.number(),
  longest_ms: z.number(),
  open: z.instanceof(Uint8Array).nullable(),
  newest_start: z.number().nullable(),
  newest_number: z.number().nullable(),
}).transform((row) => ({
  id: row.id,
  inverter: row.inverter,
  profile: row.profile,
  registers: row.registers,
  /** Blocks ever appended: the number of the next one. */
  blocks: row.blocks,
  /** Milliseconds from start to end of the longest block: how far before a range to look for blocks that reach into it. */
  longestMs: row.longest_ms,
  /** The open rollup buckets (rollups.ts). */
  open: row.open ?? undefined,
  /** Where its newest block is; `undefined` before the first. */
  newest: row.newest_start === null || row.newest_number === null
    ? undefined
    : { startMs: row.newest_start, number: row.newest_number },
}));

/** One series as it is stored. */
export interface StoredSeries extends Readonly<z.infer<typeof SeriesRow>> {
  /** What its registers mean; `undefined`: nobody here knows its profile. */
  readonly map: Profile | undefined;
}

/** A series without a block. */
const EMPTY = { blocks: 0, longestMs: 0, open: undefined, newest: undefined };

/** What an append changes in the row of its series. */
interface SeriesChange {
  readonly id: number;
  /** The number of blocks this change builds on. */
  readonly blocks: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly receivedAt: number;
  readonly open: Uint8Array;
}

/** The series of all devices. Writing methods are called inside `GroupCommit.run`. */
export interface SeriesStore {
  /** The series, if there is one. */
  find(key: SeriesKey): StoredSeries | undefined;
  /** The series, in the order of their keys, made when they are new. Throws `Fault` `refused` when a device has too many then. */
  ensure(keys: readonly SeriesKey[]): readonly StoredSeries[];
  /** Counts one block in; `false`, with nothing changed, when the series has not `blocks` blocks (any more). */
  grow(change: SeriesChange): boolean;
  /** Replaces the open buckets, as what was summed up in them has changed; otherwise as `grow`. */
  reopen(change: Pick<SeriesChange, "id" | "blocks" | "open">): boolean;
  /** By inverter, profile and registers. */
  ofDevice(device: string): readonly StoredSeries[];
}

function statements(db: DatabaseSync) {
  const insert = db.prepare(`INSERT INTO sample_series(id, device, inverter, profile, registers) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (device, inverter, profile, registers) DO NOTHING`);
  const find = db.prepare(
    "SELECT * FROM sample_series WHERE device = ? AND inverter = ? AND profile = ? AND registers = ?",
  );
  // What came later than it is now came while our own clock was ahead. What claims to be later than it came says nothing of when it was: among such blocks the last to come is the newest.
  const grow = db.prepare(`UPDATE sample_series SET blocks = blocks + 1, open = ?3,
      longest_ms = max(longest_ms, ?5 - ?4),
      newest_start = iif(?7 >= coalesce(newest_at, 0) OR ?6 < newest_at, ?4, newest_start),
      newest_number = iif(?7 >= coalesce(newest_at, 0) OR ?6 < newest_at, blocks, newest_number),
      newest_at = iif(?6 < newest_at, ?7, max(coalesce(newest_at, 0), ?7))
    WHERE id = ?1 AND blocks = ?2`);
  // The number that is left out tells those who keep the series that it has changed.
  const reopen = db.prepare(`UPDATE sample_series SET blocks = blocks + 1, open = :open
    WHERE id = :id AND blocks = :blocks`);
  const ofDevice = db.prepare("SELECT * FROM sample_series WHERE device = ? ORDER BY inverter, profile, registers");
  const counts = db.prepare(`SELECT count(DISTINCT inverter) AS inverters, count(DISTINCT profile) AS profiles,
    count(*) AS series FROM sample_series WHERE device = ?`);
  return { insert, find, grow, reopen, ofDevice, counts };
}

export function createSeriesStore(db: DatabaseSync, random: Random): SeriesStore {
  const { insert, find, grow, reopen, ofDevice, counts } = statements(db);
  const { profileOf } = createLearnedProfiles(db);
  const parsed = (row: unknown): StoredSeries => {
    const series = SeriesRow.parse(row);
    return { ...series, map: profileOf(series.profile) };
  };
  return {
    find({ device, inverter, profile, registers }) {
      const row = find.get(device, inverter, profile, JSON.stringify(registers));
      return row === undefined ? undefined : parsed(row);
    },
    ensure(keys) {
      const grown = new Set<string>();
      const series = keys.map(({ device, inverter, profile, registers }) => {
        const [id, names] = [newId(random), JSON.stringify(registers)];
        const { changes } = insert.run(id, device, inverter, profile, names);
        if (Number(changes) === 0) return parsed(find.get(device, inverter, profile, names));
        grown.add(device);
        return { ...EMPTY, id, inverter, profile, map: profileOf(profile), registers: [...registers] };
      });
      // Once for all of them: to count takes as long as the device has series.
      for (const device of grown) checkCounts(Counts.parse(counts.get(device)), device);
      return series;
    },
    grow({ id, blocks, open, startMs, endMs, receivedAt }) {
      const at = Math.min(endMs, receivedAt);
      return Number(grow.run(id, blocks, open, startMs, endMs, receivedAt, at).changes) === 1;
    },
    reopen: (change) => Number(reopen.run({ ...change }).changes) === 1,
    ofDevice: (device) => ofDevice.all(device).map(parsed),
  };
}

function checkCounts({ inverters, profiles, series }: z.infer<typeof Counts>, device: string): void {
  if (inverters > MAX_INVERTERS) throw tooMany(device, `names of ${MAX_INVERTERS} inverters`);
  if (profiles > MAX_PROFILES) throw tooMany(device, `${MAX_PROFILES} profiles`);
  if (series > MAX_SERIES) throw tooMany(device, `${MAX_SERIES} series: inverters, each with one list of registers`);
}

function tooMany(device: string, has: string): Fault {
  return new Fault("refused", `Device ${device} has samples under ${has}: as many as one may have`);
}

/** 48 random bits: an id that was rolled back must not come back for another series while somebody remembers it. */
function newId(random: Random): number {
  return random.bytes(6).reduce((number, byte) => number * 256 + byte, 0);
}

/** The registers of a series, column by column; `undefined` for a name that its profile does not have. */
export function registersOf({ map, registers }: StoredSeries): readonly (Register | undefined)[] {
  return registers.map((name) => map && lookup(map, name));
}

import type { InverterHealth, NodeHealth } from "../../protocol/messages/node_health.ts";
import { FADED_W, type Fading, hadFaded, LONGEST_SLEEP_MS } from "../../protocol/night/night.ts";
import type { StateReason, Verdict } from "../store/port/device_state.ts";
import { AHEAD_MS } from "../store/port/sample_batch.ts";
import { unitOf } from "./reason_text.ts";

/** A node is heard of every 5 seconds; after a failure it waits for minutes. */
const NODE_SILENCE_MS = 6 * 60_000;
/** Boards are heard of when they upload: every quarter of an hour, unless their settings say otherwise. */
export const BOARD_UPLOAD_MS = 15 * 60_000;
/** Uploads that may be missing, and what the next one may take. */
const MISSED_UPLOADS = 3;
const UPLOAD_GRACE_MS = 60_000;

/** What is known of a device. Times in unix milliseconds; `undefined`: never. */
export interface DeviceFacts {
  readonly registeredAt: number;
  /** Its last authentic request. */
  readonly contactAt: number | undefined;
  /** When its last samples came. */
  readonly uploadedAt: number | undefined;
  /** When an upload last came of which nothing could be read, if no samples came since. */
  readonly unreadAt: number | undefined;
  /** What it tells of itself; boards tell nothing. */
  readonly health: NodeHealth | undefined;
  /** Milliseconds between two uploads, for a device that does not tell. */
  readonly uploadMs: number;
  /** Whether an inverter may be asleep now; `undefined`: nobody said where it stands. */
  readonly sleepingTime: boolean | undefined;
  /** How its power went; asked only where that matters. */
  readonly fading: () => Fading;
  /** How far its clock was ahead of ours at its last request, milliseconds; `undefined`: it did not tell. */
  readonly clockAheadMs?: number | undefined;
  /** Since when this gateway listens: before that nobody could be heard. `undefined`: it does not. */
  readonly listeningSince: number | undefined;
}

/** How a device is doing; `undefined`: it cannot be told yet, as it was before. */
export function decide(facts: DeviceFacts, now: number): Verdict | undefined {
  const heardAt = latest(facts.contactAt, facts.uploadedAt);
  if (heardAt === undefined) {
    return { state: "stale", since: facts.registeredAt, reason: { code: "never_heard" } };
  }
  const { health } = facts;
  return health && health.inverters.length > 0
    ? ofNode(facts, { health, heardAt }, now)
    : ofUploads(facts, heardAt, now);
}

/** A node says itself how its inverters are, for as long as it is heard of. */
function ofNode(
  facts: DeviceFacts,
  { health, heardAt }: { readonly health: NodeHealth; readonly heardAt: number },
  now: number,
): Verdict | undefined {
  if (now - heardAt > NODE_SILENCE_MS) return silent(facts, heardAt, NODE_SILENCE_MS, now);
  const { inverters } = health;
  if (inverters.every(({ state }) => state === "stale")) {
    return { state: "stale", since: firstOf(inverters, now), reason: reasonOf(inverters) };
  }
  // Where another one is awake it is no night: who never answered does not sleep.
  const isDay = inverters.some(({ state }) => state === "ok");
  const faulty = inverters.filter(({ state }) => state === "fault" || (isDay && state === "stale"));
  if (faulty.length > 0) return { state: "fault", since: firstOf(faulty, now), reason: reasonOf(faulty, inverters) };
  const awake = inverters.filter(({ state }) => state === "ok");
  if (awake.length === 0) {
    const asleep = inverters.filter(({ state }) => state === "asleep");
    return { state: "asleep", since: lastOf(asleep, now), reason: reasonOf(asleep, inverters) };
  }
  const allowed = allowedFor(1000 * health.upload_interval_s);
  const arrive = facts.uploadedAt !== undefined && now - facts.uploadedAt <= allowed;
  const due = (latest(facts.uploadedAt, firstOf(awake, now), facts.listeningSince) ?? now) + allowed;
  if (now > due) {
    return { state: "stale", since: due, reason: { code: "samples_missing_of_node", ...ago(facts, now) } };
  }
  return {
    state: "ok",
    since: lastOf(inverters, now),
    reason: { code: arrive ? "samples_arrive" : "samples_awaited", ...clockOf(facts) },
  };
}

/** Who tells nothing is judged by the samples that came, or did not. */
function ofUploads(facts: DeviceFacts, heardAt: number, now: number): Verdict | undefined {
  const { registeredAt, uploadedAt, unreadAt, sleepingTime } = facts;
  const allowed = allowedFor(facts.uploadMs);
  const due = (uploadedAt ?? registeredAt) + allowed;
  // Who never sent anything that can be read is not waited for; an upload of others may be lost.
  if (unreadAt !== undefined && now - unreadAt <= allowed && (uploadedAt === undefined || now > due)) {
    const since = uploadedAt === undefined ? registeredAt : due;
    return { state: "stale", since, reason: { code: "samples_unreadable", ...ago(facts, now) } };
  }
  if (now <= due) return uploading(facts, uploadedAt ?? heardAt);
  if (sleepingTime === true) return { state: "asleep", since: due, reason: { code: "silent_at_night" } };
  if (sleepingTime === undefined && now - due < LONGEST_SLEEP_MS && hadFaded(facts.fading())) {
    return { state: "asleep", since: due, reason: { code: "silent_after_fading" } };
  }
  if (uploadedAt === undefined || heardAt > due) {
    return { state: "stale", since: due, reason: { code: "samples_missing", ...ago(facts, now) } };
  }
  return silent(facts, heardAt, allowed, now);
}

function uploading(facts: DeviceFacts, since: number): Verdict {
  const { sleepingTime, fading } = facts;
  const { fadedSince } = sleepingTime === true ? fading() : { fadedSince: undefined };
  if (fadedSince === undefined) return { state: "ok", since, reason: whatArrives(facts) };
  return { state: "asleep", since: fadedSince, reason: { code: "night_power", watts: FADED_W } };
}

function whatArrives(facts: DeviceFacts): StateReason {
  const { uploadedAt, unreadAt } = facts;
  if (uploadedAt === undefined) return { code: "first_samples_awaited" };
  return unreadAt === undefined ? { code: "samples_arrive", ...clockOf(facts) } : { code: "last_upload_unreadable" };
}

/** A wrong clock, told in a whole number of its unit: what changes with every request is no news. */
function clockOf({ clockAheadMs: ahead = 0 }: DeviceFacts): { readonly clockAheadMs?: number } {
  if (Math.abs(ahead) <= AHEAD_MS) return {};
  const unit = unitOf(ahead).ms;
  return { clockAheadMs: unit * Math.round(ahead / unit) };
}

/** Silence counts only while somebody listened. */
function silent({ listeningSince }: DeviceFacts, heardAt: number, allowed: number, now: number): Verdict | undefined {
  if (listeningSince !== undefined && heardAt < listeningSince && now - listeningSince <= allowed) return undefined;
  return { state: "stale", since: heardAt + allowed, reason: { code: "silent", heardAt } };
}

function allowedFor(uploadMs: number): number {
  return MISSED_UPLOADS * uploadMs + UPLOAD_GRACE_MS;
}

function reasonOf(these: readonly InverterHealth[], all: readonly InverterHealth[] = these): StateReason {
  const [first] = these;
  if (first === undefined) return { code: "samples_awaited" };
  const { inverter, reason: text } = first;
  return { code: "told_by_node", ...(all.length === 1 ? {} : { inverter }), text, others: these.length - 1 };
}

/** A node's clock may be ahead. */
function firstOf(inverters: readonly InverterHealth[], now: number): number {
  return Math.min(now, ...inverters.map(({ since_ms }) => since_ms));
}

function lastOf(inverters: readonly InverterHealth[], now: number): number {
  return Math.min(now, Math.max(0, ...inverters.map(({ since_ms }) => since_ms)));
}

function ago({ uploadedAt }: DeviceFacts, now: number): { readonly minutes?: number } {
  return uploadedAt === undefined ? {} : { minutes: Math.round((now - uploadedAt) / 60_000) };
}

function latest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

import type { Inverters } from "../../store/inverters.ts";
import type { Clock } from "../../../platform/clock.ts";
import type { Announcement, Announcements } from "../../store/announcements.ts";
import type { Device, Devices } from "../../store/devices.ts";
import type { FirmwareSessions } from "../../store/firmware_sessions.ts";
import type { GroupCommit } from "../../store/group_commit.ts";
import type { Twins } from "../../store/twins.ts";
import { tell } from "../device_news.ts";
import type { Publisher } from "../publisher.ts";
import {
  conditionTopic,
  deviceStatusTopic,
  firmwareTopic,
  GATEWAY_STATUS,
  inverterEnergyTopic,
  inverterStateTopic,
  powerLimitTopic,
} from "../topics.ts";
import { deviceAnnouncement } from "./device_announcement.ts";
import { configPayload, configTopic, type DeviceAnnouncement, type RemovedEntity } from "./discovery.ts";
import { inverterAnnouncement } from "./inverter_announcement.ts";

/** What is announced, and what may be done from Home Assistant. */
export interface AnnouncerOptions {
  readonly enabled: boolean;
  readonly prefix: string;
  readonly powerLimit: boolean;
  readonly install: boolean;
  readonly link: string | undefined;
  /** Seconds without news after which a device counts as offline. */
  readonly offlineAfterS: number;
  /** Of the gateway. */
  readonly version: string;
}

export interface AnnouncerIo {
  readonly inverters: Pick<Inverters, "present">;
  readonly publisher: Pick<Publisher, "put" | "retained">;
  readonly devices: Pick<Devices, "list" | "find">;
  readonly twins: Pick<Twins, "load">;
  readonly firmwareSessions: Pick<FirmwareSessions, "find">;
  readonly announcements: Announcements;
  readonly commit: Pick<GroupCommit, "run">;
  readonly clock: Clock;
}

/** What was taken back is taken back again after a restart, for so long: the broker may have been away. */
const REMEMBERED_MS = 30 * 86_400_000;
/** Devices that are read before others get their turn. */
const BATCH = 20;
/** A measurement stays for three uploads that did not come. */
const MISSED = 3;

interface Wanted {
  readonly device: string;
  readonly inverter: string | null;
  readonly announcement: DeviceAnnouncement;
}

/** Brings what Home Assistant was told up to date; rejects when it cannot be written down. */
export type Announcer = () => Promise<void>;

export function createAnnouncer(options: AnnouncerOptions, io: AnnouncerIo): Announcer {
  const takenBack = new Set<string>();
  return () => announce(options, takenBack, io);
}

/**
 * Announces what is new and takes back what is gone: devices, inverters, single entities, also those that went while the
 * gateway or the broker was away. It is written down before it is published.
 */
async function announce(options: AnnouncerOptions, takenBack: Set<string>, io: AnnouncerIo): Promise<void> {
  const { announcements, commit, clock } = io;
  const wanted = options.enabled ? await allWanted(options, io) : [];
  const known = new Map(announcements.list().map((one) => [one.topic, one]));
  const changes: Announcement[] = [];
  const publish: (() => void)[] = [];
  for (const one of wanted) {
    const topic = configTopic(options.prefix, one.announcement.id);
    const before = known.get(topic);
    known.delete(topic);
    takenBack.delete(topic);
    const after = announced(topic, one, before);
    if (JSON.stringify(after) !== JSON.stringify(before)) changes.push(after);
    const origin = { version: options.version, availability: GATEWAY_STATUS };
    const payload = configPayload(one.announcement, origin, removedOf(after, one.announcement));
    publish.push(() => tell(io, { topic, payload, retain: true }));
  }
  const now = clock.now();
  for (const gone of known.values()) {
    if (gone.removedAt === null) changes.push({ ...gone, removedAt: now });
    if (takenBack.has(gone.topic)) continue; // once in each run: what the broker has not got yet waits for it
    takenBack.add(gone.topic);
    publish.push(() => takeBack(gone, io));
  }
  if (changes.length > 0) {
    await commit.run(() => {
      for (const change of changes) announcements.save(change);
      announcements.forget(now - REMEMBERED_MS);
    });
  }
  for (const one of publish) one();
}

async function allWanted(options: AnnouncerOptions, io: AnnouncerIo): Promise<readonly Wanted[]> {
  const wanted: Wanted[] = [];
  for (const [index, device] of io.devices.list().entries()) {
    if (index % BATCH === BATCH - 1) await io.clock.sleep(1);
    wanted.push(...wantedOf(device, options, io));
  }
  return wanted;
}

function wantedOf(device: Device, options: AnnouncerOptions, io: AnnouncerIo): readonly Wanted[] {
  const { deviceId } = device;
  const version = io.firmwareSessions.find(device)?.current_version;
  const expireAfter = expiry(device, options, io);
  const inverters = io.inverters.present(deviceId).map((present): Wanted => ({
    device: deviceId,
    inverter: present.inverter,
    announcement: inverterAnnouncement({ ...present, device: deviceId, expireAfter }, options),
  }));
  return [
    { device: deviceId, inverter: null, announcement: deviceAnnouncement(device, { ...options, version }) },
    ...inverters,
  ];
}

function expiry(device: Device, { offlineAfterS }: AnnouncerOptions, { twins }: AnnouncerIo): number {
  const { desired: { poll_interval_s: poll = 0, upload_interval_s: upload = 0 } } = twins.load(device);
  return Math.ceil(Math.max(offlineAfterS, MISSED * poll, MISSED * upload));
}

function announced(topic: string, { device, inverter, announcement }: Wanted, before: Announcement | undefined) {
  const now = Object.fromEntries(Object.entries(announcement.cmps).map(([key, { p }]) => [key, p]));
  const earlier = before?.removedAt === null ? before.entities : {};
  return { topic, device, inverter, entities: { ...earlier, ...now }, removedAt: null };
}

function removedOf({ entities }: Announcement, { cmps }: DeviceAnnouncement): Record<string, RemovedEntity> {
  const removed = Object.entries(entities).filter(([key]) => !(key in cmps));
  return Object.fromEntries(removed.map(([key, p]) => [key, { p }]));
}

/** An empty retained message ends an announcement; what was published of a device or inverter that is gone ends with it. */
function takeBack({ topic, device, inverter }: Announcement, { publisher, devices, inverters }: AnnouncerIo): void {
  const empty = (topic: string) => publisher.put({ topic, payload: "", retain: true });
  empty(topic);
  const isThere = inverter === null || inverters.present(device).some((one) => one.inverter === inverter);
  if (devices.find(device) && isThere) return;
  const topics = inverter === null
    ? [deviceStatusTopic(device) ?? [], conditionTopic(device), firmwareTopic(device)].flat()
    : [inverterStateTopic, inverterEnergyTopic, powerLimitTopic].map((topicOf) => topicOf(device, inverter));
  for (const one of topics) empty(one);
}

import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import type { Inverters } from "../store/inverters.ts";
import type { Devices } from "../store/devices.ts";
import type { Activity } from "../store/latest_values.ts";
import { createPresence, type Presence } from "./presence.ts";
import type { Publisher } from "./publisher.ts";
import {
  conditionTopic,
  deviceStatusTopic,
  firmwareTopic,
  inverterEnergyTopic,
  inverterStateTopic,
  powerLimitTopic,
} from "./topics.ts";

interface PresenceIo {
  readonly publisher: Pick<Publisher, "put">;
  readonly devices: Pick<Devices, "list">;
  readonly activity: (deviceId: string) => Activity;
  readonly inverters: Pick<Inverters, "names">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Time between two looks at who is silent. */
const REVIEW_MS = 15_000;
/** Devices that are looked up at the start before others get their turn. */
const BATCH = 50;

/** Publishes the status of every device, until `signal` aborts. */
interface PresenceTask {
  heard(device: string): void;
  /** Never rejects. */
  readonly done: Promise<void>;
}

export function keepPresence(offlineAfterMs: number, io: PresenceIo, signal: AbortSignal): PresenceTask {
  const { publisher, clock } = io;
  const presence = createPresence(offlineAfterMs, (device, status) => {
    const topic = deviceStatusTopic(device);
    if (topic !== undefined) publisher.put({ topic, payload: status ?? "", retain: true });
    if (status === undefined) forgetStates(device, io);
  });
  return { heard: (device) => presence.heard(device, clock.now()), done: review(presence, offlineAfterMs, io, signal) };
}

async function review(presence: Presence, offlineAfterMs: number, io: PresenceIo, signal: AbortSignal): Promise<void> {
  const { devices, clock, log } = io;
  try {
    await recall(presence, offlineAfterMs, io, signal);
  } catch (error) {
    log.warn("activity of devices not read: {error}", { error });
  }
  const trouble = new RateLimitedLog(log, clock);
  while (!signal.aborted) {
    try {
      presence.review(devices.list().map(({ deviceId }) => deviceId), clock.now());
      trouble.ended("silent devices are looked for again");
    } catch (error) {
      trouble.happened("silent devices not looked for: {error}", { error });
    }
    await clock.sleep(REVIEW_MS, signal);
  }
}

/** What the store knows of the time before the start. */
async function recall(presence: Presence, offlineAfterMs: number, io: PresenceIo, signal: AbortSignal): Promise<void> {
  const { devices, activity, clock } = io;
  for (const [index, { deviceId }] of devices.list().entries()) {
    if (signal.aborted) return;
    if (index % BATCH === BATCH - 1) await clock.sleep(1, signal);
    const { lastReceivedAt } = activity(deviceId);
    if (lastReceivedAt !== undefined && lastReceivedAt > clock.now() - offlineAfterMs) {
      presence.heard(deviceId, lastReceivedAt);
    }
  }
}

/** The broker forgets what it kept of a device that is no longer registered. */
function forgetStates(device: string, { publisher, inverters }: PresenceIo): void {
  const topics = inverters.names(device).flatMap((inverter) =>
    [inverterStateTopic, inverterEnergyTopic, powerLimitTopic].map((topicOf) => topicOf(device, inverter))
  );
  for (const topic of [conditionTopic(device), firmwareTopic(device), ...topics]) {
    publisher.put({ topic, payload: "", retain: true });
  }
}

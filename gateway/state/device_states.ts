import { setImmediate } from "node:timers";
import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import type { NodeHealth, OutboxHealth } from "../../protocol/messages/node_health.ts";
import { isSleepingTime } from "../../protocol/night/night.ts";
import type { Location } from "../../protocol/night/sun.ts";
import type { Inverters } from "../store/inverters.ts";
import type { RecordedState, RecordedStates } from "../store/device_states.ts";
import type { Device } from "../store/devices.ts";
import type { GroupCommit } from "../store/group_commit.ts";
import type { Activity } from "../store/latest_values.ts";
import type { Quarantine } from "../store/quarantine.ts";
import type { Twins } from "../store/twins.ts";
import { BOARD_UPLOAD_MS, decide, type DeviceFacts } from "./decide.ts";
import type { DeviceState, Verdict } from "../store/port/device_state.ts";
import type { FadingOf } from "./fading.ts";
import { stateReasonText } from "./reason_text.ts";

/** How one inverter is doing. */
interface InverterStateView extends Verdict {
  readonly inverter: string;
}

/** How a device is doing, and each of its inverters. */
export interface DeviceStateView extends Verdict {
  readonly inverters: readonly InverterStateView[];
  /** As its node last told; `undefined`: it tells nothing of it. */
  readonly outbox?: OutboxHealth | undefined;
}

/** Hears of a device whose state changed. Must not wait for anything. */
type StateListener = (device: Device, view: DeviceStateView) => void;

/** How the devices are doing, over restarts. */
export interface DeviceStates {
  of(device: Device): DeviceStateView;
  /** A device made an authentic request; `told`: what its clock said, unix milliseconds. */
  heard(device: Device, at: number, told?: number): void;
  /** What a node tells of itself. Called inside `GroupCommit.run`. */
  told(device: Device, health: NodeHealth, at: number): void;
  /** Looks at some devices, writes down whose state or reason changed, and tells whose state did. */
  review(devices: readonly Device[]): Promise<void>;
  /** Writes down when devices were heard of. */
  keepContacts(devices: readonly Device[]): Promise<void>;
  /** Disposing ends it. */
  listen(listener: StateListener): Disposable;
}

interface DeviceStatesIo {
  readonly recordedStates: RecordedStates;
  readonly commit: Pick<GroupCommit, "run">;
  readonly activity: (deviceId: string) => Activity;
  readonly inverters: Pick<Inverters, "names">;
  readonly quarantine: Pick<Quarantine, "lastAt">;
  readonly twins: Pick<Twins, "load">;
  /** Hears, in the same transaction, of the inverters that a node lists. */
  readonly listed: (deviceId: string, inverters: NodeHealth["inverters"]) => void;
  readonly fadingOf: FadingOf;
  readonly clock: Pick<Clock, "now">;
  readonly log: Logger;
  readonly location?: Location | undefined;
  /** Since when devices can be heard of, unix milliseconds; left out where nobody listens: at the command line. */
  readonly listeningSince?: number;
}

/** A device in a state that it was not in; `before` is `undefined` for one that nobody looked at yet. */
interface Change {
  readonly device: Device;
  readonly view: DeviceStateView;
  readonly before: DeviceState | undefined;
}

/** A running gateway looked at the devices so lately that its word is better than ours, milliseconds. */
const REVIEW_HOLDS_MS = 120_000;
/** A state is believed for so long after a device was heard of, while it cannot be told anew. */
const FRESH_MS = 86_400_000;

export function createDeviceStates(io: DeviceStatesIo): DeviceStates {
  const { recordedStates, clock } = io;
  const contacts = createContacts();
  const listeners = new Set<StateListener>();
  const viewOf = (device: Device, recorded: RecordedState): DeviceStateView => {
    const activity = io.activity(device.deviceId);
    const verdict = verdictOf(device, { recorded, activity, contact: contacts.last(device) }, io);
    const { health } = recorded;
    const names = () => health?.inverters.map(({ inverter }) => inverter) ?? io.inverters.names(device.deviceId);
    return { ...verdict, inverters: invertersOf(verdict, health, names), outbox: health?.outbox };
  };
  return {
    of: (device) => viewOf(device, recordedStates.load(device)),
    heard: contacts.heard,
    told(device, health, at) {
      recordedStates.told(device, health, at);
      io.listed(device.deviceId, health.inverters);
    },
    async review(devices) {
      const news: Change[] = [];
      for (const device of devices) {
        const recorded = recordedStates.load(device);
        const view = viewOf(device, recorded);
        if (!isSame(recorded.verdict, view)) news.push({ device, view, before: recorded.verdict?.state });
        await new Promise((resolve) => setImmediate(resolve)); // one with hundreds of inverters takes milliseconds
      }
      if (news.length === 0) return;
      await io.commit.run(() => news.forEach(({ device, view }) => recordedStates.found(device, view)));
      for (const change of news.filter(({ view, before }) => before !== view.state)) {
        logChange(change, io);
        for (const listener of listeners) listener(change.device, change.view);
      }
    },
    async keepContacts(devices) {
      await io.commit.run(() => {
        for (const device of devices) {
          const at = contacts.last(device)?.at;
          if (at !== undefined && at !== recordedStates.load(device).contactAt) recordedStates.heard(device, at);
        }
        recordedStates.reviewed(clock.now());
      });
    },
    listen(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
  };
}

/** A device's last request since the start. */
interface Contact {
  /** Unix milliseconds. */
  readonly at: number;
  /** How far its clock was ahead of ours, milliseconds, when it last told the time. */
  readonly clockAheadMs: number | undefined;
}

function createContacts() {
  const contacts = new Map<string, Contact>();
  const last = (device: Device) => contacts.get(lifeOf(device));
  return {
    last,
    heard(device: Device, at: number, told?: number) {
      const clockAheadMs = told === undefined ? last(device)?.clockAheadMs : told - at;
      contacts.set(lifeOf(device), { at, clockAheadMs });
    },
  };
}

/** A device that was taken off and registered again lives anew. */
function lifeOf({ row, createdAt }: Device): string {
  return `${row} ${createdAt}`;
}

function isSame(recorded: Verdict | undefined, { state, reason }: Verdict): boolean {
  return recorded?.state === state && JSON.stringify(recorded.reason) === JSON.stringify(reason);
}

function logChange({ device, view: { state, reason }, before }: Change, { log }: DeviceStatesIo): void {
  const isTrouble = state === "fault" || (state === "stale" && before !== undefined); // new ones are yet to be set up
  const fields = { device: device.deviceId, state, reason: stateReasonText(reason) };
  log[isTrouble ? "warn" : "info"]("device {device} is {state}: {reason}", fields);
}

/** What is known of a device. */
interface Known {
  readonly recorded: RecordedState;
  readonly activity: Activity;
  readonly contact: Contact | undefined;
}

function verdictOf(device: Device, { recorded, activity, contact }: Known, io: DeviceStatesIo): Verdict {
  const now = io.clock.now();
  const believed = (at: number | undefined) => believable(at, now, io.listeningSince);
  const contactAt = Math.max(believed(contact?.at) ?? 0, believed(recorded.contactAt) ?? 0) || undefined;
  const before = recorded.verdict;
  const cameBack = before?.state === "stale" && (activity.lastReceivedAt ?? 0) > before.since;
  const isHeld = io.listeningSince === undefined && now - io.recordedStates.reviewedAt() < REVIEW_HOLDS_MS;
  if (before && isHeld && !cameBack) return before;
  const facts = factsOf(device, { contactAt, clockAheadMs: contact?.clockAheadMs, recorded, activity, now }, io);
  // What cannot be told yet is as it was, unless that is long ago: this gateway was away, or its clock is right again.
  const isFresh = now - Math.max(facts.contactAt ?? 0, facts.uploadedAt ?? 0) <= FRESH_MS;
  const verdict = decide(facts, now) ?? (isFresh ? before : undefined) ??
    { state: "stale", since: device.createdAt, reason: { code: "not_heard_since_start" } };
  return before?.state === verdict.state && before.since <= now ? { ...verdict, since: before.since } : verdict;
}

/** What is written down as later than now was written by a clock that was ahead: it was before this gateway listened. */
function believable(at: number | undefined, now: number, listeningSince: number | undefined): number | undefined {
  if (at === undefined || at <= now) return at;
  return listeningSince !== undefined && listeningSince <= now ? listeningSince : undefined;
}

function factsOf(
  device: Device,
  { contactAt, clockAheadMs, recorded, activity, now }: {
    readonly contactAt: number | undefined;
    readonly clockAheadMs: number | undefined;
    readonly recorded: RecordedState;
    readonly activity: Activity;
    readonly now: number;
  },
  { quarantine, twins, location, fadingOf, listeningSince }: DeviceStatesIo,
): DeviceFacts {
  const { reported, desired } = twins.load(device);
  const setAsideAt = quarantine.lastAt(device.deviceId) ?? 0;
  const isUnread = setAsideAt >= device.createdAt && setAsideAt > (activity.lastReceivedAt ?? 0);
  const seconds = reported.upload_interval_s ?? desired.upload_interval_s;
  return {
    registeredAt: device.createdAt,
    contactAt,
    clockAheadMs,
    uploadedAt: believable(activity.lastReceivedAt, now, listeningSince),
    unreadAt: isUnread ? setAsideAt : undefined,
    health: recorded.health,
    uploadMs: seconds === undefined ? BOARD_UPLOAD_MS : 1000 * seconds,
    sleepingTime: location && isSleepingTime(location, now),
    fading: () => fadingOf(device.deviceId),
    listeningSince,
  };
}

/** As the node tells it, as long as it does; an inverter whose device is silent is as its device is. */
function invertersOf(
  { state, since, reason }: Verdict,
  health: NodeHealth | undefined,
  names: () => readonly string[],
): readonly InverterStateView[] {
  if (health === undefined || state === "stale") {
    return names().map((inverter) => ({ inverter, state, since, reason }));
  }
  return health.inverters.map(({ inverter, state, since_ms, reason: text }) => ({
    inverter,
    state,
    since: since_ms,
    reason: { code: "told_by_node", text, others: 0 },
  }));
}

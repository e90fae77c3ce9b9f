import type { Logger } from "@logtape/logtape";
import type { HomeAssistantConfig } from "../../mqtt_config.ts";
import { tell } from "../device_news.ts";
import type { Received } from "../message.ts";
import type { NewestSample } from "../../ingest/newest_sample.ts";
import type { Publisher } from "../publisher.ts";
import { fits, INSTALL_COMMANDS, POWER_LIMIT_COMMANDS } from "../topics.ts";
import { type Announcer, type AnnouncerIo, createAnnouncer } from "./announcer.ts";
import { firmwareMessage } from "./firmware_payload.ts";
import { install, type InstallsIo } from "./installs.ts";
import { createPowerLimits, type PowerLimits, type PowerLimitsIo } from "./power_limits.ts";
import { SerialQueue } from "../../../platform/serial_queue.ts";

export interface HomeAssistantIo extends AnnouncerIo, InstallsIo, Omit<PowerLimitsIo, "hasInverter"> {
  readonly devices: AnnouncerIo["devices"];
  readonly firmwareSessions: AnnouncerIo["firmwareSessions"];
  readonly clock: AnnouncerIo["clock"];
  readonly publisher: Pick<Publisher, "put" | "retained" | "repeat">;
  readonly log: Logger;
}

interface HomeAssistantOptions {
  readonly offlineAfterS: number;
  /** Of the gateway. */
  readonly version: string;
}

/** The gateway as Home Assistant sees it, until the signal aborts. */
interface HomeAssistant {
  /** Takes a message on one of `topicsOf`. Must not wait. */
  received(message: Received): void;
  stored(newest: NewestSample): void;
  /** Never rejects. */
  readonly done: Promise<void>;
}

const LOOK_MS = 1_000;
/** Seconds between two looks at firmware, and at everything. */
const FIRMWARE_S = 2;
const ANNOUNCE_S = 60;
const MAX_WAITING = 100;
/** Everything is said again at most so often. */
const REPEAT_MS = 1_000;

/** What is listened to for Home Assistant. */
export function topicsOf({ enabled, prefix, power_limit, install }: HomeAssistantConfig): readonly string[] {
  if (!enabled) return [];
  return [
    statusTopic(prefix),
    ...(power_limit ? [POWER_LIMIT_COMMANDS] : []),
    ...(install ? [INSTALL_COMMANDS] : []),
  ];
}

/** Announces the devices, keeps what Home Assistant shows of them up to date, and takes what it asks. */
export function keepHomeAssistant(
  config: HomeAssistantConfig,
  { offlineAfterS, version }: HomeAssistantOptions,
  io: HomeAssistantIo,
  signal: AbortSignal,
): HomeAssistant {
  const { enabled, prefix, power_limit: powerLimit, install, dashboard_url: link } = config;
  const limits = createPowerLimits({ ...io, hasInverter: (device, inverter) => hasInverter(device, inverter, io) });
  const options = { enabled, prefix, powerLimit, install, link, offlineAfterS, version };
  const known = new Set<string>();
  const state = { due: true };
  return {
    received: receiver(prefix, limits, io),
    stored(newest) {
      if (!enabled) return;
      limits.stored(newest);
      const series = [newest.device, newest.inverter, newest.profile.id, ...newest.registers].join("\n");
      if (known.has(series)) return;
      known.add(series);
      state.due = true;
    },
    done: keep(state, { enabled, limits, announce: createAnnouncer(options, io) }, io, signal),
  };
}

function receiver(prefix: string, limits: PowerLimits, io: HomeAssistantIo): HomeAssistant["received"] {
  const queue = new SerialQueue();
  let repeatedAt = -Infinity;
  return (message) => {
    const { topic, payload, retained } = message;
    if (topic === statusTopic(prefix)) {
      // It has just started and knows of nothing: what the broker keeps it gets from there, what the broker lost from us.
      const online = !retained && new TextDecoder().decode(payload.subarray(0, 16)) === "online";
      if (!online || io.clock.monotonic() - repeatedAt < REPEAT_MS) return;
      repeatedAt = io.clock.monotonic();
      return io.publisher.repeat();
    }
    if (retained) return io.warn("mqtt command ignored {topic}: kept by the broker", { topic });
    const work = fits(POWER_LIMIT_COMMANDS, topic) ? () => limits.take(message) : () => install(message, io);
    if (queue.length >= MAX_WAITING) return io.warn("mqtt command dropped {topic}: too many wait", { topic });
    void queue.run(work);
  };
}

async function keep(
  state: { due: boolean },
  { enabled, limits, announce }: {
    readonly enabled: boolean;
    readonly limits: PowerLimits;
    readonly announce: Announcer;
  },
  io: HomeAssistantIo,
  signal: AbortSignal,
): Promise<void> {
  for (let second = 0; !signal.aborted; second++) {
    const due = state.due || second % ANNOUNCE_S === 0;
    state.due = false;
    try {
      if (due) await announce();
      if (enabled && second % FIRMWARE_S === 0) tellFirmware(io);
      await limits.review();
    } catch (error) {
      io.log.warn("home assistant not kept up to date: {error}", { error });
    }
    if (!enabled) return;
    await io.clock.sleep(LOOK_MS, signal);
  }
}

function tellFirmware(io: HomeAssistantIo): void {
  const firmware = io.firmware.list();
  for (const device of io.devices.list()) {
    const message = firmwareMessage(device, io.firmwareSessions.find(device), firmware);
    if (message) tell(io, message);
  }
}

function hasInverter(device: string, inverter: string, io: HomeAssistantIo): boolean {
  return io.devices.find(device) !== undefined && io.inverters.present(device).some((one) => one.inverter === inverter);
}

function statusTopic(prefix: string): string {
  return `${prefix}/status`;
}

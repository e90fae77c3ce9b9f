import { inWords } from "../../protocol/settings/broken_rule.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import { refusal, success } from "../../protocol/outcome.ts";
import { parseBoardMessage, parseSettingsMessage } from "../boards/settings_message.ts";
import { checkSettings } from "../../protocol/settings/rules.ts";
import type { SettingsPatch } from "../../protocol/settings/settings.ts";
import { Fault } from "../fault.ts";
import { parseJson } from "../json_text.ts";
import type { Device, Devices } from "../store/devices.ts";
import type { Received } from "./message.ts";
import type { RateLimitedWarnings } from "../../platform/rate_limited_warnings.ts";
import { SerialQueue } from "../../platform/serial_queue.ts";
import { BOARD_SETTINGS, settingsDevice } from "./topics.ts";

/** Sets what devices are to have. Throws `Fault` for what they cannot have. */
export interface SettingsDoor {
  change(
    deviceId: string,
    change: { readonly kind: "patch"; readonly patch: SettingsPatch },
    options: { readonly by: string },
  ): Promise<unknown>;
}

interface SettingsInboxIo {
  readonly settings: SettingsDoor;
  readonly devices: Pick<Devices, "find" | "list" | "withWireId">;
  readonly warn: RateLimitedWarnings;
}

/** Longest message that is looked at. */
const MAX_BYTES = 16_384;
/** Messages that may wait; a broker can bring them faster than a disk takes them. */
const MAX_WAITING = 100;

/** Takes settings from the broker, one message after the other. What is wrong with one is logged, and it is dropped. */
export function createSettingsInbox(io: SettingsInboxIo): (message: Received) => void {
  const queue = new SerialQueue();
  return (message) => {
    if (message.retained) return io.warn("mqtt settings ignored {topic}: kept by the broker", { topic: message.topic });
    if (queue.length >= MAX_WAITING) {
      return io.warn("mqtt settings dropped {topic}: too many wait", { topic: message.topic });
    }
    void queue.run(() => take(message, io));
  };
}

/** Whom a message is for, what it asks, and why a list of registers in it is left out. */
interface Wish {
  readonly devices: readonly Device[];
  readonly patch: SettingsPatch;
  readonly registersRefused?: string;
}

async function take(message: Received, io: SettingsInboxIo): Promise<void> {
  const { topic, who } = message;
  const wish = read(message, io);
  if (!wish.ok) {
    if (wish.fault !== "unchanged") tell(io, "mqtt settings refused {topic}: {reason}", { topic, reason: wish.detail });
    return;
  }
  for (const device of wish.value.devices) {
    const { patch, registersRefused: reason } = forDevice(device, wish.value);
    const { deviceId } = device;
    if (reason !== undefined) {
      tell(io, "mqtt registers not set {device} {topic}: {reason}", { device: deviceId, topic, reason });
    }
    try {
      await io.settings.change(deviceId, { kind: "patch", patch }, { by: who });
    } catch (error) {
      const reason = error instanceof Fault ? error.message : error;
      tell(io, "mqtt settings not set {device} {topic}: {reason}", { device: deviceId, topic, reason });
    }
  }
}

/** Who publishes here was let in by the broker, so each thing that is wrong is told, not only the first of its kind. */
function tell({ warn }: SettingsInboxIo, kind: string, fields: Readonly<Record<string, unknown>>): void {
  warn(kind, fields, { cause: `${fields["device"] ?? ""} ${fields["topic"]} ${fields["reason"]}` });
}

/** A board polls what it was built for (contract/1-link §5): timers that come with a list of registers are not lost by that. */
function forDevice({ auth }: Device, wish: Wish): Pick<Wish, "patch" | "registersRefused"> {
  const { registers, ...timers } = wish.patch;
  if (auth !== "legacy" || !registers || Object.keys(timers).length === 0) return wish;
  const refusals = checkSettings({ registers }, { auth, profiles: [] });
  if (refusals.length === 0) return wish;
  return { patch: timers, registersRefused: inWords(refusals).map(({ message }) => message).join("; ") };
}

function read({ topic, payload }: Received, { devices }: SettingsInboxIo): Outcome<Wish> {
  if (payload.length > MAX_BYTES) return refusal("too_large", `longer than ${MAX_BYTES} bytes`);
  const json = parseJson(payload);
  if (!json.ok) return json;
  if (topic === BOARD_SETTINGS) {
    const message = parseBoardMessage(json.value);
    if (!message.ok) return message;
    const { deviceId, ...wish } = message.value;
    return addressed(deviceId === undefined ? boards(devices) : named(devices, deviceId), wish);
  }
  const device = settingsDevice(topic);
  const patch = parseSettingsMessage(json.value);
  if (!patch.ok) return patch;
  return addressed(device === undefined ? [] : named(devices, device), { patch: patch.value });
}

function addressed(devices: readonly Device[], wish: Omit<Wish, "devices">): Outcome<Wish> {
  if (devices.length === 0) return refusal("unknown_device", "no such device is registered");
  return success({ ...wish, devices });
}

/** Every board (contract/1-link §5). */
function boards(devices: SettingsInboxIo["devices"]): readonly Device[] {
  return devices.list().filter(({ auth }) => auth === "legacy");
}

/** The device of that name, or the boards that call themselves so. */
function named(devices: SettingsInboxIo["devices"], name: string): readonly Device[] {
  const device = devices.find(name);
  return device ? [device] : devices.withWireId(name);
}

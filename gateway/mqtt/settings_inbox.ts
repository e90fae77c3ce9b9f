import type { Outcome } from "../../protocol/outcome.ts";
import { refusal, success } from "../../protocol/outcome.ts";
import { parseBoardMessage, parseSettingsMessage } from "../boards/settings_message.ts";
import type { SettingsPatch } from "../../protocol/settings/settings.ts";
import { Fault } from "../fault.ts";
import { parseJson } from "../json_text.ts";
import type { Devices } from "../store/devices.ts";
import type { Received } from "./message.ts";
import { createOneByOne } from "./one_by_one.ts";
import type { RateLimitedWarnings } from "../../platform/rate_limited_warnings.ts";
import { BOARD_SETTINGS, settingsDevice } from "./topics.ts";

/** Sets what devices are to have. Throws `Fault` for what they cannot have. */
export interface SettingsDoor {
  change(
    deviceId: string,
    change: { readonly kind: "patch"; readonly patch: SettingsPatch },
    options: { readonly by: string },
  ): Promise<unknown>;
}

export interface SettingsInboxIo {
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
  const inTurn = createOneByOne(MAX_WAITING);
  return (message) => {
    if (message.retained) return io.warn("mqtt settings ignored {topic}: kept by the broker", { topic: message.topic });
    const taken = inTurn(() => take(message, io));
    if (!taken) io.warn("mqtt settings dropped {topic}: too many wait", { topic: message.topic });
  };
}

/** Whom a message is for, and what it asks. */
interface Wish {
  readonly devices: readonly string[];
  readonly patch: SettingsPatch;
}

async function take(message: Received, io: SettingsInboxIo): Promise<void> {
  const { topic, who } = message;
  const wish = read(message, io);
  if (!wish.ok) {
    if (wish.fault !== "unchanged") io.warn("mqtt settings refused {topic}: {reason}", { topic, reason: wish.detail });
    return;
  }
  for (const device of wish.value.devices) {
    try {
      await io.settings.change(device, { kind: "patch", patch: wish.value.patch }, { by: who });
    } catch (error) {
      const reason = error instanceof Fault ? error.message : error;
      io.warn("mqtt settings not set {device} {topic}: {reason}", { device, topic, reason });
    }
  }
}

function read({ topic, payload }: Received, { devices }: SettingsInboxIo): Outcome<Wish> {
  if (payload.length > MAX_BYTES) return refusal("too_large", `longer than ${MAX_BYTES} bytes`);
  const json = parseJson(payload);
  if (!json.ok) return json;
  if (topic === BOARD_SETTINGS) {
    const message = parseBoardMessage(json.value);
    if (!message.ok) return message;
    const { deviceId, patch } = message.value;
    return addressed(deviceId === undefined ? boards(devices) : named(devices, deviceId), patch);
  }
  const device = settingsDevice(topic);
  const patch = parseSettingsMessage(json.value);
  if (!patch.ok) return patch;
  return addressed(device === undefined ? [] : named(devices, device), patch.value);
}

function addressed(devices: readonly string[], patch: SettingsPatch): Outcome<Wish> {
  return devices.length === 0 ? refusal("unknown_device", "no such device is registered") : success({ devices, patch });
}

/** Every board (contract/1-link §5). */
function boards(devices: SettingsInboxIo["devices"]): readonly string[] {
  return devices.list().filter(({ auth }) => auth === "legacy").map(({ deviceId }) => deviceId);
}

/** The device of that name, or the boards that call themselves so. */
function named(devices: SettingsInboxIo["devices"], name: string): readonly string[] {
  const device = devices.find(name);
  return (device ? [device] : devices.withWireId(name)).map(({ deviceId }) => deviceId);
}

import { z } from "zod";
import { DeviceId } from "../../protocol/device_id.ts";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import { SettingsPatch } from "../../protocol/settings/settings.ts";

const Flag = z.boolean().default(false);
const Timer = z.number().optional();

/**
 * The payload of the topic `esp32/ecowatt_settings` (contract/1-link §5). Values without their flag are not looked at.
 */
const BoardMessage = z.object({
  device_id: DeviceId.optional(),
  Changed: Flag,
  pollFreqChanged: Flag,
  newPollTimer: Timer,
  uploadFreqChanged: Flag,
  newUploadTimer: Timer,
  regsChanged: Flag,
  regsCount: z.number().optional(),
  regs: z.unknown().optional(),
});

/** A change that came over MQTT. */
interface SettingsMessage {
  /** The device it is for; `undefined`: every `legacy` device. */
  readonly deviceId?: DeviceId;
  readonly patch: SettingsPatch;
  /** Why the list of registers that it asks for as well cannot be taken. */
  readonly registersRefused?: string;
}

/**
 * Reads a message of `esp32/ecowatt_settings`, the parsed JSON. The dashboard that these boards came with sends timers
 * together with a bit mask of registers: the timers are taken then. `unchanged`: its flags ask for nothing.
 */
export function parseBoardMessage(payload: unknown): Outcome<SettingsMessage, "malformed" | "unchanged"> {
  const parsed = BoardMessage.safeParse(payload);
  if (!parsed.success) return refusal("malformed", textOf(parsed.error));
  const message = parsed.data;
  if (!message.Changed) return refusal("unchanged", "the message does not say Changed");
  const registers = message.regsChanged ? registersOf(message) : undefined;
  const patch = SettingsPatch.safeParse({
    ...(message.pollFreqChanged ? { poll_interval_s: message.newPollTimer ?? NaN } : {}),
    ...(message.uploadFreqChanged ? { upload_interval_s: message.newUploadTimer ?? NaN } : {}),
    ...(registers?.ok ? { registers: registers.value } : {}),
  });
  if (!patch.success) return refusal("malformed", textOf(patch.error));
  const registersRefused = registers?.ok === false ? registers.detail : undefined;
  if (Object.keys(patch.data).length === 0) {
    return registersRefused === undefined
      ? refusal("unchanged", "the message sets no flag")
      : refusal("malformed", registersRefused);
  }
  return success({
    patch: patch.data,
    ...(message.device_id === undefined ? {} : { deviceId: message.device_id }),
    ...(registersRefused === undefined ? {} : { registersRefused }),
  });
}

function registersOf({ regs, regsCount }: z.infer<typeof BoardMessage>): Outcome<readonly string[], "malformed"> {
  if (typeof regs === "number") {
    return refusal("malformed", "regs: a bit mask names no registers; a list of names does");
  }
  const names = SettingsPatch.shape.registers.safeParse(regs ?? []);
  if (!names.success) return refusal("malformed", textOf(names.error, "regs"));
  const registers = names.data ?? [];
  if (regsCount === undefined || regsCount === registers.length) return success(registers);
  return refusal("malformed", `regs: ${registers.length} names, regsCount says ${regsCount}`);
}

/** Reads a message of `ecowatt/<device>/settings/set`, the parsed JSON: a change of some settings. */
export function parseSettingsMessage(payload: unknown): Outcome<SettingsPatch, "malformed" | "unchanged"> {
  const patch = SettingsPatch.safeParse(payload);
  if (!patch.success) return refusal("malformed", textOf(patch.error));
  if (Object.keys(patch.data).length === 0) return refusal("unchanged", "the message names no setting");
  return success(patch.data);
}

function textOf(error: z.ZodError, key?: string): string {
  return error.issues.slice(0, 5).map(({ path, message }) => {
    return `${[...(key === undefined ? [] : [key]), ...path.map(String)].join(".")}: ${message}`;
  }).join("; ");
}

import { ADMINISTRATION } from "./api_story/administration.ts";
import { COMMANDS } from "./api_story/commands.ts";
import { DEVICES } from "./api_story/devices.ts";
import { FIRMWARE } from "./api_story/firmware.ts";
import { SAMPLES } from "./api_story/samples.ts";
import { SESSIONS } from "./api_story/sessions.ts";
import { SETTINGS } from "./api_story/settings.ts";
import { SYSTEM } from "./api_story/system.ts";
import type { Step } from "./api_story/step.ts";

/** Every operation at least once, in an order in which each finds what it needs. */
export const STORY: readonly Step[] = [
  ...DEVICES,
  ...SAMPLES,
  ...SETTINGS,
  ...COMMANDS,
  ...FIRMWARE,
  ...SYSTEM,
  ...SESSIONS,
  ...ADMINISTRATION,
];

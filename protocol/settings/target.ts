import type { Profile } from "../profile/register.ts";
import type { SettingKey, SettingsValues } from "./settings.ts";

/** What the settings are for. */
export interface SettingsTarget {
  readonly auth: "signed" | "legacy";
  /** Of the device's inverters, as far as they are known; nothing is said about names when there is none. */
  readonly profiles: readonly Profile[];
  /** What the device does where the settings say nothing, as far as it is known. */
  readonly inForce?: SettingsValues;
  /** Bytes a node keeps while it cannot upload. */
  readonly bufferBytes?: number;
}

/** A broken rule in words. */
export interface SettingsRefusal {
  readonly key: SettingKey;
  /** The rule, for programs. */
  readonly code?: string;
  /** For people: what is wrong and what is allowed. */
  readonly message: string;
}

import type { SettingKey } from "./settings.ts";
import type { SettingsRefusal } from "./target.ts";

/** Why a value of the settings cannot be. */
export type SettingsReason =
  | { readonly code: "seconds_out_of_range"; readonly min: number; readonly max: number }
  /** A board cannot do fractions. */
  | { readonly code: "not_whole_seconds" }
  | { readonly code: "not_whole_milliseconds" }
  | { readonly code: "register_count"; readonly most: number }
  | { readonly code: "register_twice"; readonly register: string }
  | { readonly code: "register_unknown"; readonly register: string }
  /** An inverter of that kind would have nothing to be polled. */
  | { readonly code: "no_register_of_inverter"; readonly title: string }
  /** `text`: how many there are, with scale factors, and may be. */
  | { readonly code: "too_many_columns"; readonly text: string }
  /** A board's firmware sends these, whatever it is told. */
  | { readonly code: "fixed_registers"; readonly registers: readonly string[] }
  | { readonly code: "upload_below_poll"; readonly uploadS: number; readonly pollS: number }
  | { readonly code: "batch_over_a_day"; readonly polls: number }
  | {
    readonly code: "upload_too_long";
    readonly batches: number;
    readonly polls: number;
    readonly pollS: number;
    readonly mostS: number;
  }
  | { readonly code: "buffer_too_small"; readonly bytes: number; readonly room: number }
  | { readonly code: "line_too_slow"; readonly bus: string; readonly percent: number }
  /** It is not what the setting is made of; `text`: what the schema says. */
  | { readonly code: "unreadable"; readonly text: string };

/** A rule that settings break, and the setting that it is said of. */
export interface BrokenRule {
  readonly key: SettingKey;
  readonly reason: SettingsReason;
}

/**
 * Broken rules for those who read them.
 *
 * @example
 * ```ts
 * const [refusal] = inWords([{ key: "registers", reason: { code: "register_twice", register: "Pac" } }]);
 * refusal?.message; // => "must not name Pac twice"
 * ```
 */
export function inWords(rules: readonly BrokenRule[]): readonly SettingsRefusal[] {
  return rules.map(({ key, reason }) => ({ key, code: reason.code, message: settingsReasonText(reason) }));
}

/**
 * A reason for those who read it.
 *
 * @example
 * ```ts
 * settingsReasonText({ code: "seconds_out_of_range", min: 1, max: 86_400 }); // => "must be 1 to 86400 seconds"
 * ```
 */
export function settingsReasonText(reason: SettingsReason): string {
  switch (reason.code) {
    case "seconds_out_of_range":
      return `must be ${reason.min} to ${reason.max} seconds`;
    case "not_whole_seconds":
      return "must be whole seconds: this board cannot do fractions";
    case "not_whole_milliseconds":
      return "must be whole milliseconds";
    case "register_count":
      return `must name 1 to ${reason.most} registers`;
    case "register_twice":
      return `must not name ${reason.register} twice`;
    case "register_unknown":
      return `no inverter of this device has a register ${reason.register}`;
    case "no_register_of_inverter":
      return `names no register of ${reason.title}`;
    case "too_many_columns":
      return reason.text;
    case "fixed_registers":
      return `this board always sends ${reason.registers.join(", ")}: it takes no other list`;
    case "upload_below_poll":
      return `the upload interval (${reason.uploadS} s) must not be below the poll interval (${reason.pollS} s)`;
    case "batch_over_a_day":
      return `a batch of ${reason.polls} polls would take more than 24 hours`;
    case "upload_too_long":
      return `an upload of this board holds ${reason.batches} batches of ${reason.polls} polls: with ${reason.pollS} s ` +
        `between polls it has to upload at least every ${reason.mostS} s, or it cuts its uploads and loses samples`;
    case "buffer_too_small":
      return `up to ${reason.bytes} bytes would gather between two uploads; this node keeps ${reason.room}`;
    case "line_too_slow":
      return `the line ${reason.bus} is not fast enough: these polls would take ${reason.percent} % of its time`;
    case "unreadable":
      return reason.text;
    default:
      return reason satisfies never;
  }
}

import type { Settings } from "../../api/views.ts";

/** Settings as they are typed; empty means that it is left to the device. */
export interface Draft {
  readonly poll_interval_s: string;
  readonly upload_interval_s: string;
  readonly registers: string;
}

export type SettingKey = keyof Draft;
export const KEYS: readonly SettingKey[] = ["poll_interval_s", "upload_interval_s", "registers"];
export const LABELS: Record<SettingKey, string> = {
  poll_interval_s: "Poll interval",
  upload_interval_s: "Upload interval",
  registers: "Registers",
};

type Values = Settings["desired"];
type Value = number | readonly string[] | null | undefined;

export function draftOf(values: Values): Draft {
  const text = (value: number | undefined) => value === undefined ? "" : String(value);
  return {
    poll_interval_s: text(values.poll_interval_s),
    upload_interval_s: text(values.upload_interval_s),
    registers: values.registers?.join(", ") ?? "",
  };
}

/** What a draft says, for a PATCH: `null` leaves a setting to the device. A number that is none is what is wrong with it. */
export function patchOf(draft: Draft): { readonly patch: Record<string, Value>; readonly problems: Partial<Draft> } {
  const problems: Partial<Record<SettingKey, string>> = {};
  const seconds = (key: "poll_interval_s" | "upload_interval_s") => {
    const text = draft[key].trim().replace(",", ".");
    if (text === "") return null;
    if (!/^\d+(\.\d+)?$/.test(text)) problems[key] = "must be a number of seconds";
    return Number(text);
  };
  const registers = namesOf(draft.registers);
  const patch = {
    poll_interval_s: seconds("poll_interval_s"),
    upload_interval_s: seconds("upload_interval_s"),
    registers: registers.length === 0 ? null : registers,
  };
  return { patch, problems };
}

/** The names in a list as people write one. */
export function namesOf(text: string): readonly string[] {
  return text.split(/[\s,;]+/).filter((name) => name !== "");
}

/** Settings in a line: "poll interval 7 s; upload interval 30 s". */
export function summaryOf(settings: Values): string {
  return KEYS.filter((key) => settings[key] !== undefined)
    .map((key) => `${LABELS[key].toLowerCase()} ${valueText(key, settings[key])}`).join("; ");
}

/** A value for people. */
export function valueText(key: SettingKey, value: Value): string {
  if (value === null || value === undefined) return "left to the device";
  return typeof value === "number" ? `${value} s` : key === "registers" ? value.join(", ") : String(value);
}

import { duration } from "../../platform/quantity.ts";
import { usage } from "./exit.ts";

/** What users type, the API's name for it, and how it is read. */
export const SETTINGS = {
  poll: { key: "poll_interval_s", parse: seconds },
  upload: { key: "upload_interval_s", parse: seconds },
  registers: { key: "registers", parse: (text: string) => text.split(",").map((name) => name.trim()) },
} as const;

/** `poll=3s upload=1m registers=Vac1,Iac1` as the API takes it; `default` (null) leaves a setting to the device. */
export function settingsOf(assignments: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(assignments.map(assignment));
}

function assignment(text: string): [string, unknown] {
  const [name, value] = text.split("=", 2);
  const setting = Object.entries(SETTINGS).find(([known]) => known === name)?.[1];
  if (setting === undefined || !value) throw usage(`"${text}" is not one of poll=…, upload=…, registers=…`);
  return [setting.key, value === "default" ? null : setting.parse(value)];
}

/** A duration such as `90s` or `10m`, in seconds. */
export function seconds(text: string): number {
  const parsed = duration("0s", "10000h").safeParse(text);
  if (parsed.success) return parsed.data / 1000;
  throw usage(`"${text}" ${parsed.error.issues[0]?.message ?? "is no duration"}`);
}

/** A value for people. */
export function shownSetting(value: unknown): string {
  if (value === undefined || value === null) return "the device's own";
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "object" ? words(value) : String(value);
}

/** `poll_interval_s=1 registers=Vac1,Pac` */
export function words(values: object): string {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined);
  return given.map(([key, value]) => `${key}=${shownSetting(value)}`).join(" ");
}

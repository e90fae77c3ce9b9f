import assert from "node:assert/strict";

/** The families of a page: name to type. Fails when one has no help or no type, or a line belongs to none. */
export function familiesOf(text: string): ReadonlyMap<string, string> {
  const helped = new Set<string>(), types = new Map<string, string>();
  for (const line of text.trimEnd().split("\n")) {
    const [, kind, name = "", rest = ""] = line.match(/^# (HELP|TYPE) (\S+) (.+)$/) ?? [];
    if (kind === "HELP") helped.add(name);
    else if (kind === "TYPE") types.set(name, rest);
    else {
      const metric = line.match(/^[a-z_0-9]+/)?.[0] ?? "";
      const family = types.get(metric) ? metric : metric.replace(/_(bucket|sum|count)$/, "");
      assert.ok(helped.has(family) && types.has(family), `no HELP and TYPE before: ${line}`);
    }
  }
  return types;
}

/** Units and endings that a name may have (prometheus.io, Metric and label naming; base units). */
const UNITS = /_(watts|volts|amperes|hertz|voltamperes|celsius|joules|seconds|bytes|ratio|info|messages)$/;
/** Counts of things, and yes or no: they have no unit. */
const WITHOUT = /_(up|state|active|running|connected|quarantined|records|interval)$/;

/** Why a name does not follow the conventions, if it does not. */
export function badName(name: string, type: string): string | undefined {
  if (!/^ecowatt_[a-z0-9_]+$/.test(name)) return `${name} is not ours`;
  if ((type === "counter") !== name.endsWith("_total")) return `${name} is a ${type}`;
  if (type !== "counter" && !UNITS.test(name) && !WITHOUT.test(name)) return `${name} has no base unit`;
  return undefined;
}

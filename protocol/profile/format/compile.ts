import type { DerivedValue, Profile, Register } from "../register.ts";
import type { ControlDocument } from "./control_document.ts";
import type { ProfileDocument } from "./document.ts";
import { type Expression, namesIn, parseExpression } from "./expression.ts";
import { mapId } from "./fingerprint.ts";
import { type Probe, probesOf, type TextPlace } from "./probe.ts";
import { rangesOf } from "./raw_set.ts";
import { isReversed, registersOf, titleOf } from "./registers.ts";
import { type Resolution, resolutionsOf } from "./resolve.ts";
import { shownUnit } from "./unit.ts";

/** A device as one works with it: which maps it may have, and how to tell which, and whether it is one at all. */
export interface DeviceKind {
  readonly document: ProfileDocument;
  /** The register that tells which of the maps it is; `undefined`: there is one. */
  readonly teller?: Register;
  readonly maps: readonly [DeviceMap, ...DeviceMap[]];
  /** Texts that are read once. */
  readonly identity: Readonly<Partial<Record<"manufacturer" | "model" | "serial" | "firmware", TextPlace>>>;
}

/** One kind of a device. */
export interface DeviceMap {
  readonly variant?: string;
  /** First and last of the values of the teller that mean this map. */
  readonly when: readonly (readonly [first: number, last: number])[];
  readonly profile: Profile;
  /** What tells it from other devices. */
  readonly detect: readonly Probe[];
  /** What must hold before anything is stored or written. */
  readonly fit: readonly Probe[];
}

const PRODUCING = ["inverter", "hybrid"];
const VOLTAGES = ["ac_voltage_l1", "ac_voltage", "grid_voltage_l1", "grid_voltage"];
const FREQUENCIES = ["ac_frequency", "grid_frequency"];
const TEMPERATURES = ["temperature", "temperature_2"];
/** Columns that are polled when nobody says which: a sample holds no more. */
const MOST_COLUMNS = 64;

/**
 * A device out of what is written of it.
 *
 * @example
 * ```ts
 * import { ecowattDocument } from "../ecowatt_document.ts";
 * compileDocument(ecowattDocument).maps[0].profile.power; // => "Pac"
 * ```
 */
export function compileDocument(document: ProfileDocument): DeviceKind {
  const [first, ...others] = resolutionsOf(document);
  const maps = [mapOf(document, first), ...others.map((resolution) => mapOf(document, resolution))] as const;
  const teller = maps[0].profile.registers.find(({ name }) => name === document.variants?.by);
  const { units } = document.link;
  const identity = Object.entries(document.identity).flatMap(([what, place]) => {
    if (place === undefined) return [];
    const { table = document.defaults.table ?? "holding", unit_id, address, words, bytes = document.defaults.bytes } =
      place;
    const unitId = unit_id === undefined ? undefined : units[unit_id];
    const text = {
      table,
      address,
      words,
      ...(bytes === "swapped" ? { swapped: true } : {}),
      ...(unitId === undefined ? {} : { unitId }),
    };
    return [[what, text]];
  });
  return { document, ...(teller ? { teller } : {}), maps, identity: Object.fromEntries(identity) };
}

function mapOf(document: ProfileDocument, resolution: Resolution): DeviceMap {
  const { variant } = resolution;
  const profile = profileOf(document, resolution);
  const compiled = { shape: document, profile, resolution };
  return {
    ...(variant === undefined ? {} : { variant }),
    when: rangesOf(document.variants?.of[variant ?? ""]?.when ?? []),
    profile,
    detect: probesOf(document.detect, compiled),
    fit: probesOf(document.fit, compiled),
  };
}

function profileOf(document: ProfileDocument, resolution: Resolution): Profile {
  const registers = [...resolution.registers.values()].flatMap((one) => registersOf(one, document.link.units));
  const derived = derivedOf(document);
  const { variant } = resolution;
  const title = document.variants?.of[variant ?? ""]?.title ?? document.title;
  return {
    id: mapId(document.name, { class: document.class, registers, derived }),
    title,
    class: document.class,
    registers,
    ...(derived.length === 0 ? {} : { derived }),
    ...polledOf(document, registers),
    ...highlightsOf(document, registers),
  };
}

function polledOf(document: ProfileDocument, registers: readonly Register[]) {
  const { max_read: maxRead, cuts, holes, poll: { fast, slow } } = document;
  const names = registers.filter(({ part }) => part !== true).map(({ name }) => name);
  const slowly = (slow?.of ?? []).filter((name) => names.includes(name));
  const quickly = fast?.filter((name) => names.includes(name)) ??
    names.filter((name) => !slowly.includes(name)).slice(0, MOST_COLUMNS - slowly.length);
  const rare = slow && slowly.length > 0 ? { slow: { everyMs: slow.every, registers: slowly } } : {};
  return { defaultRegisters: [...quickly, ...slowly], reading: { maxRead, cuts, holes, ...rare } };
}

/** Which registers stand for the device where others look for power, energy, voltage. */
function highlightsOf(document: ProfileDocument, registers: readonly Register[]) {
  const named = (key: string, roles: readonly string[]) => {
    // What counts the other way round would be taken for its opposite.
    const name = roles.flatMap((role) => registers.filter((one) => one.role === role && !one.reversed))[0]?.name;
    return name === undefined ? {} : { [key]: name };
  };
  const producing = PRODUCING.includes(document.class);
  const temperatures = registers.filter(({ role }) => TEMPERATURES.includes(role ?? "")).map(({ name }) => name);
  const limit = limitOf(document.controls["active_power_limit"]);
  return {
    ...(producing ? { ...named("power", ["ac_power"]), ...named("energy", ["energy_total"]) } : {}),
    ...named("voltage", VOLTAGES),
    ...named("frequency", FREQUENCIES),
    ...(temperatures.length === 0 ? {} : { temperatures }),
    ...(limit === undefined ? {} : { powerLimit: limit }),
    ...untriedOf(document.controls["active_power_limit"]),
  };
}

/** The register of a limit in percent that is known to work, and is set by writing it alone. */
function limitOf(control: ControlDocument | undefined): string | undefined {
  if (control?.hardware !== "verified" || control.takes?.unit !== "%" || control.set.length !== 1) return undefined;
  const [[register, amount] = ["", 0]] = Object.entries(control.set[0] ?? {});
  return amount === "value" ? register : undefined;
}

/** A limit that is written first, and then what puts it into force, if anything does. */
function untriedOf(control: ControlDocument | undefined): Pick<Profile, "untriedLimit"> {
  if (control?.hardware !== "unverified" || !["%", "W"].includes(control.takes?.unit ?? "")) return {};
  const [limit, enable, ...more] = control.set.flatMap((step) => Object.entries(step));
  if (limit?.[1] !== "value" || more.length > 0) return {};
  const untried = { register: limit[0], safety: control.safety };
  if (enable === undefined) return { untriedLimit: untried };
  const [register, raw] = enable;
  return typeof raw === "number" && register !== "wait"
    ? { untriedLimit: { ...untried, enable: { register, raw } } }
    : {};
}

/** In such an order that each comes after what it is made of. */
function derivedOf({ derive }: ProfileDocument): readonly DerivedValue[] {
  const written = new Map(Object.entries(derive));
  const done = new Map<string, DerivedValue>();
  const take = (name: string): void => {
    const one = written.get(name);
    const is = one && parsed(one.is);
    if (one === undefined || is === undefined || done.has(name)) return;
    for (const part of namesIn(is)) take(part);
    const { unit = "", role, positive, title } = one;
    const { unit: shown, factor } = shownUnit(unit);
    done.set(name, {
      name,
      is: factor === 1 ? is : { kind: "call", call: "*", of: [is, { kind: "number", value: factor }] },
      unit: shown,
      ...(role === undefined ? {} : { role }),
      ...(isReversed(role, positive) ? { reversed: true } : {}),
      description: title ?? titleOf(role) ?? name,
    });
  };
  for (const name of written.keys()) take(name);
  return [...done.values()];
}

function parsed(text: string): Expression | undefined {
  const expression = parseExpression(text);
  return expression.ok ? expression.value : undefined;
}

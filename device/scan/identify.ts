import { ecowatt } from "../../protocol/profile/ecowatt.ts";
import { inOrder } from "../../protocol/profile/sunspec/map_devices.ts";
import type { Identity } from "../../protocol/profile/sunspec/identity.ts";
import { discover, type DiscoveryFault } from "../inverter/discovery.ts";
import type { BusFault } from "../modbus/fault.ts";
import type { RegisterReader } from "../inverter/register_reader.ts";

/** What answers behind a unit id. */
export type Found =
  /** A device with a SunSpec map: everything else is read from it. */
  | {
    readonly kind: "sunspec";
    readonly unit: number;
    /** Which of those behind the unit id, as a configuration counts them. */
    readonly device: number;
    readonly title: string;
    readonly identity: Identity;
    readonly models: readonly number[];
  }
  /** The ten registers, with values that an inverter on the grid has. */
  | { readonly kind: "ecowatt"; readonly unit: number }
  /** A device of the library; `also`: others that it may be as well. */
  | {
    readonly kind: "device";
    readonly unit: number;
    readonly profile: string;
    readonly title: string;
    readonly class: string;
    readonly also: readonly string[];
  }
  /** Something that speaks Modbus, and that no profile fits: a device with a map of its own. */
  | { readonly kind: "unknown"; readonly unit: number; readonly why: string };

/** A line on which nothing more is to be found: it cannot be opened, or nobody answers. */
type Silence = { readonly kind: "silent" } | { readonly kind: "line"; readonly message: string };

/** It answers, and refuses everything: it may be starting, or busy. */
interface Failing {
  readonly kind: "failing";
  readonly why: string;
}

/** Volts and hertz of a grid, raw, as the ten registers have them. */
const GRID = { volts: [800, 3000], hertz: [4500, 6500] } as const;
const REGISTERS = ecowatt.registers.length;

/** Finds out what a unit is that has answered something, by reading only: several devices may share a unit id. */
export async function identify(
  reader: RegisterReader,
  unit: number,
  signal?: AbortSignal,
): Promise<readonly Found[] | Silence | Failing> {
  const options = signal ? { signal } : {};
  const ten = await reader.read(unit, "holding", 0, REGISTERS, { ...options, mayBeSilent: true });
  if (ten.ok && isTenRegisters(ten.value)) return [{ kind: "ecowatt", unit }];
  if (!ten.ok && ten.fault.kind === "line") return { kind: "line", message: ten.fault.message };
  const found = await discover(reader, unit, { ...options, thorough: true });
  if (!found.ok) return unfound(unit, ten.ok ? undefined : ten.fault, found.fault);
  const devices = inOrder(found.devices);
  if (devices.length === 0) return [{ kind: "unknown", unit, why: "a SunSpec device of models that are not known" }];
  return devices.map(({ profile, identity, blocks }, device) => {
    const models = blocks.map(({ model }) => model);
    return { kind: "sunspec", unit, device, title: profile.title, identity, models };
  });
}

function unfound(
  unit: number,
  ten: BusFault | undefined,
  fault: DiscoveryFault,
): readonly Found[] | Silence | Failing {
  if (fault.kind === "line") return { kind: "line", message: fault.message };
  if (fault.kind === "exception") return { kind: "failing", why: fault.message };
  if (fault.kind !== "not_sunspec" && isSilence(fault) && ten !== undefined && isSilence(ten)) {
    return { kind: "silent" };
  }
  if (ten === undefined) return [{ kind: "unknown", unit, why: "its registers fit no profile" }];
  return [{ kind: "unknown", unit, why: fault.kind === "not_sunspec" ? ten.message : fault.message }];
}

/** Damaged answers count: somebody is there, but not at this speed. */
function isSilence({ kind }: BusFault): boolean {
  return kind === "timeout" || kind === "offline" || kind === "crc" || kind === "foreign" || kind === "aborted";
}

function isTenRegisters(raw: readonly number[]): boolean {
  const within = (value: number | undefined, [low, high]: readonly [number, number]) =>
    value !== undefined && value >= low && value <= high;
  const plausible = ecowatt.registers.every(({ address, plausible, scale }) => {
    const value = raw[address] ?? -1;
    const gain = scale.kind === "gain" ? scale.gain : 1;
    return within(value / gain, [plausible?.min ?? 0, plausible?.max ?? Infinity]);
  });
  return plausible && within(raw[0], GRID.volts) && within(raw[2], GRID.hertz);
}

import type { Profile, Register } from "../register.ts";
import { controls, nameplate, settings, status } from "./control_models.ts";
import { floatInverters, integerInverters } from "./inverter_models.ts";
import { formatMapId, type ModelBlock } from "./map_id.ts";
import { mppt } from "./mppt_model.ts";
import { type Model, numericOf, type Point, sizeOf } from "./point.ts";

const MODELS: ReadonlyMap<number, Model> = new Map(
  [...integerInverters, ...floatInverters, nameplate, settings, status, controls, mppt].map((model) => [
    model.id,
    model,
  ]),
);

/** Modules of a repeating group that we name; the longest string inverters have 24 inputs. */
const MAX_MODULES = 64;

/** Points of an inverter model polled by default: with their scale factors they fit one request. */
const INVERTER_DEFAULTS = ["A", "PhVphA", "PhVphB", "PhVphC", "W", "Hz", "WH", "DCV", "DCW", "St", "Evt1"];
/** Cabinet, heat sink, transformer, other: few inverters have them all, and SolarEdge not the first. */
const TEMPERATURES = ["TmpCab", "TmpSnk", "TmpTrns", "TmpOt"];
const MODULE_DEFAULTS = ["DCA", "DCV", "DCW"];
/** Modules polled by default, so that the default list stays below the 64 registers a device may be set to. */
const DEFAULT_MODULES = 8;

/**
 * Whether our tables can name the points of a model (model 1 holds only texts: see identity.ts).
 *
 * @example
 * ```ts
 * [103, 160, 64_001].map(isKnownModel); // => [true, true, false]
 * ```
 */
export function isKnownModel(model: number): boolean {
  return MODELS.has(model) || model === 1;
}

/**
 * The profile of an inverter whose models lie as `blocks` say. Unknown models have no registers.
 *
 * @example
 * ```ts
 * const profile = mapProfile([{ model: 103, address: 40_070, length: 50 }]);
 * profile.registers.find(({ name }) => name === profile.power)?.address; // => 40_084
 * ```
 */
export function mapProfile(blocks: readonly ModelBlock[]): Profile {
  const registers: Register[] = [];
  const seen = new Map<number, number>();
  for (const block of blocks) {
    const instance = (seen.get(block.model) ?? 0) + 1;
    seen.set(block.model, instance);
    // The second model 160 of an inverter is called 160-2, so that every name is unique.
    const prefix = instance === 1 ? `${block.model}` : `${block.model}-${instance}`;
    registers.push(...registersOf(block, prefix));
  }
  return { id: formatMapId(blocks), title: "SunSpec inverter", class: "inverter", registers, ...highlights(registers) };
}

function registersOf(block: ModelBlock, prefix: string): readonly Register[] {
  const model = MODELS.get(block.model);
  if (!model) return [];
  const end = block.address + 2 + block.length;
  const base = block.address + 2;
  const head = lay(model.points, base, end, prefix, prefix);
  if (!model.repeating) return head;
  const size = sizeOfAll(model.points);
  const step = sizeOfAll(model.repeating);
  const modules = Math.min(MAX_MODULES, Math.floor((block.length - size) / step));
  const group = model.repeating;
  return head.concat(
    Array.from({ length: Math.max(0, modules) }, (_, k) => {
      return lay(group, base + size + k * step, end, prefix, `${prefix}.${k + 1}`);
    }).flat(),
  );
}

/** The registers of consecutive points, up to the end of the block: a shorter block has fewer points. */
function lay(points: readonly Point[], base: number, end: number, factors: string, names: string): readonly Register[] {
  const registers: Register[] = [];
  let address = base;
  for (const point of points) {
    const next = address + sizeOf(point.type);
    if (next > end) break;
    const register = registerOf(point, address, factors, names);
    if (register) registers.push(register);
    address = next;
  }
  return registers;
}

function registerOf(point: Point, address: number, factors: string, names: string): Register | undefined {
  const numeric = numericOf(point.type);
  if (!numeric) return undefined;
  return {
    name: `${names}.${point.name}`,
    synonyms: [],
    table: "holding",
    address,
    encoding: numeric.encoding,
    scale: point.factor ? { kind: "exponent", register: `${factors}.${point.factor}` } : { kind: "gain", gain: 1 },
    unit: point.unit,
    access: point.writable ? "read-write" : "read",
    absent: numeric.absent,
    ...(point.plausible ? { plausible: point.plausible } : {}),
    description: point.description,
  };
}

/** Which registers stand for the inverter on a dashboard, and which are polled by default. */
function highlights(registers: readonly Register[]): Omit<Profile, "id" | "title" | "class" | "registers"> {
  const names = new Set(registers.map((register) => register.name));
  const inverter = [101, 102, 103, 111, 112, 113].map(String).find((model) => names.has(`${model}.W`));
  const find = (key: string, name: string) => (names.has(name) ? { [key]: name } : {});
  const modules = registers.filter((register) => isModule(register.name)).map((register) => register.name);
  const ofInverter = (points: readonly string[]) =>
    points.map((point) => `${inverter}.${point}`).filter((name) => names.has(name));
  const temperatures = ofInverter(TEMPERATURES);
  return {
    defaultRegisters: [...ofInverter(INVERTER_DEFAULTS), ...temperatures, ...modules],
    ...find("power", `${inverter}.W`),
    ...find("status", `${inverter}.St`),
    ...find("energy", `${inverter}.WH`),
    ...find("voltage", `${inverter}.PhVphA`),
    ...find("frequency", `${inverter}.Hz`),
    ...(temperatures.length > 0 ? { temperatures } : {}),
    ...find("powerLimit", "123.WMaxLimPct"),
  };
}

function isModule(name: string): boolean {
  const [model, k, point] = name.split(".");
  return model === "160" && Number(k) <= DEFAULT_MODULES && MODULE_DEFAULTS.includes(point ?? "");
}

function sizeOfAll(points: readonly Point[]): number {
  return points.reduce((sum, point) => sum + sizeOf(point.type), 0);
}

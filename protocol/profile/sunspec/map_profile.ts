import type { Profile, Register } from "../register.ts";
import { formatMapId, type ModelBlock } from "./map_id.ts";
import { familyOf, type Model, type Point } from "./model.ts";
import { sunspecModels } from "./models.ts";
import { numericOf, plausibleOf, shownUnit } from "./point.ts";
import { meaningOfPoint } from "./point_meaning.ts";
import { describePoint, meaningsOf } from "./point_text.ts";
import { overviewOf } from "./overview.ts";

const MODELS: ReadonlyMap<number, Model> = new Map(sunspecModels.map((model) => [model.id, model]));

/** Members of a repeating group that we name; the longest string inverters have 24 inputs. */
const MAX_MEMBERS = 64;

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
 * The profile of a device whose models lie as `blocks` say. Unknown models have no registers.
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
  return { id: formatMapId(blocks), ...kindOf(blocks), registers, ...overviewOf(registers) };
}

/** What the device is. An inverter with a model of storage has a battery of its own. */
function kindOf(blocks: readonly ModelBlock[]): Pick<Profile, "title" | "class"> {
  const families = new Set(blocks.map(({ model }) => familyOf(model)));
  if (families.has("inverter")) {
    return families.has("battery")
      ? { title: "SunSpec hybrid inverter", class: "hybrid" }
      : { title: "SunSpec inverter", class: "inverter" };
  }
  if (families.has("meter")) return { title: "SunSpec meter", class: "meter" };
  if (families.has("battery")) return { title: "SunSpec battery", class: "battery" };
  if (families.has("sensor")) return { title: "SunSpec sensors", class: "sensor" };
  return { title: "SunSpec inverter", class: "inverter" };
}

/** Where points lie and what they are called. */
interface Place {
  readonly model: number;
  /** Address from which their offsets count. */
  readonly base: number;
  /** Before the names of scale factors, and of points. */
  readonly factors: string;
  readonly names: string;
}

/** The registers of a block: a shorter one has fewer points. */
function registersOf({ model: id, address, length }: ModelBlock, prefix: string): readonly Register[] {
  const model = MODELS.get(id);
  if (!model) return [];
  const end = address + 2 + length;
  const lay = (points: readonly Point[], base: number, names: string) =>
    points.filter(({ offset, words }) => base + offset + words <= end)
      .flatMap((point) => registersOfPoint(point, { model: id, base, factors: prefix, names }));
  const groups = model.groups.flatMap((group) => {
    const first = address + group.offset;
    if (!group.repeats) return lay(group.points, first, `${prefix}.${group.name}`);
    const members = Math.min(MAX_MEMBERS, Math.floor((end - first) / group.words));
    return Array.from({ length: Math.max(0, members) }, (_, k) => {
      return lay(group.points, first + k * group.words, `${prefix}.${k + 1}`);
    }).flat();
  });
  return [...lay(model.points, address, prefix), ...groups];
}

/** One column, or two where the point has more than 32 bits. */
function registersOfPoint(point: Point, { model, base, factors, names }: Place): readonly Register[] {
  const numeric = numericOf(point.type);
  if (!numeric) return [];
  const { encoding, absent, halves } = numeric;
  const name = `${names}.${point.name}`;
  const low = `${name}.low`;
  const plausible = plausibleOf(model, point);
  const meanings = point.symbols && meaningsOf(point.symbols);
  const register: Register = {
    name,
    synonyms: [],
    table: "holding",
    address: base + point.offset,
    encoding,
    scale: scaleOf(point, factors),
    unit: shownUnit(model, point),
    access: point.writable ? "read-write" : "read",
    ...(absent === undefined ? {} : { absent }),
    ...(plausible ? { plausible } : {}),
    description: describePoint(model, point),
    ...(halves ? { making: { low: { register: low, bits: 32 } } } : {}),
    ...meaningOfPoint(model, point),
    ...(meanings ? { [point.type.startsWith("bitfield") ? "bits" : "values"]: meanings } : {}),
  };
  return halves ? [register, lowerHalf(low, register.address + 2)] : [register];
}

function scaleOf({ scale }: Point, factors: string): Register["scale"] {
  if (typeof scale === "string") return { kind: "exponent", register: `${factors}.${scale}` };
  if (scale === undefined || scale === 0) return { kind: "gain", gain: 1 };
  return { kind: "gain", gain: scale < 0 ? 10 ** -scale : -(10 ** scale) };
}

function lowerHalf(name: string, address: number): Register {
  return {
    name,
    synonyms: [],
    table: "holding",
    address,
    encoding: "u32",
    scale: { kind: "gain", gain: 1 },
    unit: "",
    access: "read",
    description: "Lower part",
    part: true,
  };
}

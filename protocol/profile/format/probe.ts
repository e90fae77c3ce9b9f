import { columnsOf } from "../lookup.ts";
import { physical, type RawOf } from "../physical.ts";
import type { Profile, Register, Table } from "../register.ts";
import type { ProbeDocument } from "./probe_document.ts";
import { rangesOf } from "./raw_set.ts";
import { registersOf } from "./registers.ts";
import { type Resolution, type ResolvedRegister, resolvedRegister } from "./resolve.ts";
import type { Shape } from "./shape.ts";

/** Where a text stands. */
export interface TextPlace {
  readonly table: Table;
  readonly address: number;
  readonly words: number;
  readonly swapped?: true;
  readonly unitId?: number;
}

/** One thing that a device must answer. */
export interface Probe {
  /** What is asked, for people: a register's name, or "input 4999". */
  readonly asked: string;
  /** The registers that are read for it, its own first; none: it is a text. */
  readonly registers: readonly Register[];
  readonly text?: TextPlace;
  readonly orAbsent: boolean;
  readonly any?: readonly (readonly [first: number, last: number])[];
  readonly between?: readonly [least: number, most: number];
  readonly matches?: RegExp;
}

/** What came back: raw values by name, and the text. */
interface Answers {
  readonly rawOf: RawOf;
  readonly text?: string | undefined;
}

/**
 * The probes of a list for one map of the device.
 *
 * @example
 * ```ts
 * import { ecowatt } from "../ecowatt.ts";
 * import { ecowattDocument } from "../ecowatt_document.ts";
 * import { resolutionsOf } from "./resolve.ts";
 * const [resolution] = resolutionsOf(ecowattDocument);
 * const of = { shape: ecowattDocument, profile: ecowatt, resolution };
 * probesOf(ecowattDocument.fit, of)[0]?.asked; // => "Vac1"
 * ```
 */
export function probesOf(
  list: readonly ProbeDocument[],
  { shape, profile, resolution }: { readonly shape: Shape; readonly profile: Profile; readonly resolution: Resolution },
): readonly Probe[] {
  return list.flatMap((probe): readonly Probe[] => {
    const { any, between, matches, or_absent = false } = probe;
    const register = "register" in probe ? resolution.registers.get(probe.register) : placed(probe, shape);
    // A variant may be without the register.
    if (register === undefined) return [];
    const columns = "register" in probe ? columnsOf(profile, [probe.register]) : undefined;
    const isText = register.type === "string";
    return [{
      asked: register.name,
      registers: isText ? [] : columns?.ok ? columns.value : registersOf(register, shape.link.units),
      ...(isText ? { text: textPlace(register, shape.link.units) } : {}),
      orAbsent: or_absent,
      ...(any ? { any: rangesOf(any) } : {}),
      ...(between ? { between } : {}),
      ...(matches === undefined ? {} : { matches: new RegExp(matches, "u") }),
    }];
  });
}

/**
 * Why the answers are not those of the device, for people; `undefined`: they are.
 *
 * @example
 * ```ts
 * const text = { table: "holding", address: 0, words: 4 } as const;
 * const probe = { asked: "Kind", registers: [], text, orAbsent: false, matches: /^EX/ };
 * misfit(probe, { rawOf: () => undefined, text: "AB" }); // => 'Kind is "AB", and not /^EX/'
 * ```
 */
export function misfit(
  { asked, registers: [register], text, orAbsent, ...expected }: Probe,
  answers: Answers,
): string | undefined {
  if (text !== undefined) {
    if (!answers.text) return orAbsent ? undefined : `${asked} is no text`;
    return expected.matches?.test(answers.text)
      ? undefined
      : `${asked} is "${answers.text}", and not ${expected.matches}`;
  }
  const raw = register && answers.rawOf(register.name);
  const value = register && physical(register, raw, answers.rawOf);
  if (register === undefined || raw === undefined || value === undefined) {
    return orAbsent ? undefined : `${asked} has no value`;
  }
  const { between, any } = expected;
  if (between && (value < between[0] || value > between[1])) {
    return `${asked} is ${value}, and not ${between[0]} to ${between[1]} ${register.unit}`.trimEnd();
  }
  const { mask = -1, shift = 0 } = register.making ?? {};
  const code = mask === -1 ? raw : (raw & mask) >>> shift;
  if (any && !any.some(([first, last]) => code >= first && code <= last)) {
    return `${asked} is ${code}, and not ${listed(any)}`;
  }
  return undefined;
}

function listed(ranges: NonNullable<Probe["any"]>): string {
  return ranges.map(([first, last]) => first === last ? `${first}` : `${first} to ${last}`).join(" or ");
}

function placed(probe: Exclude<ProbeDocument, { register: string }>, shape: Shape): ResolvedRegister {
  const { table, unit_id, address, type, words, order, bytes } = probe;
  const said = {
    ...{ address, type },
    ...(table === undefined ? {} : { table }),
    ...(unit_id === undefined ? {} : { unit_id }),
    ...(words === undefined ? {} : { words }),
    ...(order === undefined ? {} : { order }),
    ...(bytes === undefined ? {} : { bytes }),
  };
  return resolvedRegister(said, `${table ?? shape.defaults.table ?? "holding"} ${address}`, shape.defaults, []);
}

/** Where a register that is a string stands. */
function textPlace(
  { table, addresses: [address = 0], length, bytes, unit_id }: ResolvedRegister,
  unitIds: Readonly<Record<string, number>>,
): TextPlace {
  const unitId = unit_id === undefined ? undefined : unitIds[unit_id];
  return {
    ...{ table, address, words: length },
    ...(bytes === "swapped" ? { swapped: true } : {}),
    ...(unitId === undefined ? {} : { unitId }),
  };
}

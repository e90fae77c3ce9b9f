import { BoundedMap } from "../../platform/bounded_map.ts";
import { boardName } from "../boards/registers.ts";
import type { ProfileOf } from "../../profiles/known_profile.ts";
import { lookup } from "../../protocol/profile/lookup.ts";
import { physical } from "../../protocol/profile/physical.ts";
import type { Profile } from "../../protocol/profile/register.ts";
import type { Sample } from "../../protocol/sample.ts";
import type { FieldFault } from "../fault.ts";

/** What the columns of a block mean. */
export interface Columns {
  /** Profile id. */
  readonly profile: string;
  /** The profile's own spelling of each column. */
  readonly registers: readonly string[];
  /** The names as answers show them: as boards spell them, where boards know them. */
  readonly shown: readonly string[];
  /** Sum of the output power over samples, in W; 0 without a power column. */
  powerSum(samples: readonly Sample[]): number;
}

/** A fleet has few kinds of blocks, and each upload asks for one of them. */
const KEPT = 256;

/** The columns that a block names, or which name is wrong: an unknown profile or register, or a register twice. */
export type ColumnsOf = (
  block: { readonly profile: string; readonly registers: readonly string[] },
) => Columns | FieldFault;

export function createColumnsOf(profileOf: ProfileOf): ColumnsOf {
  const kept = new BoundedMap<string, { readonly profile: Profile; readonly columns: Columns }>(KEPT);
  return (block) => {
    const profile = profileOf(block.profile);
    if (!profile) return { path: "profile", message: "is not known" };
    const name = `${block.profile}\n${block.registers.join("\n")}`;
    const known = kept.get(name);
    if (known?.profile === profile) return known.columns;
    const columns = readColumns(profile, block.registers);
    if ("path" in columns) return columns;
    kept.set(name, { profile, columns });
    return columns;
  };
}

function readColumns(profile: Profile, names: readonly string[]): Columns | FieldFault {
  const registers: string[] = [];
  for (const [index, name] of names.entries()) {
    const register = lookup(profile, name);
    if (!register) return { path: `registers[${index}]`, message: `is no register of ${profile.title}` };
    if (registers.includes(register.name)) return { path: `registers[${index}]`, message: "names a register again" };
    registers.push(register.name);
  }
  const shown = profile.id === "ecowatt" ? registers.map(boardName) : registers;
  return { profile: profile.id, registers, shown, powerSum: powerSummer(profile, registers) };
}

function powerSummer(profile: Profile, registers: readonly string[]): Columns["powerSum"] {
  const register = profile.power === undefined ? undefined : lookup(profile, profile.power);
  const column = register === undefined ? -1 : registers.indexOf(register.name);
  if (register === undefined || column < 0) return () => 0;
  return (samples) => {
    let sum = 0;
    for (const { values } of samples) {
      sum += physical(register, values[column], (name) => values[registers.indexOf(name)]) ?? 0;
    }
    return sum;
  };
}

import { traitsOf } from "../register_type.ts";
import { resolutionsOf, type ResolvedRegister, wordsOf } from "../resolve.ts";
import type { Shape } from "../shape.ts";
import { type DocumentFault, unknownName } from "./fault.ts";

const LAST_ADDRESS = 0xffff;
const SPLIT_TYPES: readonly string[] = ["u32", "i32"];

/**
 * Where registers lie: within the table, in one read each, on words of their own, and named once.
 *
 * @example
 * ```ts
 * import { ecowattDocument } from "../../ecowatt_document.ts";
 * layoutFaults(ecowattDocument); // => []
 * ```
 */
export function layoutFaults(shape: Shape): readonly DocumentFault[] {
  return resolutionsOf(shape).flatMap(({ registers }) => {
    const all = [...registers.values()];
    return [...all.flatMap((register) => placeFaults(register, shape)), ...overlapFaults(all), ...namedTwice(all)];
  });
}

function placeFaults(register: ResolvedRegister, shape: Shape): readonly DocumentFault[] {
  const { type, table, addresses, length, words, path, unit_id } = register;
  const faults: DocumentFault[] = [];
  const fault = (key: string, message: string) => faults.push({ path: [...path, key], message });
  const { kind } = traitsOf(type);
  if (kind === "string" && words === undefined) fault("type", "a string needs `words`");
  if (kind !== "string" && words !== undefined) fault("words", `only a string says how many; ${type} has ${length}`);
  if ((kind === "bit") !== (table === "coil" || table === "discrete")) {
    fault("type", kind === "bit" ? `a ${table} register holds words` : `a ${table} holds a bit`);
  }
  if (addresses.length > 1 && !SPLIT_TYPES.includes(type)) {
    fault("address", `only ${SPLIT_TYPES.join(", ")} may have words that do not adjoin`);
  }
  if (addresses.length === 1 && Math.max(...addresses) + length - 1 > LAST_ADDRESS) {
    fault("address", `it ends behind the last address, ${LAST_ADDRESS}`);
  }
  if (addresses.length === 1 && length > shape.max_read) {
    fault("address", `its ${length} words are more than max_read, ${shape.max_read}`);
  }
  if (unit_id !== undefined && !(unit_id in shape.link.units)) {
    faults.push(unknownName([...path, "unit_id"], "entry of link.units", unit_id, Object.keys(shape.link.units)));
  }
  return [...faults, ...barrierFaults(register, shape)];
}

function barrierFaults({ addresses, table, path, ...register }: ResolvedRegister, { cuts, holes }: Shape) {
  const words = wordsOf({ addresses, ...register });
  const [first = 0] = words;
  const path_ = [...path, "address"];
  const cut = cuts.find(([where, at]) => addresses.length === 1 && where === table && at > first && words.includes(at));
  const hole = holes.find(([where, from, to]) => where === table && words.some((at) => at >= from && at <= to));
  return [
    ...(cut ? [{ path: path_, message: `the cut before ${cut[1]} goes through it` }] : []),
    ...(hole ? [{ path: path_, message: `it lies in the hole ${hole[1]} to ${hole[2]}` }] : []),
  ];
}

/** Registers may share a word when each takes bits of its own out of it, or when one says that it does. */
function overlapFaults(registers: readonly ResolvedRegister[]): readonly DocumentFault[] {
  const taken = new Map<string, ResolvedRegister>();
  const faults = new Map<ResolvedRegister, DocumentFault>();
  for (const register of registers) {
    for (const word of wordsOf(register)) {
      const place = `${register.unit_id ?? ""}:${register.table}:${word}`;
      const other = taken.get(place);
      if (other === undefined) taken.set(place, register);
      else if (!faults.has(register) && !mayShare(register, other)) {
        const message = `${register.table} ${word} is part of ${other.name} already`;
        faults.set(register, { path: [...register.path, "address"], message });
      }
    }
  }
  return [...faults.values()];
}

function mayShare(a: ResolvedRegister, b: ResolvedRegister): boolean {
  if (a.overlaps === true || b.overlaps === true) return true;
  return a.mask !== undefined && b.mask !== undefined && (a.mask & b.mask) === 0;
}

function namedTwice(registers: readonly ResolvedRegister[]): readonly DocumentFault[] {
  const taken = new Map(registers.map(({ name }) => [name.toLowerCase(), name]));
  if (taken.size < registers.length) {
    return registers.filter(({ name }) => taken.get(name.toLowerCase()) !== name)
      .map(({ name, path }) => ({ path, message: `${name} differs from another register by capital letters only` }));
  }
  return registers.flatMap(({ name, synonyms = [], path }) =>
    synonyms.flatMap((synonym, index) => {
      const other = taken.get(synonym.toLowerCase());
      taken.set(synonym.toLowerCase(), name);
      if (other === undefined) return [];
      return [{ path: [...path, "synonyms", index], message: `${synonym} is the name of ${other} already` }];
    })
  );
}

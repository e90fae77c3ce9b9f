import { integerRange, traitsOf } from "../register_type.ts";
import { resolutionsOf, type ResolvedRegister } from "../resolve.ts";
import { REPEATABLE_ROLES, ROLES } from "../roles.ts";
import type { Shape } from "../shape.ts";
import { shownUnit } from "../unit.ts";
import { type DocumentFault, unknownName } from "./fault.ts";

/**
 * What the numbers mean: scales, references to other registers, roles with their units and directions.
 *
 * @example
 * ```ts
 * import { ecowattDocument } from "../../ecowatt_document.ts";
 * meaningFaults(ecowattDocument); // => []
 * ```
 */
export function meaningFaults(shape: Shape): readonly DocumentFault[] {
  return resolutionsOf(shape).flatMap(({ registers }) => [
    ...[...registers.values()].flatMap((register) => [
      ...numberFaults(register),
      ...referenceFaults(register, registers),
      ...roleFaults(register),
      ...signFaults(register),
    ]),
    ...repeatedRoles(registers, shape),
  ]);
}

type Registers = ReadonlyMap<string, ResolvedRegister>;

function numberFaults(register: ResolvedRegister): readonly DocumentFault[] {
  const { type, path, mask, shift, scale, offset, exponent, values, bits, range, absents, name } = register;
  const { kind, words } = traitsOf(type);
  const faults: DocumentFault[] = [];
  const fault = (key: string, message: string) => faults.push({ path: [...path, key], message });
  if (kind === "string") {
    for (const key of ["scale", "offset", "exponent", "mask", "unit", "range", "values", "bits", "counts"] as const) {
      if (register[key] !== undefined) fault(key, `${name} is a string`);
    }
    return faults;
  }
  if (exponent !== undefined && scale !== undefined) fault("exponent", "has its own power of ten: no scale besides");
  if (exponent !== undefined && shownUnit(register.unit ?? "").factor !== 1) {
    fault("unit", "must be W, Wh, V, A … with an exponent: the power of ten says the rest");
  }
  if (mask !== undefined && (kind !== "integer" || words > 2)) fault("mask", `${type} has no bits to choose from`);
  if (mask !== undefined && mask >= 2 ** (16 * words)) fault("mask", `${type} has ${16 * words} bits`);
  if (shift !== undefined && mask === undefined) fault("shift", "goes with a mask");
  if (values && (exponent !== undefined || offset !== undefined)) fault("values", "are raw: no exponent, no offset");
  if (bits && kind !== "integer") fault("bits", `${type} has no bits`);
  for (const bit of Object.keys(bits ?? {})) {
    if (Number(bit) >= 16 * words) {
      faults.push({ path: [...path, "bits", bit], message: `${type} has ${16 * words} bits` });
    }
  }
  if (range && range[0] > range[1]) fault("range", "must begin with the smaller number");
  const most = integerRange(type);
  const outside = absents.find((raw) => most && (raw < most.min || raw > most.max));
  if (outside !== undefined) fault("absent", `${outside} is no value of a ${type}`);
  return faults;
}

function referenceFaults(register: ResolvedRegister, registers: Registers): readonly DocumentFault[] {
  const { exponent, negative_when = {}, path, unit_id, name } = register;
  const faults: DocumentFault[] = [];
  const factor = exponent === undefined ? undefined : registers.get(exponent);
  if (exponent !== undefined && factor === undefined) {
    faults.push(unknownName([...path, "exponent"], "register", exponent, registers.keys()));
  }
  if (
    factor && (!["i16", "u16"].includes(factor.type) || factor.scale !== undefined || factor.exponent !== undefined)
  ) {
    faults.push({
      path: [...path, "exponent"],
      message: `${factor.name} must be a plain i16 or u16 to be a power of ten`,
    });
  }
  if (Object.keys(negative_when).length > 1) {
    faults.push({ path: [...path, "negative_when"], message: "names one register" });
  }
  for (const other of Object.keys(negative_when)) {
    const place = [...path, "negative_when", other];
    const teller = registers.get(other);
    if (teller === undefined) faults.push(unknownName(place, "register", other, registers.keys()));
    else if (teller.name === name) faults.push({ path: place, message: "a register does not tell its own direction" });
    else if (teller.unit_id !== unit_id) faults.push({ path: place, message: `${other} is of another unit id` });
  }
  return faults;
}

function roleFaults({ role, unit = "", path, type, counts }: ResolvedRegister): readonly DocumentFault[] {
  const traits = role === undefined ? undefined : ROLES.get(role);
  const faults: DocumentFault[] = [];
  if (traits === undefined) return faults;
  if (type === "string") faults.push({ path: [...path, "role"], message: "a string has no role" });
  const shown = shownUnit(unit).unit;
  const fits = shown === traits.unit || role === "power_limit" || (role?.endsWith("power_factor") && shown === "%") ||
    (role === "battery_capacity" && shown === "Ah");
  if (!fits) {
    faults.push({
      path: [...path, "unit"],
      message: `${role} is measured in ${traits.unit || "no unit"}, not ${shown || "none"}`,
    });
  }
  if (role?.endsWith("_total") && counts !== "lifetime") {
    faults.push({ path: [...path, "role"], message: `${role} says \`counts: lifetime\`` });
  }
  if (role?.endsWith("_today") && counts !== "day") {
    faults.push({ path: [...path, "role"], message: `${role} says \`counts: day\`` });
  }
  return faults;
}

/** A quantity with a direction says which one its plus is: that is never to be guessed. */
function signFaults({ role, positive, path, type, negative_when }: ResolvedRegister): readonly DocumentFault[] {
  const { positive: ends, ambiguous } = ROLES.get(role ?? "") ?? {};
  const { signed, kind } = traitsOf(type);
  if (positive === undefined) {
    const signs = signed === true || kind === "float" || negative_when !== undefined;
    if (!ambiguous || !ends || !signs) return [];
    return [{ path: [...path, "role"], message: `${role} needs \`positive\`: ${ends.join(" or ")}` }];
  }
  if (ends === undefined || positive === "abs" || ends.includes(positive)) return [];
  return [{ path: [...path, "positive"], message: `${role} is ${ends.join(" or ")}` }];
}

function repeatedRoles(registers: Registers, { derive }: Shape): readonly DocumentFault[] {
  const derived = Object.entries(derive).map(([name, { role }]) => ({ name, role, path: ["derive", name] }));
  const taken = new Map<string, string>();
  return [...registers.values(), ...derived].flatMap(({ name, role, path }) => {
    if (role === undefined || REPEATABLE_ROLES.includes(role)) return [];
    const other = taken.get(role);
    taken.set(role, other ?? name);
    return other === undefined ? [] : [{ path: [...path, "role"], message: `${other} is the ${role} already` }];
  });
}

import { FUNCTIONS, namesIn, parseExpression } from "../expression.ts";
import { resolutionsOf } from "../resolve.ts";
import { ROLES } from "../roles.ts";
import type { Shape } from "../shape.ts";
import { shownUnit } from "../unit.ts";
import { type DocumentFault, unknownName } from "./fault.ts";

/**
 * Computed values: arithmetic over what there is, with names of their own, and none by way of itself.
 *
 * @example
 * ```ts
 * import { ecowattDocument } from "../../ecowatt_document.ts";
 * derivedFaults(ecowattDocument); // => []
 * ```
 */
export function derivedFaults(shape: Shape): readonly DocumentFault[] {
  const parts = new Map<string, readonly string[]>();
  const known = new Set([
    ...Object.keys(shape.derive),
    ...resolutionsOf(shape).flatMap(({ registers }) => [...registers.keys()]),
  ]);
  const faults: DocumentFault[] = [];
  for (const [name, { is, role, unit = "", positive }] of Object.entries(shape.derive)) {
    const path = ["derive", name];
    const parsed = parseExpression(is);
    const clash = name in shape.registers || FUNCTIONS.some((one) => one === name);
    if (clash) {
      faults.push({ path, message: `${name} is a ${name in shape.registers ? "register" : "function"} already` });
    }
    if (!parsed.ok) faults.push({ path: [...path, "is"], message: parsed.detail });
    const names = parsed.ok ? namesIn(parsed.value) : [];
    parts.set(name, names);
    for (const part of names) if (!known.has(part)) faults.push(unknownName([...path, "is"], "register", part, known));
    const traits = role === undefined ? undefined : ROLES.get(role);
    if (traits && shownUnit(unit).unit !== traits.unit) {
      faults.push({ path: [...path, "unit"], message: `${role} is measured in ${traits.unit || "no unit"}` });
    }
    if (traits?.positive && traits.ambiguous && positive === undefined) {
      faults.push({ path: [...path, "role"], message: `${role} needs \`positive\`: ${traits.positive.join(" or ")}` });
    }
  }
  for (const name of parts.keys()) {
    if (reaches(name, name, parts)) {
      faults.push({ path: ["derive", name, "is"], message: `${name} would be computed from itself` });
    }
  }
  return faults;
}

function reaches(
  from: string,
  to: string,
  parts: ReadonlyMap<string, readonly string[]>,
  seen = new Set<string>(),
): boolean {
  return (parts.get(from) ?? []).some((part) => {
    if (part === to) return true;
    if (seen.has(part)) return false;
    seen.add(part);
    return reaches(part, to, parts, seen);
  });
}

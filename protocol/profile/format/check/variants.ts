import { rangesOf, type RawSet } from "../raw_set.ts";
import type { Shape } from "../shape.ts";
import { type DocumentFault, unknownName } from "./fault.ts";

/**
 * Variants: what tells them apart is a register that is there in all of them, and no value means two.
 *
 * @example
 * ```ts
 * import { ecowattDocument } from "../../ecowatt_document.ts";
 * variantFaults(ecowattDocument); // => []
 * ```
 */
export function variantFaults({ variants, registers }: Shape): readonly DocumentFault[] {
  if (variants === undefined) return [];
  const { by, of } = variants;
  const faults: DocumentFault[] = [];
  const teller = registers[by];
  if (teller === undefined) faults.push(unknownName(["variants", "by"], "register", by, Object.keys(registers)));
  else if (!["u16", "i16"].includes(teller.type)) {
    faults.push({ path: ["variants", "by"], message: `${by} must be a u16 or i16 to tell variants apart` });
  }
  const entries = Object.entries(of);
  if (entries.length === 0) faults.push({ path: ["variants", "of"], message: "must name at least one variant" });
  for (const [index, [name, { when, registers: changes }]] of entries.entries()) {
    const path = ["variants", "of", name];
    const other = entries.slice(0, index).find(([, one]) => overlap(one.when, when));
    if (other) faults.push({ path: [...path, "when"], message: `a value means ${other[0]} and ${name}` });
    for (const [register, change] of Object.entries(changes)) {
      const place = [...path, "registers", register];
      if (register === by) {
        faults.push({ path: place, message: `${by} tells the variants apart: it is the same in all` });
      }
      if (register in registers) continue;
      if (change === null) faults.push(unknownName(place, "register", register, Object.keys(registers)));
      else if (change.address === undefined || change.type === undefined) {
        faults.push({ path: place, message: `${register} is new here: it needs an address and a type` });
      }
    }
  }
  return faults;
}

function overlap(a: RawSet, b: RawSet): boolean {
  return rangesOf(a).some(([first, last]) => rangesOf(b).some(([from, to]) => first <= to && from <= last));
}

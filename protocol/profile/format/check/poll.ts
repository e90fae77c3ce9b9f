import { resolutionsOf } from "../resolve.ts";
import type { Shape } from "../shape.ts";
import { type DocumentFault, unknownName } from "./fault.ts";

/**
 * What is polled exists, can be read and stored, and is in one group.
 *
 * @example
 * ```ts
 * import { ecowattDocument } from "../../ecowatt_document.ts";
 * pollFaults(ecowattDocument); // => []
 * ```
 */
export function pollFaults(shape: Shape): readonly DocumentFault[] {
  const { fast = [], slow } = shape.poll;
  const groups = [
    { path: ["poll", "fast"], names: fast },
    { path: ["poll", "slow", "of"], names: slow?.of ?? [] },
  ];
  return resolutionsOf(shape).flatMap(({ variant, registers }) => {
    const all = shape.variants === undefined ? registers : new Map([...registers, ...elsewhere(shape, variant)]);
    const seen = new Set<string>();
    return groups.flatMap(({ path, names }) =>
      names.flatMap((name, index): readonly DocumentFault[] => {
        const place = [...path, index];
        const again = seen.has(name);
        seen.add(name);
        if (again) return [{ path: place, message: `${name} is polled already` }];
        if (name in shape.derive) return [{ path: place, message: `${name} is computed: poll what it is made of` }];
        if (!all.has(name)) return [unknownName(place, "register", name, all.keys())];
        const register = registers.get(name);
        if (register?.access === "write") return [{ path: place, message: `${name} can only be written` }];
        return register?.type === "string"
          ? [{ path: place, message: `${name} is a string: put it into \`identity\`` }]
          : [];
      })
    );
  });
}

/** Registers that only other variants have: they may be named, and are polled there. */
function elsewhere(shape: Shape, variant: string | undefined) {
  return resolutionsOf(shape).filter((one) => one.variant !== variant).flatMap(({ registers }) => [...registers]);
}

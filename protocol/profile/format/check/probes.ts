import type { ProbeDocument } from "../probe_document.ts";
import { traitsOf } from "../register_type.ts";
import { resolutionsOf } from "../resolve.ts";
import type { Shape } from "../shape.ts";
import { type DocumentFault, unknownName } from "./fault.ts";

/**
 * What a device is asked before it is believed: something that exists, with an answer that can be right or wrong.
 *
 * @example
 * ```ts
 * import { ecowattDocument } from "../../ecowatt_document.ts";
 * probeFaults(ecowattDocument); // => []
 * ```
 */
export function probeFaults(shape: Shape): readonly DocumentFault[] {
  const faults = (["detect", "fit"] as const).flatMap((list) =>
    shape[list].flatMap((probe, index) => faultsOf(probe, [list, index], shape))
  );
  const asked = shape.fit.length + shape.detect.length + (shape.variants ? 1 : 0);
  if (asked === 0) {
    faults.push({ path: ["fit"], message: "must say what holds for the device, or any other would be stored as one" });
  }
  return faults;
}

function faultsOf(probe: ProbeDocument, path: readonly PropertyKey[], shape: Shape): readonly DocumentFault[] {
  const faults: DocumentFault[] = [];
  const { any, between, matches } = probe;
  const type = "register" in probe ? typeOf(probe.register, shape) : probe.type;
  if ("register" in probe && type === undefined) {
    faults.push(unknownName([...path, "register"], "register", probe.register, Object.keys(shape.registers)));
  }
  if ("unit_id" in probe && probe.unit_id !== undefined && !(probe.unit_id in shape.link.units)) {
    faults.push(unknownName([...path, "unit_id"], "entry of link.units", probe.unit_id, Object.keys(shape.link.units)));
  }
  const given = [any, between, matches].filter((one) => one !== undefined).length;
  if (given !== 1) faults.push({ path, message: "must say one of any, between, matches" });
  const isText = type !== undefined && traitsOf(type).kind === "string";
  if (type !== undefined && isText !== (matches !== undefined) && given === 1) {
    faults.push({ path, message: isText ? "a string is told by `matches`" : "only a string has `matches`" });
  }
  if (!("register" in probe) && isText && probe.words === undefined) {
    faults.push({ path: [...path, "type"], message: "a string needs `words`" });
  }
  if (between && between[0] > between[1]) {
    faults.push({ path: [...path, "between"], message: "must begin with the smaller number" });
  }
  if (matches !== undefined && !isPattern(matches)) {
    faults.push({ path: [...path, "matches"], message: "is no regular expression" });
  }
  return faults;
}

function typeOf(name: string, shape: Shape) {
  for (const { registers } of resolutionsOf(shape)) {
    const register = registers.get(name);
    if (register) return register.type;
  }
  return undefined;
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, "u").source.length > 0;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

import type { ControlDocument } from "../control_document.ts";
import { namesIn, parseExpression } from "../expression.ts";
import { resolutionsOf, type ResolvedRegister } from "../resolve.ts";
import type { Shape } from "../shape.ts";
import { type DocumentFault, unknownName } from "./fault.ts";

type Registers = ReadonlyMap<string, ResolvedRegister>;
type Amount = number | string;

/**
 * What can be ordered: writes go to what can be written, what is read back can be read, and there is a way back.
 *
 * @example
 * ```ts
 * import { ecowattDocument } from "../../ecowatt_document.ts";
 * controlFaults(ecowattDocument); // => []
 * ```
 */
export function controlFaults(shape: Shape): readonly DocumentFault[] {
  return resolutionsOf(shape).flatMap(({ registers }) =>
    Object.entries(shape.controls).flatMap(([name, control]) => {
      const path = ["controls", name];
      return [
        ...stepFaults(control, registers, path),
        ...readFaults(control, registers, path),
        ...rangeFaults(control, registers, path),
        ...returnFaults(control, path),
      ];
    })
  );
}

function stepFaults(
  { set, undo, takes, choices }: ControlDocument,
  registers: Registers,
  path: readonly PropertyKey[],
) {
  const ordered = takes || choices ? ["value"] : [];
  const lists = [["set", set, ordered], ["undo", undo, ["before"]]] as const;
  return lists.flatMap(([list, steps, extra]) =>
    steps.flatMap((step, index): readonly DocumentFault[] => {
      const place = [...path, list, index];
      const [[name, amount] = ["", 0]] = Object.entries(step);
      if (name === "wait") return [];
      const target = registers.get(name);
      if (target === undefined) return [unknownName([...place, name], "register", name, registers.keys())];
      const { access = "read" } = target;
      const faults = amountFaults(amount, [...place, name], registers, extra);
      if (access === "read") {
        faults.push({ path: [...place, name], message: `${name} has no \`access: read_write\` or \`write\`` });
      }
      if (access === "write" && amount === "before") {
        faults.push({
          path: [...place, name],
          message: `${name} cannot be read: what stood there before is not known`,
        });
      }
      return faults;
    })
  );
}

/** `extra`: what may be named besides registers. */
function amountFaults(
  amount: Amount,
  path: readonly PropertyKey[],
  registers: Registers,
  extra: readonly string[],
): DocumentFault[] {
  if (typeof amount === "number") return [];
  const parsed = parseExpression(amount);
  if (!parsed.ok) return [{ path, message: parsed.detail }];
  return namesIn(parsed.value).filter((name) => !extra.includes(name) && !registers.has(name))
    .map((name) => unknownName(path, "register", name, [...registers.keys(), ...extra]));
}

function readFaults(
  { check, needs = {}, device_reverts }: ControlDocument,
  registers: Registers,
  path: readonly PropertyKey[],
) {
  const after = typeof device_reverts === "object" ? device_reverts.after : undefined;
  const timer = typeof after === "object" ? [[[...path, "device_reverts", "after"], after.seconds_in] as const] : [];
  const read = [
    ...check.map((name, index) => [[...path, "check", index], name] as const),
    ...Object.keys(needs).map((name) => [[...path, "needs", name], name] as const),
    ...timer,
  ];
  return read.flatMap(([place, name]): readonly DocumentFault[] => {
    const register = registers.get(name);
    if (register === undefined) return [unknownName(place, "register", name, registers.keys())];
    return register.access === "write" ? [{ path: place, message: `${name} can only be written` }] : [];
  });
}

function rangeFaults({ takes, choices }: ControlDocument, registers: Registers, path: readonly PropertyKey[]) {
  if (takes === undefined) return [];
  const faults = takes.range.flatMap((end, index) =>
    amountFaults(end, [...path, "takes", "range", index], registers, [])
  );
  const [least, most] = takes.range;
  if (typeof least === "number" && typeof most === "number" && least > most) {
    faults.push({ path: [...path, "takes", "range"], message: "must begin with the smaller number" });
  }
  if (choices) faults.push({ path: [...path, "choices"], message: "give takes or choices, not both" });
  return faults;
}

/** What is ordered must end: by the device's own timer, or by what the node writes. */
function returnFaults(
  { undo, device_reverts }: ControlDocument,
  path: readonly PropertyKey[],
): readonly DocumentFault[] {
  if (undo.length > 0 || typeof device_reverts === "object") return [];
  return [{ path, message: "has no way back: give `undo`, or `device_reverts` with its time" }];
}

import type { RegisterDocument } from "./register_document.ts";
import { traitsOf } from "./register_type.ts";
import type { Shape } from "./shape.ts";

/** A register with all that `defaults` and its variant say. */
export interface ResolvedRegister extends RegisterDocument {
  readonly name: string;
  readonly table: "holding" | "input" | "coil" | "discrete";
  readonly order: "high_first" | "low_first";
  readonly bytes: "normal" | "swapped";
  /** Raw values that mean that there is none, as numbers of the type. */
  readonly absents: readonly number[];
  /** Where its words are, the highest first where they do not adjoin; else the first. */
  readonly addresses: readonly number[];
  /** Words in all. */
  readonly length: number;
  /** How it is written; `undefined`: one word by 6, several by 16. */
  readonly writeFunction: 6 | 16 | undefined;
  /** Where the document says it. */
  readonly path: readonly PropertyKey[];
}

/** The registers of a device of one kind. */
export interface Resolution {
  readonly variant?: string;
  readonly registers: ReadonlyMap<string, ResolvedRegister>;
}

/**
 * What a document says of registers: once for each of its variants, or once.
 *
 * @example
 * ```ts
 * import { ecowattDocument } from "../ecowatt_document.ts";
 * resolutionsOf(ecowattDocument)[0].registers.get("Pac")?.table; // => "holding"
 * ```
 */
export function resolutionsOf(shape: Shape): readonly [Resolution, ...Resolution[]] {
  const [first, ...others] = Object.keys(shape.variants?.of ?? {});
  return [resolutionOf(shape, first), ...others.map((variant) => resolutionOf(shape, variant))];
}

function resolutionOf(shape: Shape, variant?: string): Resolution {
  const { defaults: more = {}, registers: changes = {} } = shape.variants?.of[variant ?? ""] ?? {};
  const defaults = { ...shape.defaults, ...more, absent: { ...shape.defaults.absent, ...more.absent } };
  const registers = new Map<string, ResolvedRegister>();
  for (const name of new Set([...Object.keys(shape.registers), ...Object.keys(changes)])) {
    const change = changes[name];
    if (change === null) continue;
    const { address, type, ...said } = { ...shape.registers[name], ...change };
    // A new register without these is told by the check of variants.
    if (address === undefined || type === undefined) continue;
    const path = change === undefined ? ["registers", name] : ["variants", "of", variant ?? "", "registers", name];
    registers.set(name, resolvedRegister({ ...said, address, type }, name, defaults, path));
  }
  return { ...(variant === undefined ? {} : { variant }), registers };
}

/**
 * A register with all that `defaults` say besides.
 *
 * @example
 * ```ts
 * const register = { address: 5, type: "i16", absent: 0x8000 } as const;
 * resolvedRegister(register, "W", {}, []).absents; // => [-32_768]
 * ```
 */
export function resolvedRegister(
  register: RegisterDocument,
  name: string,
  defaults: Shape["defaults"],
  path: readonly PropertyKey[],
): ResolvedRegister {
  const { address, type, words = 0 } = register;
  return {
    ...register,
    name,
    path,
    table: register.table ?? (type === "bit" ? "coil" : defaults.table ?? "holding"),
    order: register.order ?? defaults.order ?? "high_first",
    bytes: register.bytes ?? defaults.bytes ?? "normal",
    absents: absentsOf(register, defaults),
    addresses: typeof address === "number" ? [address] : address,
    length: type === "string" ? words : traitsOf(type).words,
    writeFunction: register.write?.function ?? defaults.write_function,
  };
}

/** As numbers of the type: 0x8000 of an i16 is -32768. */
function absentsOf({ type, absent }: RegisterDocument, { absent: byType = {} }: Shape["defaults"]): readonly number[] {
  if (absent === "none") return [];
  const usual: Readonly<Record<string, number | readonly number[] | undefined>> = byType;
  const { signed, words } = traitsOf(type);
  const half = 2 ** (16 * words - 1);
  return [absent ?? usual[type] ?? []].flat().map((raw) => signed && raw >= half ? raw - 2 * half : raw);
}

/**
 * The address of every word of a register.
 *
 * @example
 * ```ts
 * wordsOf({ addresses: [5], length: 2 }); // => [5, 6]
 * ```
 */
export function wordsOf({ addresses, length }: Pick<ResolvedRegister, "addresses" | "length">): readonly number[] {
  const [first = 0] = addresses;
  return addresses.length > 1 ? addresses : Array.from({ length }, (_, index) => first + index);
}

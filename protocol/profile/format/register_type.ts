import type { RegisterDocument } from "./register_document.ts";

type Type = RegisterDocument["type"];

/** What a type is made of. */
interface TypeTraits {
  readonly kind: "integer" | "float" | "bcd" | "bit" | "string";
  /** Words of 16 bits; a string says itself how many. */
  readonly words: number;
  readonly signed?: true;
}

const TRAITS: Readonly<Record<Type, TypeTraits>> = {
  bit: { kind: "bit", words: 1 },
  u16: { kind: "integer", words: 1 },
  i16: { kind: "integer", words: 1, signed: true },
  u32: { kind: "integer", words: 2 },
  i32: { kind: "integer", words: 2, signed: true },
  u64: { kind: "integer", words: 4 },
  i64: { kind: "integer", words: 4, signed: true },
  acc32: { kind: "integer", words: 2 },
  acc64: { kind: "integer", words: 4 },
  f32: { kind: "float", words: 2 },
  f64: { kind: "float", words: 4 },
  bcd16: { kind: "bcd", words: 1 },
  bcd32: { kind: "bcd", words: 2 },
  string: { kind: "string", words: 0 },
};

/**
 * @example
 * ```ts
 * traitsOf("u64").words; // => 4
 * ```
 */
export function traitsOf(type: Type): TypeTraits {
  return TRAITS[type];
}

/**
 * Smallest and largest raw value of an integer type; `undefined` for what is no integer.
 *
 * @example
 * ```ts
 * integerRange("i16"); // => { min: -32_768, max: 32_767 }
 * integerRange("f32"); // => undefined
 * ```
 */
export function integerRange(type: Type): { readonly min: number; readonly max: number } | undefined {
  const { kind, words, signed } = TRAITS[type];
  if (kind !== "integer" && kind !== "bcd") return undefined;
  const bits = 16 * words;
  if (kind === "bcd") return { min: 0, max: 10 ** (bits / 4) - 1 };
  return signed ? { min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 } : { min: 0, max: 2 ** bits - 1 };
}

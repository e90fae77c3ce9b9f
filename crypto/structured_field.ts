import { type Bytes, fromBase64, toBase64 } from "./bytes.ts";

/** A bare item (RFC 8941 section 3.3). Decimals are refused: no field of ours has one. */
export type BareItem =
  | { readonly kind: "integer"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "token"; readonly value: string }
  | { readonly kind: "bytes"; readonly value: Bytes }
  | { readonly kind: "boolean"; readonly value: boolean };

/** Parameters in the order of the field (RFC 8941 section 3.1.2). */
export type Parameters = ReadonlyMap<string, BareItem>;

/** A bare item with its parameters. */
export interface Item {
  readonly kind: "item";
  readonly item: BareItem;
  readonly parameters: Parameters;
}

/** Items in parentheses, with parameters of the whole. */
export interface InnerList {
  readonly kind: "list";
  readonly items: readonly Item[];
  readonly parameters: Parameters;
}

/** The members of a dictionary field by key. */
export type Dictionary = ReadonlyMap<string, Item | InnerList>;

const NO_PARAMETERS: Parameters = new Map();
const TRUE: BareItem = { kind: "boolean", value: true };

/**
 * Parses a dictionary (RFC 8941 section 4.2.2); `undefined` when it is longer than `maxLength` characters or not well
 * formed. Stricter than the RFC: a key that comes twice is refused, where the RFC lets the last one win.
 *
 * @example
 * ```ts
 * const dictionary = parseDictionary("a=1, b=:AAEC:", 100);
 * [...dictionary?.keys() ?? []]; // => ["a", "b"]
 * parseDictionary("a=", 100); // => undefined
 * ```
 */
export function parseDictionary(text: string, maxLength: number): Dictionary | undefined {
  if (text.length > maxLength) return undefined;
  return new Reader(text.replace(/^ +| +$/g, "")).dictionary();
}

/**
 * Serialises parameters (RFC 8941 section 4.1.1.2).
 *
 * @example
 * ```ts
 * serialiseParameters(new Map([["created", { kind: "integer", value: 5 }]])); // => ";created=5"
 * ```
 */
export function serialiseParameters(parameters: Parameters): string {
  let text = "";
  if (parameters.size === 0) return text;
  for (const [key, value] of parameters) text += `;${key}${serialiseValue(value)}`;
  return text;
}

/**
 * Serialises an item with its parameters (RFC 8941 section 4.1.3).
 *
 * @example
 * ```ts
 * serialiseItem({ kind: "item", item: { kind: "string", value: "@path" }, parameters: new Map() }); // => '"@path"'
 * ```
 */
export function serialiseItem({ item, parameters }: Item): string {
  return serialiseBareItem(item) + serialiseParameters(parameters);
}

/**
 * Serialises an inner list (RFC 8941 section 4.1.1.1).
 *
 * @example
 * ```ts
 * const path = { kind: "item", item: { kind: "string", value: "@path" }, parameters: new Map() } as const;
 * serialiseInnerList({ kind: "list", items: [path], parameters: new Map() }); // => '("@path")'
 * ```
 */
export function serialiseInnerList({ items, parameters }: InnerList): string {
  return `(${items.map(serialiseItem).join(" ")})${serialiseParameters(parameters)}`;
}

/**
 * Serialises what a key of a dictionary stands for, by itself: an item or an inner list, with its parameters.
 *
 * @example
 * ```ts
 * const member = parseDictionary("a=1, d;x=2", 100)?.get("d");
 * member && serialiseMember(member); // => "?1;x=2"
 * ```
 */
export function serialiseMember(member: Item | InnerList): string {
  return member.kind === "list" ? serialiseInnerList(member) : serialiseItem(member);
}

/**
 * Serialises a dictionary (RFC 8941 section 4.1.2).
 *
 * @example
 * ```ts
 * const one = { kind: "item", item: { kind: "integer", value: 1 }, parameters: new Map() } as const;
 * serialiseDictionary(new Map([["a", one]])); // => "a=1"
 * ```
 */
export function serialiseDictionary(dictionary: Dictionary): string {
  return Array.from(dictionary, ([key, member]) => {
    if (member.kind === "list") return `${key}=${serialiseInnerList(member)}`;
    return key + serialiseValue(member.item) + serialiseParameters(member.parameters);
  }).join(", ");
}

/** `=value` after a key; nothing for true. */
function serialiseValue(item: BareItem): string {
  return item.kind === "boolean" && item.value ? "" : `=${serialiseBareItem(item)}`;
}

function serialiseBareItem(item: BareItem): string {
  switch (item.kind) {
    case "integer":
      return String(item.value);
    case "string":
      return `"${escaped(item.value)}"`;
    case "token":
      return item.value;
    case "bytes":
      return `:${toBase64(item.value)}:`;
    case "boolean":
      return item.value ? "?1" : "?0";
  }
}

/** Hardly any string has something to escape, and looking is cheaper than replacing. */
function escaped(text: string): string {
  return text.includes('"') || text.includes("\\") ? text.replace(/["\\]/g, "\\$&") : text;
}

const KEY = /[a-z*][a-z0-9_.*-]*/y;
const INTEGER = /-?[0-9]{1,15}(?![0-9.])/y;
const STRING = /"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y;
const TOKEN = /[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*/y;
const BYTES = /:([A-Za-z0-9+/]*={0,2}):/y;
const BOOLEAN = /\?([01])/y;
const COMMA = /[ \t]*,[ \t]*(?=.)/y;
const SPACES = / */y;

/** Reads one field from left to right. Every method gives `undefined`, once and for all, at the first wrong character. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  dictionary(): Dictionary | undefined {
    const members = new Map<string, Item | InnerList>();
    if (this.#text === "") return members;
    do {
      const key = this.#match(KEY)?.[0];
      if (key === undefined || members.has(key)) return undefined;
      const member = this.#member();
      if (member === undefined) return undefined;
      members.set(key, member);
    } while (this.#match(COMMA));
    return this.#at === this.#text.length ? members : undefined;
  }

  #member(): Item | InnerList | undefined {
    if (this.#skip("=")) return this.#skip("(") ? this.#innerList() : this.#item();
    const parameters = this.#parameters();
    return parameters && { kind: "item", item: TRUE, parameters };
  }

  #innerList(): InnerList | undefined {
    const items: Item[] = [];
    this.#match(SPACES);
    while (!this.#skip(")")) {
      const item = this.#item();
      if (item === undefined || !this.#separated()) return undefined;
      items.push(item);
    }
    const parameters = this.#parameters();
    return parameters && { kind: "list", items, parameters };
  }

  /** Between two items of an inner list there is a space; after the last one there may be. */
  #separated(): boolean {
    return this.#match(SPACES)?.[0] !== "" || this.#text[this.#at] === ")";
  }

  #item(): Item | undefined {
    const item = this.#bareItem();
    const parameters = item && this.#parameters();
    return parameters && { kind: "item", item, parameters };
  }

  #parameters(): Parameters | undefined {
    if (this.#text[this.#at] !== ";") return NO_PARAMETERS;
    const parameters = new Map<string, BareItem>();
    while (this.#skip(";")) {
      this.#match(SPACES);
      const key = this.#match(KEY)?.[0];
      if (key === undefined || parameters.has(key)) return undefined;
      const value = this.#skip("=") ? this.#bareItem() : TRUE;
      if (value === undefined) return undefined;
      parameters.set(key, value);
    }
    return parameters;
  }

  #bareItem(): BareItem | undefined {
    const first = this.#text[this.#at];
    if (first === undefined) return undefined;
    if (first === '"') return this.#string();
    if (first === ":") return this.#bytes();
    if (first === "?") {
      const digit = this.#match(BOOLEAN)?.[1];
      return digit === undefined ? undefined : { kind: "boolean", value: digit === "1" };
    }
    if (/[-0-9]/.test(first)) {
      const digits = this.#match(INTEGER)?.[0];
      return digits === undefined ? undefined : { kind: "integer", value: Number(digits) + 0 }; // -0 is 0
    }
    const token = this.#match(TOKEN)?.[0];
    return token === undefined ? undefined : { kind: "token", value: token };
  }

  #string(): BareItem | undefined {
    const inside = this.#match(STRING)?.[1];
    if (inside === undefined) return undefined;
    return { kind: "string", value: inside.includes("\\") ? inside.replace(/\\(.)/g, "$1") : inside };
  }

  #bytes(): BareItem | undefined {
    const text = this.#match(BYTES)?.[1] ?? "?";
    const value = fromBase64(text);
    if (value === undefined || toBase64(value) !== text) return undefined; // the RFC lets spare bits be anything
    return { kind: "bytes", value };
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }
}

import { type Outcome, refusal, success } from "../../outcome.ts";

/** Arithmetic over named numbers. There is nothing in it that could loop. */
export type Expression =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "call"; readonly call: Call; readonly of: readonly Expression[] };

/** Gives a number by its name; `undefined`: it is not known. */
type NumberOf = (name: string) => number | undefined;

const CALLS = {
  "+": ([a = 0, b = 0]) => a + b,
  "-": ([a = 0, b = 0]) => a - b,
  "*": ([a = 0, b = 0]) => a * b,
  "/": ([a = 0, b = 0]) => a / b,
  min: (numbers) => Math.min(...numbers),
  max: (numbers) => Math.max(...numbers),
  abs: ([a = 0]) => Math.abs(a),
  first: ([a = 0]) => a,
} as const satisfies Readonly<Record<string, (numbers: readonly number[]) => number>>;
type Call = keyof typeof CALLS;

const TOKEN = /\s*(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z][A-Za-z0-9_]*)|([-+*/(),]))/y;
/** Names that are functions and no registers. */
export const FUNCTIONS = ["min", "max", "abs", "first"] as const satisfies readonly Call[];
const MAX_DEPTH = 32;

/**
 * Reads arithmetic: numbers, names, + - * / and brackets, min(…), max(…), abs(x), and first(a, b, …), which is the first
 * that is known.
 *
 * @example
 * ```ts
 * const parsed = parseExpression("Pv - max(0, Grid)");
 * parsed.ok && evaluate(parsed.value, (name) => ({ Pv: 500, Grid: -200 })[name]); // => 500
 * parseExpression("Pv -").ok; // => false
 * ```
 */
export function parseExpression(text: string): Outcome<Expression, "syntax"> {
  const tokens = tokensOf(text);
  if (tokens === undefined) return refusal("syntax", `"${text}" has a character that means nothing here`);
  try {
    const reader = new Reader(tokens);
    const expression = reader.sum(0);
    return reader.rest === undefined ? success(expression) : refusal("syntax", `"${reader.rest}" is not expected here`);
  } catch (error) {
    if (error instanceof SyntaxFault) return refusal("syntax", error.message);
    throw error;
  }
}

/**
 * The number that it comes to; `undefined` when a part is not known or it is no number.
 *
 * @example
 * ```ts
 * const parsed = parseExpression("first(a, b) / 2");
 * parsed.ok && evaluate(parsed.value, (name) => name === "b" ? 5 : undefined); // => 2.5
 * ```
 */
export function evaluate(expression: Expression, numberOf: NumberOf): number | undefined {
  switch (expression.kind) {
    case "number":
      return expression.value;
    case "name":
      return numberOf(expression.name);
    case "call": {
      const { call, of } = expression;
      const all = of.map((part) => evaluate(part, numberOf));
      const known = all.filter((part) => part !== undefined);
      if (known.length < (call === "first" ? 1 : all.length)) return undefined;
      const value = CALLS[call](known);
      return Number.isFinite(value) ? value : undefined;
    }
    default:
      return expression satisfies never;
  }
}

/**
 * The names in it, each once.
 *
 * @example
 * ```ts
 * const parsed = parseExpression("a + b * a");
 * parsed.ok && namesIn(parsed.value); // => ["a", "b"]
 * ```
 */
export function namesIn(expression: Expression): readonly string[] {
  if (expression.kind === "name") return [expression.name];
  return expression.kind === "call" ? [...new Set(expression.of.flatMap(namesIn))] : [];
}

class SyntaxFault extends Error {}

function tokensOf(text: string): readonly string[] | undefined {
  const tokens: string[] = [];
  const trimmed = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const match = TOKEN.exec(trimmed);
    if (match === null) return undefined;
    tokens.push(match[1] ?? match[2] ?? match[3] ?? "");
  }
  return tokens;
}

/** Recursive descent: a sum is made of products, a product of signed parts. */
class Reader {
  readonly #tokens: readonly string[];
  #next = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  get rest(): string | undefined {
    return this.#tokens[this.#next];
  }

  sum(depth: number): Expression {
    return this.#chain(["+", "-"], () => this.#product(depth + 1));
  }

  #product(depth: number): Expression {
    return this.#chain(["*", "/"], () => this.#part(depth));
  }

  #chain(signs: readonly ("+" | "-" | "*" | "/")[], part: () => Expression): Expression {
    let left = part();
    for (let sign = this.#take(signs); sign !== undefined; sign = this.#take(signs)) {
      left = { kind: "call", call: sign, of: [left, part()] };
    }
    return left;
  }

  #part(depth: number): Expression {
    if (depth > MAX_DEPTH) throw new SyntaxFault("too many brackets in one another");
    if (this.#take(["-"])) {
      return { kind: "call", call: "-", of: [{ kind: "number", value: 0 }, this.#part(depth + 1)] };
    }
    if (this.#take(["("])) {
      const inner = this.sum(depth + 1);
      this.#expect(")");
      return inner;
    }
    const token = this.#tokens[this.#next++];
    if (token === undefined) throw new SyntaxFault("it ends too early");
    if (/^\d/.test(token)) return { kind: "number", value: Number(token) };
    if (!/^[A-Za-z]/.test(token)) throw new SyntaxFault(`"${token}" is not expected here`);
    return this.#take(["("]) ? this.#called(token, depth) : { kind: "name", name: token };
  }

  #called(name: string, depth: number): Expression {
    const call = FUNCTIONS.find((known) => known === name);
    if (call === undefined) throw new SyntaxFault(`there is no function ${name}; there are ${FUNCTIONS.join(", ")}`);
    const of = [this.sum(depth + 1)];
    while (this.#take([","])) of.push(this.sum(depth + 1));
    this.#expect(")");
    if (call === "abs" && of.length !== 1) throw new SyntaxFault("abs takes one number");
    return { kind: "call", call, of };
  }

  #take<T extends string>(tokens: readonly T[]): T | undefined {
    const found = tokens.find((token) => token === this.rest);
    if (found !== undefined) this.#next++;
    return found;
  }

  #expect(token: string): void {
    if (this.#take([token]) === undefined) throw new SyntaxFault(`"${token}" is missing`);
  }
}

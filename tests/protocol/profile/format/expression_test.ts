import assert from "node:assert/strict";
import fc from "fast-check";
import { evaluate, parseExpression } from "../../../../protocol/profile/format/expression.ts";

function valueOf(text: string, numbers: Readonly<Record<string, number>> = {}): number | undefined {
  const parsed = parseExpression(text);
  assert.ok(parsed.ok, text);
  return evaluate(parsed.value, (name) => numbers[name]);
}

Deno.test("arithmetic is done as at school", () => {
  const table: readonly [string, number][] = [
    ["1 + 2 * 3", 7],
    ["(1 + 2) * 3", 9],
    ["10 - 4 - 3", 3],
    ["-2 * -3", 6],
    ["2 - -3", 5],
    ["8 / 4 / 2", 1],
    ["max(1, 5, 3) - min(4, 2)", 3],
    ["abs(0 - 7.5e1)", 75],
    ["a + b", 12],
  ];
  for (const [text, value] of table) assert.equal(valueOf(text, { a: 5, b: 7 }), value, text);
});

Deno.test("it is unknown when a part is, unless that part is not needed", () => {
  assert.equal(valueOf("a + 1"), undefined);
  assert.equal(valueOf("max(a, 1)"), undefined);
  assert.equal(valueOf("1 / 0"), undefined);
  assert.equal(valueOf("first(a, b)", { b: 2 }), 2);
  assert.equal(valueOf("first(a, b)"), undefined);
});

Deno.test("what is no arithmetic is refused, whatever it is", () => {
  for (const text of ["", "1 +", "(1", "1)", "a b", "2 ** 3", "sin(1)", "max()", "abs(1, 2)", "a;b", "(".repeat(99)]) {
    assert.equal(parseExpression(text).ok, false, text);
  }
  fc.assert(fc.property(fc.string(), (text) => typeof parseExpression(text).ok === "boolean"));
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { utf8 } from "../../crypto/bytes.ts";
import {
  type BareItem,
  type Dictionary,
  type Item,
  type Parameters,
  parseDictionary,
  serialiseDictionary,
} from "../../crypto/structured_field.ts";

/** Objects as the parser makes them, not with a null prototype. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}

const key = fc.stringMatching(/^[a-z*][a-z0-9_.*-]{0,9}$/);
const bareItem: fc.Arbitrary<BareItem> = fc.oneof(
  record({
    kind: fc.constant("integer" as const),
    value: fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 }),
  }),
  record({ kind: fc.constant("string" as const), value: fc.string({ unit: "grapheme-ascii", maxLength: 12 }) }),
  record({
    kind: fc.constant("token" as const),
    value: fc.stringMatching(/^[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]{0,9}$/),
  }),
  record({
    kind: fc.constant("bytes" as const),
    value: fc.uint8Array({ maxLength: 12 }).map((bytes) => Uint8Array.from(bytes)),
  }),
  record({ kind: fc.constant("boolean" as const), value: fc.boolean() }),
);
const parameters: fc.Arbitrary<Parameters> = fc.array(fc.tuple(key, bareItem), { maxLength: 3 }).map((pairs) =>
  new Map(pairs)
);
const item: fc.Arbitrary<Item> = record({ kind: fc.constant("item" as const), item: bareItem, parameters });
const list = record({ kind: fc.constant("list" as const), items: fc.array(item, { maxLength: 4 }), parameters });
const dictionary: fc.Arbitrary<Dictionary> = fc.array(fc.tuple(key, fc.oneof(item, list)), { maxLength: 4 }).map((
  pairs,
) => new Map(pairs));

Deno.test("a dictionary is read as it was written", () => {
  fc.assert(fc.property(dictionary, (written) => {
    assert.deepEqual(parseDictionary(serialiseDictionary(written), 10_000), written);
  }));
});

Deno.test("noise is refused or means what it is written back as; it never throws", () => {
  const noise = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.string({ unit: fc.constantFrom(...'ab=;:,()?"\\ \t-01*=A/'), maxLength: 40 }),
  );
  fc.assert(
    fc.property(noise, (text) => {
      const parsed = parseDictionary(text, 1000);
      if (parsed) assert.deepEqual(parseDictionary(serialiseDictionary(parsed), 10_000), parsed);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("dictionaries of RFC 8941 section 3.2 are read", () => {
  assert.equal(
    serialiseDictionary(parseDictionary('en="Applepie", da=:w4ZibGV0w6ZydGU=:', 100) ?? new Map()),
    'en="Applepie", da=:w4ZibGV0w6ZydGU=:',
  );
  assert.deepEqual(
    parseDictionary("a=?0, b, c; foo=bar", 100),
    new Map<string, Item>([
      ["a", { kind: "item", item: { kind: "boolean", value: false }, parameters: new Map() }],
      ["b", { kind: "item", item: { kind: "boolean", value: true }, parameters: new Map() }],
      ["c", {
        kind: "item",
        item: { kind: "boolean", value: true },
        parameters: new Map([["foo", { kind: "token", value: "bar" }]]),
      }],
    ]),
  );
  assert.equal(serialiseDictionary(parseDictionary("  a=( 1  tok );x=1  ", 100) ?? new Map()), "a=(1 tok);x=1");
  assert.deepEqual(parseDictionary("", 100), new Map());
  const zero = parseDictionary("a=-0", 100)?.get("a");
  assert.ok(zero?.kind === "item" && Object.is(zero.item.value, 0), "-0 is 0");
  const escaped = parseDictionary('a="\\"\\\\"', 100)?.get("a");
  assert.ok(escaped?.kind === "item");
  assert.deepEqual(escaped.item, { kind: "string", value: '"\\' });
  assert.deepEqual(parseDictionary("a=:aGVsbG8=:", 100)?.get("a"), {
    kind: "item",
    item: { kind: "bytes", value: utf8("hello") },
    parameters: new Map(),
  });
});

Deno.test("what is not a dictionary, or ambiguous, is refused", async (t) => {
  const wrong: readonly string[] = [
    ",",
    "a,",
    "a=1,",
    "a=1 b=2",
    "A=1",
    "1a=1",
    "=1",
    "a=",
    "a=1, a=2",
    "a=1;x;x",
    "a=1;X",
    "a=1;",
    "a=(",
    "a=(1",
    'a=("b""c")',
    "a=(1,2)",
    "a=((1))",
    'a="b',
    "a='b'",
    'a="\\b"',
    'a="\u00e9"',
    'a="\n"',
    "a=1.5",
    "a=1.",
    "a=-",
    "a=1234567890123456",
    "a=:aGVsbG8:",
    "a=:aGVsbG9=:",
    "a=:a:",
    "a=:aGVs bG8=:",
    "a=:aGVsbG8=",
    "a=?2",
    "a=?",
    "a=@1659578233",
    "\ta=1",
    "a =1",
    "a= 1",
  ];
  for (const text of wrong) {
    await t.step(JSON.stringify(text), () => assert.equal(parseDictionary(text, 100), undefined));
  }
  assert.equal(parseDictionary(`a="${"x".repeat(96)}"`, 99), undefined);
});

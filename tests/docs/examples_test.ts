import assert from "node:assert/strict";
import { exportsOf, isSlow, libraries, testExamples } from "./examples.ts";

Deno.test("every function of these libraries that others can use shows in its comment how", () => {
  const all = libraries.flatMap((page) => exportsOf(page).map((one) => ({ path: page.path, ...one })));
  assert.ok(all.length > 150, `${all.length} functions`);
  const wanting = all.filter(({ isFunction }) => isFunction).filter(({ name, example }) =>
    !example?.some((line) => line.includes(" // => ")) || !new RegExp(`\\b${name}\\b`).test(example.join("\n"))
  );
  assert.deepEqual(wanting.map(({ path, name }) => `${path}: ${name}`), []);
  const long = all.filter(({ example = [] }) => example.length > 16 || example.some((line) => line.length > 117));
  assert.deepEqual(long.map(({ path, name }) => `${path}: ${name}`), []);
});

testExamples(libraries.filter((page) => !isSlow(page)));

import assert from "node:assert/strict";
import { BoundedMap } from "../../platform/bounded_map.ts";

Deno.test("beyond its limit a map forgets what was set longest ago", () => {
  const map = new BoundedMap<string, number>(2);
  map.set("one", 1);
  map.set("two", 2);
  map.set("one", 11); // counts as new
  map.set("three", 3);
  assert.deepEqual([map.get("one"), map.get("two"), map.get("three"), map.size], [11, undefined, 3, 2]);
});

Deno.test("what is taken out makes room, and an undefined value is an entry", () => {
  const map = new BoundedMap<string, number | undefined>(2);
  map.set("one", 1);
  map.set("two", undefined);
  assert.deepEqual([map.take("one"), map.take("one"), map.has("two"), map.size], [1, undefined, true, 1]);
  map.set("three", 3);
  assert.deepEqual([map.has("two"), map.get("three")], [true, 3]);
});

Deno.test("a thousand entries never take more room than the limit", () => {
  const map = new BoundedMap<number, number>(7);
  for (let i = 0; i < 1_000; i++) {
    map.set(i, i);
    assert.ok(map.size <= 7);
  }
  assert.deepEqual([map.has(992), map.has(993), map.has(999)], [false, true, true]);
});

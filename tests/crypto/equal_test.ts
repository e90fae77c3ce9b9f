import assert from "node:assert/strict";
import fc from "fast-check";
import { equalInConstantTime } from "../../crypto/equal.ts";

Deno.test("secrets are equal when all their bytes are, also where they are parts of larger buffers", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 64 }), (a, b) => {
    assert.equal(equalInConstantTime(a, b), a.join() === b.join());
    assert.ok(equalInConstantTime(a, Uint8Array.from([0, ...a, 0]).subarray(1, 1 + a.length)));
  }));
});

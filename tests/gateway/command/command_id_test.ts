import assert from "node:assert/strict";
import { newCommandId } from "../../../gateway/command/command_id.ts";
import { systemRandom } from "../../../platform/random.ts";

Deno.test("the id of a command fits into an address and onto a command line, whatever the randomness", () => {
  for (let byte = 0; byte < 256; byte++) {
    const id = newCommandId({ bytes: (length) => new Uint8Array(length).fill(byte) });
    assert.match(id, /^[A-Za-z0-9_][A-Za-z0-9_-]{11}$/, `made of ${byte}`);
  }
});

Deno.test("no id comes twice", () => {
  const ids = Array.from({ length: 10_000 }, () => newCommandId(systemRandom));
  assert.equal(new Set(ids).size, ids.length);
});

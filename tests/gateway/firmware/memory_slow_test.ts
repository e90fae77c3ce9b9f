import assert from "node:assert/strict";
import { mostMemory } from "../../fakes/live_memory.ts";

Deno.test("an image of 96 MiB is never in memory as a whole, coming in or going out, as one of 8 MiB shows", async () => {
  const mib = 2 ** 20;
  const script = new URL("measured_upload.ts", import.meta.url);
  const [small, large] = [await mostMemory(script, 8 * mib), await mostMemory(script, 96 * mib)];
  // A copy of the image would be 88 MiB at least; what the allocator keeps of pieces that are freed is some 55.
  assert.ok(large - small < 80 * mib, `${large} and ${small} bytes`);
});

import assert from "node:assert/strict";
import { mostMemory } from "../../fakes/live_memory.ts";

Deno.test("an image of 96 MiB takes no more memory, coming in and going out, than one of 8 MiB", async () => {
  const mib = 2 ** 20;
  const script = new URL("measured_upload.ts", import.meta.url);
  const [small, large] = [await mostMemory(script, 8 * mib), await mostMemory(script, 96 * mib)];
  assert.ok(large - small < 32 * mib, `${large} and ${small} bytes`);
});

import assert from "node:assert/strict";
import { mostMemory } from "../../fakes/live_memory.ts";

Deno.test("an image of 32 MiB takes no more memory on its way in than one of 4 MiB", async () => {
  const mib = 2 ** 20;
  const script = new URL("measured_upload.ts", import.meta.url);
  const [small, large] = [await mostMemory(script, 4 * mib), await mostMemory(script, 32 * mib)];
  assert.ok(large - small < 4 * mib, `${large} and ${small} bytes`);
});

import assert from "node:assert/strict";
import { mostMemory } from "../../fakes/live_memory.ts";

const MIB = 2 ** 20;

Deno.test("an image of 32 MiB takes no more memory than one of 4 MiB", async () => {
  const script = new URL("measured_download.ts", import.meta.url);
  const [small, large] = [await mostMemory(script, 4 * MIB), await mostMemory(script, 32 * MIB)];
  assert.ok(large - small < 4 * MIB, `${large} and ${small} bytes`);
});

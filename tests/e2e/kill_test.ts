import { killAtRandom } from "./killed_site.ts";

Deno.test("15 times kill -9 behind a faulty line with a stranger on it: nothing is lost, doubled, run twice or taken again", async () => {
  const [seed = 1] = crypto.getRandomValues(new Uint32Array(1));
  try {
    await killAtRandom(15, seed);
  } catch (cause) {
    throw new Error(`seed ${seed}`, { cause });
  }
});

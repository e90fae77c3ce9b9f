import { killAtRandom } from "./killed_site.ts";

Deno.test("30 times kill -9 of node or gateway while uploading: every polled sample is stored exactly once", async () => {
  await killAtRandom(30, Math.random);
});

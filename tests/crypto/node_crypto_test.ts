import assert from "node:assert/strict";
import { sources } from "../docs/text.ts";

Deno.test("node:crypto is used for the incremental hash and the constant-time comparison, and nowhere else", async () => {
  const users = (await sources()).filter(({ path, text }) =>
    /\.tsx?$/.test(path) && /["'](?:node:)?crypto["']/.test(text)
  ).map(({ path }) => path);
  const own = users.filter((path) => !path.startsWith("tests/") && !path.startsWith("bench/")).toSorted();
  assert.deepEqual(own, ["crypto/equal.ts", "crypto/sha256.ts"]);
});

Deno.test("each use of node:crypto has its reason beside it", async () => {
  for (const path of ["crypto/equal.ts", "crypto/sha256.ts"]) {
    const text = await Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
    assert.match(text, /^\/\/ Web Crypto .+\nimport \{ \w+ \} from "node:crypto";$/m, path);
  }
});

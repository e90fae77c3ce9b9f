import assert from "node:assert/strict";
import { z } from "zod";
import { fromHex } from "../../../crypto/bytes.ts";
import { decodeBlock, encodeBlock } from "../../../protocol/block/block.ts";

const document = Deno.readTextFileSync(new URL("../../../docs/block-format.md", import.meta.url));

/** The content of the document's only fenced block of a language. */
function fenced(language: string): string {
  const parts = document.split(`\`\`\`${language}\n`);
  assert.equal(parts.length, 2);
  return parts[1]?.split("```")[0] ?? "";
}

Deno.test("the example in docs/block-format.md is what the codec writes and reads", () => {
  const values = z.array(z.int().nullable().transform((value) => value ?? undefined));
  const samples = z.array(z.object({ at: z.int(), values })).parse(JSON.parse(fenced("json")));
  const bytes = fromHex(fenced("hex").replaceAll(/\s/g, ""));
  assert.ok(bytes);
  assert.deepEqual(encodeBlock({ samples }), bytes);
  const decoded = decodeBlock(bytes);
  assert.ok(decoded.ok);
  assert.deepEqual(decoded.value, samples);
});

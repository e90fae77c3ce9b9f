import assert from "node:assert/strict";
import fc from "fast-check";
import { pathAndQuery } from "../../crypto/message_signature.ts";

Deno.test("path and query are those of the URL, for whatever URL there is", () => {
  fc.assert(fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (text) => {
    const url = new URL(text);
    assert.deepEqual(pathAndQuery(url.href), { path: url.pathname, query: url.search || "?" });
  }));
});

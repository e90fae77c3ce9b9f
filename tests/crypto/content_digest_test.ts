import assert from "node:assert/strict";
import fc from "fast-check";
import { utf8 } from "../../crypto/bytes.ts";
import { contentDigest, isContentDigest, verifyContentDigest } from "../../crypto/content_digest.ts";

/** RFC 9530 section 2 and appendices B.1 and D (the body of section 2 ends with a line feed), and an empty body. */
const VECTORS: readonly [body: string, field: string][] = [
  ['{"hello": "world"}\n', "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"],
  ['{"hello": "world"}', "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"],
  ["", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"],
];

Deno.test("Content-Digest is that of RFC 9530's examples", () => {
  for (const [body, field] of VECTORS) {
    assert.equal(contentDigest(utf8(body)), field);
    assert.ok(isContentDigest(field));
    assert.ok(verifyContentDigest(field, utf8(body)));
    assert.equal(verifyContentDigest(field, utf8(`${body} `)), false);
  }
});

Deno.test("a digest verifies for its body, and for no body with one bit changed", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), fc.nat(), (body, at) => {
    const field = contentDigest(body);
    assert.ok(isContentDigest(field) && verifyContentDigest(field, body));
    const bit = at % (8 * body.length);
    body[bit >> 3] = (body[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(verifyContentDigest(field, body), false);
  }));
});

Deno.test("a field that is not one SHA-256 digest is refused", async (t) => {
  const good = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
  const wrong: readonly [string, string][] = [
    ["empty", ""],
    ["another algorithm", "sha-512=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"],
    ["another algorithm beside it", `${good}, md5=:X48E9qOokqqrvdts8nOJRA==:`],
    ["twice, two lines joined", `${good}, ${good}`],
    ["a parameter", `${good};x=1`],
    ["upper case", good.toUpperCase()],
    ["hex", `sha-256=${"ab".repeat(32)}`],
    ["a string", 'sha-256="X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="'],
    ["the old Digest syntax", "SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="],
    ["no colons", good.replaceAll(":", "")],
    ["cut", "sha-256=:X48E9qOokqqrvdts8nOJRA==:"],
    ["a list", `sha-256=(${good.slice(8)})`],
    ["the same bytes, written otherwise", good.replace("PE=", "PF=")],
    ["too long", `${good}${" ".repeat(100)}`],
  ];
  for (const [name, field] of wrong) {
    await t.step(name, () => {
      assert.equal(isContentDigest(field), false);
      assert.equal(verifyContentDigest(field, utf8('{"hello": "world"}')), false);
    });
  }
});

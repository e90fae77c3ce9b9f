import assert from "node:assert/strict";
import { concat, fromBase64, fromHex, toBase64, toHex, utf8 } from "../../crypto/bytes.ts";

Deno.test("hex is read in either case, whole bytes only", () => {
  assert.deepEqual(fromHex("00ffAb"), Uint8Array.of(0, 255, 171));
  assert.deepEqual(fromHex(""), new Uint8Array());
  for (const text of ["0", "00f", "0g", "0x00", " 00", "00\n", "é0"]) assert.equal(fromHex(text), undefined, text);
  assert.equal(toHex(Uint8Array.of(0, 15, 255)), "000fff");
});

Deno.test("Base64 is read with its padding only", () => {
  for (const [text, bytes] of [["", ""], ["aA==", "h"], ["aGk=", "hi"], ["aGkh", "hi!"]] as const) {
    assert.deepEqual(fromBase64(text), utf8(bytes));
    assert.equal(toBase64(utf8(bytes)), text);
  }
  for (const text of ["a", "aA", "aA=", "aGk", "aGk=\n", "a===", "=", "aG-k", " aGk="]) {
    assert.equal(fromBase64(text), undefined, text);
  }
});

Deno.test("parts come one after the other, also those of larger buffers", () => {
  assert.deepEqual(concat(utf8("xab").subarray(1), new Uint8Array(), utf8("c")), utf8("abc"));
});

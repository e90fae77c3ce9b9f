import assert from "node:assert/strict";
import { scrub } from "../../platform/scrub.ts";

const hex = "0123456789abcdef".repeat(4);

for (
  const [text, left] of [
    [`  key: "${hex}"`, '  key: "[removed]"'],
    ["  api_key: test-secret # ours", "  api_key: [removed]# ours"],
    ["  password: 'it''s one'", "  password: '[removed]'"],
    ["http: { url: http://x, api_key: abc, baud: 9600 }", "http: { url: http://x, api_key: [removed], baud: 9600 }"],
    ['{"token":"ecowatt_abcdefghijklmnopqrstuvwxyz","n":1}', '{"token":"[removed]","n":1}'],
    ["a token ecowatt_abcdefghijklmnopqrstuvwxyz in words", "a token [removed] in words"],
    [`sha ${hex} there`, "sha [removed] there"],
    ["Authorization: Bearer abcdefgh.ijkl", "Authorization: [removed]"],
    ["url: mqtt://me:test-pw@broker:1883", "url: mqtt://[removed]@broker:1883"],
    ["-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nrest", "[removed]\nrest"],
    ["  key_number: 2", "  key_number: 2"],
    ["  key_file: /etc/ecowatt/roof.key", "  key_file: /etc/ecowatt/roof.key"],
    ["  password_file: /run/pw", "  password_file: /run/pw"],
    ["  poll_interval: 2s", "  poll_interval: 2s"],
  ] as const
) {
  Deno.test(`a bundle has: ${left.trim()}`, () => assert.equal(scrub(text), left));
}

import assert from "node:assert/strict";
import fc from "fast-check";
import { identityOf } from "../../../../protocol/profile/sunspec/identity.ts";

function words(text: string, count: number): number[] {
  const bytes = new TextEncoder().encode(text.padEnd(2 * count, "\0"));
  return Array.from({ length: count }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
}

Deno.test("model 1 tells maker, model, options, version and serial number", () => {
  const block = [
    ...words("Fronius", 16),
    ...words("Symo 10.0-3-M", 16),
    ...words("3.30.7-1", 8),
    ...words("0.3.30.2", 8),
    ...words("28136344  ", 16),
  ];
  assert.deepEqual(identityOf(block), {
    manufacturer: "Fronius",
    model: "Symo 10.0-3-M",
    options: "3.30.7-1",
    version: "0.3.30.2",
    serialNumber: "28136344",
  });
});

Deno.test("noise gives texts without control characters", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 70 }), (noise) => {
    for (const text of Object.values(identityOf(noise))) assert.doesNotMatch(text, /\p{Cc}/u);
  }));
});

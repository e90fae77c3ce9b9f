import assert from "node:assert/strict";
import { blockSizes } from "../../../bench/block.ts";
import { reference, testWith } from "../../needs.ts";

Deno.test("blocks are smaller than DEFLATE makes the same samples, short ones too", async () => {
  const rows = (await blockSizes()).filter(({ name }) => name.includes("DEFLATE"));
  assert.equal(rows.length, 8);
  for (const { name, ratio = 1 } of rows) assert.ok(ratio < 0.6, `${name}: ${ratio}`);
});

testWith(
  [reference("esp32/vectors-shared.json")],
  "blocks are smaller than what the ESP32's encoder makes of the same samples, with their times",
  async () => {
    const rows = (await blockSizes()).filter(({ name }) => name.includes("ESP32"));
    assert.equal(rows.length, 4);
    for (const { name, ratio = 1 } of rows) assert.ok(ratio < 0.9, `${name}: ${ratio}`);
  },
);

import assert from "node:assert/strict";
import { gatewayPauseMs } from "../../../device/uplink/pause.ts";

Deno.test("the pause doubles from a second to five minutes and stays there for days", () => {
  assert.deepEqual([1, 2, 3, 9, 10, 5000].map((failures) => gatewayPauseMs(failures, 1)), [
    1000,
    2000,
    4000,
    256_000,
    300_000,
    300_000,
  ]);
});

Deno.test("half of the pause is left to chance", () => {
  assert.deepEqual([0, 0.5, 1].map((random) => gatewayPauseMs(3, random)), [2000, 3000, 4000]);
});

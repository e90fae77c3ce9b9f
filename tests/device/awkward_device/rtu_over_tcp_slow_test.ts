import assert from "node:assert/strict";
import { inWords, isRight, pairsOn, pollPairs, usualOn } from "./every_pair.ts";

/** Every fault of an awkward device on RTU through TCP and pairs that were wrong once; with ECOWATT_EVERY_PAIR=1 every two of them as well, which takes minutes. */
Deno.test("over rtu over tcp every fault lets through what a patient client gets, and nothing wrong is stored", async () => {
  const everyPair = Deno.env.get("ECOWATT_EVERY_PAIR") === "1";
  const outcomes = await pollPairs(everyPair ? pairsOn("rtu over tcp") : usualOn("rtu over tcp"), "rtu over tcp");
  await Deno.stdout.write(new TextEncoder().encode(`${outcomes.map(inWords).join("\n")}\n`));
  assert.deepEqual(outcomes.filter((outcome) => !isRight(outcome)).map(inWords), []);
});

import assert from "node:assert/strict";
import { OfferAnswer, offerOf } from "../../../device/settings/offer.ts";
import { changesAnswer } from "../../../protocol/settings/changes.ts";

Deno.test("what the gateway says of a device for which nothing was ever set is an answer without an offer", () => {
  const parsed = OfferAnswer.safeParse(JSON.parse(JSON.stringify(changesAnswer({}))));
  assert.ok(parsed.success, parsed.error?.message);
  assert.equal(offerOf(parsed.data), undefined);
});

import assert from "node:assert/strict";
import { createQuarantine } from "../../../gateway/store/quarantine.ts";
import { openGatewayStore } from "../../fakes/gateway_store.ts";

Deno.test("the quarantine gives back what it was given, newest first, and is bounded", () => {
  using store = openGatewayStore();
  const quarantine = createQuarantine(store.db, 3);
  const items = [1, 2, 3, 4, 5].map((at) => ({
    at,
    deviceId: "roof",
    fault: "length",
    detail: "too short",
    content: `0A${at}=`,
  }));
  for (const item of items) quarantine.keep(item);
  assert.deepEqual(quarantine.latest(10).map(({ id: _, ...item }) => item), items.slice(2).reverse());
  assert.deepEqual([quarantine.lastAt("roof"), quarantine.lastAt("barn")], [5, undefined]);
});

import assert from "node:assert/strict";
import { createQuarantine } from "../../../gateway/store/quarantine.ts";
import { openGatewayStore } from "../../fakes/gateway_store.ts";

Deno.test("the quarantine gives back what it was given, newest first, and is bounded", () => {
  using store = openGatewayStore();
  const quarantine = createQuarantine(store.db, 3);
  const items = [1, 2, 3, 4, 5].map((at) => ({
    at,
    deviceId: `board-${at}`,
    fault: "length",
    detail: "too short",
    content: `0A${at}=`,
  }));
  for (const item of items) quarantine.keep(item);
  assert.deepEqual(quarantine.latest(10).map(({ id: _, ...item }) => item), items.slice(2).reverse());
  assert.deepEqual([quarantine.lastAt("board-5"), quarantine.lastAt("barn")], [5, undefined]);
});

Deno.test("one device has a tenth of the quarantine at most, and pushes out nothing of the others", () => {
  using store = openGatewayStore();
  const quarantine = createQuarantine(store.db, 30);
  const item = (deviceId: string, at: number) => ({ at, deviceId, fault: "length", detail: "too short", content: "" });
  quarantine.keep(item("roof", 1));
  for (let at = 2; at <= 28; at++) quarantine.keep(item("hostile", at));
  assert.deepEqual(quarantine.latest(30).map(({ at }) => at), [28, 27, 26, 1]);
});

import assert from "node:assert/strict";
import { turnsDuring } from "../../fakes/turns.ts";
import { openFixture } from "./fixture.ts";

const DEVICES = 30;

for (const path of ["/api/v1/power", "/api/v1/devices?limit=100"]) {
  Deno.test(`${path} of many devices lets others have their turn between any two`, async () => {
    await using fixture = await openFixture();
    for (let i = 0; i < DEVICES; i++) await fixture.ask("POST", "/api/v1/devices", { device_id: `device-${i}` });
    const answer = fixture.ask("GET", path);
    assert.ok(await turnsDuring(answer) >= DEVICES);
    assert.equal((await answer).status, 200);
  });
}

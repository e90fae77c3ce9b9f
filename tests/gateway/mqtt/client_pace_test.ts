import assert from "node:assert/strict";
import { createClientPace } from "../../../gateway/mqtt/client_pace.ts";
import { FakeClock } from "../../fakes/clock.ts";

const PUBLISH = 3;
const PUBACK = 4;
const PINGREQ = 12;

/** How many in a row are true, up to more than there may be. */
function lasting(ask: () => boolean): number {
  let count = 0;
  while (count < 50_000 && ask()) count++;
  return count;
}

Deno.test("packets are bounded in ten seconds, answers far more generously, and the next ten seconds begin anew", async () => {
  const clock = new FakeClock();
  const pace = createClientPace(clock);
  for (let i = 0; i < 2; i++) {
    assert.equal(lasting(() => pace.packet(PUBLISH)), 500);
    assert.equal(pace.packet(PINGREQ), false);
    assert.equal(lasting(() => pace.packet(PUBACK)), 20_000);
    await clock.advance(9_999);
    assert.equal(pace.packet(PUBLISH), false);
    await clock.advance(1);
  }
});

Deno.test("a client has 200 topics at the same time, none longer than 256 characters", () => {
  const pace = createClientPace(new FakeClock());
  assert.equal(pace.subscribe("a".repeat(256)), "granted");
  assert.equal(pace.subscribe("a".repeat(257)), "refused");
  for (let i = 1; i < 200; i++) assert.equal(pace.subscribe(`topic/${i}`), "granted");
  assert.equal(pace.subscribe("one/more"), "refused");
  assert.equal(pace.subscribe("topic/7"), "granted", "it has that one");
  pace.unsubscribe("topic/7");
  assert.equal(pace.subscribe("one/more"), "granted");
  assert.equal(pace.subscribe("topic/7"), "refused");
});

Deno.test("who subscribes again and again, be it to the same topic, is to go", async () => {
  const clock = new FakeClock();
  const pace = createClientPace(clock);
  assert.equal(lasting(() => pace.subscribe("#") === "granted"), 1_000);
  assert.equal(pace.subscribe("#"), "too_often");
  await clock.advance(10_000);
  assert.equal(pace.subscribe("#"), "granted");
});

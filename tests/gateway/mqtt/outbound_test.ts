import assert from "node:assert/strict";
import fc from "fast-check";
import { createOutbound, type Outgoing } from "../../../gateway/mqtt/outbound.ts";

const event = (payload: string) => ({ topic: "events", payload, retain: false });
const state = (topic: string, payload: string) => ({ topic, payload, retain: true });

Deno.test("of a retained topic the newest waits; of the others as many as may, and the oldest go and are counted", () => {
  const outbound = createOutbound(2);
  for (const payload of ["1", "2", "3"]) outbound.put(event(payload));
  outbound.put(state("a", "old"));
  outbound.put(state("a", "new"));
  assert.deepEqual([outbound.waiting, outbound.dropped], [3, 1]);
  const taken = [outbound.take(), outbound.take(), outbound.take(), outbound.take()];
  assert.deepEqual(taken.map((message) => message?.payload), ["new", "2", "3", undefined]);
});

Deno.test("what a lost session gives back is sent again in its old order, or replaced by what is newer", () => {
  const outbound = createOutbound(10);
  for (const payload of ["1", "2", "3", "4"]) outbound.put(event(payload));
  outbound.put(state("a", "old"));
  const taken = Array.from({ length: 4 }, () => outbound.take()).filter((message) => message !== undefined);
  outbound.put(state("a", "new"));
  for (const message of taken.toReversed()) outbound.giveBack(message);
  assert.deepEqual(drained(outbound).map(({ payload }) => payload), ["new", "1", "2", "3", "4"]);
});

Deno.test("retained messages are sent again to every new session, except those that were ended", () => {
  const outbound = createOutbound(10);
  outbound.put(state("a", "1"));
  outbound.put(state("b", "2"));
  outbound.put(state("b", ""));
  for (const message of drained(outbound)) outbound.delivered(message);
  outbound.repeatRetained();
  assert.deepEqual(drained(outbound).map(({ topic }) => topic), ["a"]);
});

Deno.test("whatever happens, each event is delivered or counted as dropped, in order, never beyond the limit", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("put" as const) }),
    fc.record({ kind: fc.constant("take" as const) }),
    fc.record({ kind: fc.constant("lose" as const) }),
    fc.record({ kind: fc.constant("deliver" as const) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 8 }), (steps, limit) => {
    const outbound = createOutbound(limit);
    const underWay: Outgoing[] = [];
    const delivered: number[] = [];
    let put = 0;
    for (const { kind } of steps) {
      if (kind === "put") outbound.put(event(String(put++)));
      if (kind === "take") underWay.push(...[outbound.take()].filter((message) => message !== undefined));
      if (kind === "lose") { for (const message of underWay.splice(0)) outbound.giveBack(message); }
      if (kind === "deliver") delivered.push(...underWay.splice(0, 1).map(({ payload }) => Number(payload)));
      assert.ok(outbound.waiting <= limit);
      assert.equal(delivered.length + underWay.length + outbound.waiting + outbound.dropped, put);
    }
    assert.deepEqual(delivered, delivered.toSorted((a, b) => a - b));
  }));
});

function drained(outbound: ReturnType<typeof createOutbound>): Outgoing[] {
  const messages: Outgoing[] = [];
  for (let next = outbound.take(); next !== undefined; next = outbound.take()) messages.push(next);
  return messages;
}

Deno.test("a state that came after an end is kept when the end arrives", () => {
  const outbound = createOutbound(10);
  const state = (payload: string) => ({ topic: "state", payload, retain: true });
  outbound.put(state(""));
  const end = outbound.take() ?? assert.fail();
  outbound.put(state("on"));
  outbound.delivered(end);
  assert.equal(outbound.retained("state"), "on");
});

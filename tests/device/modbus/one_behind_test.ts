import assert from "node:assert/strict";
import { FakeClock } from "../../fakes/clock.ts";
import { value } from "./peer.ts";
import { type Asked, rightAnswer, virtualDevice, wordsAt } from "./virtual_device.ts";

const right = (asked: Asked) => asked.frame(rightAnswer(asked.request));

/** Sends the answer to the request before, from the first request of each connection on. */
function behind(asked: Asked): void {
  const before = asked.memory.get("answer");
  asked.memory.set("answer", right(asked));
  if (before) asked.send(before);
}

Deno.test("over tcp the answer to a try that was given up answers the next try of the same read", async () => {
  const device = virtualDevice(new FakeClock(), behind);
  await using bus = device.bus("tcp");
  for (let poll = 0; poll < 20; poll++) {
    assert.deepEqual(value(await device.clock.until(bus.read(1, "holding", poll, 4))), wordsAt(poll, 4));
    await device.clock.advance(1000);
  }
  assert.equal(bus.state(1).lateMs, undefined, "it is behind, not late");
});

Deno.test("over tcp an answer to what was read before is not taken for what is read now", async () => {
  const device = virtualDevice(new FakeClock(), (asked) => {
    const words = asked.request.fc === 3 ? Array<number>(asked.request.count).fill(asked.total) : [];
    const answer = asked.frame({ fc: 3, values: words });
    const before = asked.memory.get("answer");
    asked.memory.set("answer", answer);
    if (before) asked.send(before);
  });
  await using bus = device.bus("tcp");
  for (let poll = 0; poll < 20; poll++) {
    const asked = device.asked.length;
    const outcome = await device.clock.until(bus.read(1, "holding", 0, 4));
    if (outcome.ok) assert.ok((outcome.value[0] ?? 0) > asked, `the answer to ${outcome.value[0]} after ${asked}`);
    await device.clock.advance(1000);
  }
});

Deno.test("over tcp a write is confirmed by its own answer only", async () => {
  const device = virtualDevice(new FakeClock(), behind);
  await using bus = device.bus("tcp");
  for (let write = 0; write < 5; write++) {
    assert.equal((await device.clock.until(bus.write(1, 8, [50], { retries: 0 }))).ok, false);
    await device.clock.advance(60_000);
  }
});

Deno.test("a unit alone on its line that takes nearly five seconds is heard, and its answers told as late", async () => {
  const device = virtualDevice(new FakeClock(), (asked) => asked.send(right(asked), 4800));
  await using bus = device.bus("tcp", { maxTimeoutMs: 5000 });
  for (let poll = 0; poll < 10; poll++) {
    assert.deepEqual(value(await device.clock.until(bus.read(1, "holding", poll, 4))), wordsAt(poll, 4));
    await device.clock.advance(1000);
  }
  assert.equal(device.asked.length, 10);
  assert.ok((bus.state(1).lateMs ?? 0) >= 4800);
});

Deno.test("where others share the line, no unit is waited for longer than usual before it was seen to be late", async () => {
  const device = virtualDevice(new FakeClock(), (asked) => void (asked.unit === 2 && asked.send(right(asked))));
  await using bus = device.bus("tcp", { maxTimeoutMs: 5000, retries: 0 });
  value(await device.clock.until(bus.read(2, "holding", 0, 1)));
  const before = device.clock.monotonic();
  await device.clock.until(bus.read(1, "holding", 0, 1));
  assert.ok(device.clock.monotonic() - before <= 1000);
});

Deno.test("without transaction ids an answer that is late is heard before the connection is given up", async () => {
  const device = virtualDevice(
    new FakeClock(),
    (asked) => asked.send(asked.frame(rightAnswer(asked.request), { tid: 0 }), 1300),
  );
  await using bus = device.bus("tcp", { maxTimeoutMs: 5000 }, { ignore_transaction_id: true });
  let good = 0;
  for (let poll = 0; poll < 20; poll++) {
    const outcome = await device.clock.until(bus.read(1, "holding", 0, 4));
    if (outcome.ok) assert.deepEqual(outcome.value, wordsAt(0, 4));
    if (outcome.ok) good++;
    await device.clock.advance(5000);
  }
  assert.ok(good >= 19, `${good} of 20`);
});

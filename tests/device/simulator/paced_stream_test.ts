import assert from "node:assert/strict";
import { pacedStream } from "../../../device/simulator/paced_stream.ts";

/** A wire that notes when each byte left, and a timer that oversleeps. */
function wire(charMs: number, oversleepMs: number) {
  let now = 0;
  const left: number[] = [];
  const timer = {
    now: () => now,
    until: (moment: number) => {
      now = Math.max(now, moment + oversleepMs);
      return Promise.resolve();
    },
  };
  const stream = pacedStream(
    {
      write: (bytes) => Promise.resolve(void left.push(...Array.from(bytes, () => now))),
      read: () => Promise.resolve(new Uint8Array(8)),
      discardInput: () => {},
      close: () => {},
    },
    charMs,
    timer,
  );
  return { stream, left, now: () => now };
}

Deno.test("a request is handed on after its characters and the silence behind them", async () => {
  const { stream, now } = wire(1, 0);
  await stream.read(1000);
  assert.equal(now(), 8 + 3.5);
});

Deno.test("an answer leaves character by character", async () => {
  const { stream, left } = wire(1, 0);
  await stream.read(1000);
  await stream.write(new Uint8Array(4));
  assert.deepEqual(left, [12.5, 13.5, 14.5, 15.5]);
});

Deno.test("late timers do not add up, and no character leaves before its time", async () => {
  const { stream, left } = wire(1, 0.7);
  await stream.read(1000);
  await stream.write(new Uint8Array(100));
  for (const [i, at] of left.entries()) assert.ok(at >= 11.5 + i + 1 && at <= 11.5 + i + 2, `byte ${i} at ${at}`);
});

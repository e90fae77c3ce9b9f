import assert from "node:assert/strict";
import { FakeClock } from "../../fakes/clock.ts";
import { value } from "./peer.ts";
import { type Asked, rightAnswer, type Transport, virtualDevice, wordsAt } from "./virtual_device.ts";

const ON: readonly Transport[] = ["serial", "rtu over tcp"];

const right = (asked: Asked) => asked.frame(rightAnswer(asked.request));

for (const transport of ON) {
  Deno.test(`on ${transport} an answer that comes twice is not taken for that to the next request`, async () => {
    let before: Uint8Array | undefined;
    const device = virtualDevice(new FakeClock(), (asked) => {
      if (before) asked.send(before, 20);
      asked.send(right(asked), before ? 40 : 10);
      before = right(asked);
    });
    await using bus = device.bus(transport);
    for (let address = 0; address < 20; address++) {
      assert.deepEqual(value(await device.clock.until(bus.read(1, "holding", address, 1))), wordsAt(address, 1));
    }
    assert.equal(device.asked.length, 20);
  });

  Deno.test(`on ${transport} an answer that comes twice is not taken, either, where the right one is lost`, async () => {
    const device = virtualDevice(new FakeClock(), (asked) => {
      if (asked.total === 1) {
        for (const ms of [10, 50]) asked.send(right(asked), ms);
      } else if (asked.total > 2) asked.send(right(asked));
    });
    await using bus = device.bus(transport);
    for (const address of [0, 1]) {
      assert.deepEqual(value(await device.clock.until(bus.read(1, "holding", address, 1))), wordsAt(address, 1));
    }
  });

  Deno.test(`on ${transport} an answer that comes once more much later is not taken where the next one is lost`, async () => {
    const device = virtualDevice(new FakeClock(), (asked) => {
      const frame = asked.frame({ fc: 3, values: [asked.total] });
      if (asked.total !== 2) asked.send(frame);
      if (asked.total === 1) asked.send(frame, 1_200);
    });
    await using bus = device.bus(transport);
    const read = () => device.clock.until(bus.read(1, "holding", 0, 1));
    assert.deepEqual(value(await read()), [1]);
    await device.clock.advance(1_000);
    assert.notDeepEqual(value(await read()), [1]);
  });

  Deno.test(`on ${transport} registers that hold the same are read, at the cost of a further request each`, async () => {
    const device = virtualDevice(
      new FakeClock(),
      (asked) => asked.send(asked.frame({ fc: 3, values: [7] })),
    );
    await using bus = device.bus(transport);
    for (const address of [0, 1, 0, 1]) {
      assert.deepEqual(value(await device.clock.until(bus.read(1, "holding", address, 1))), [7]);
    }
    assert.equal(device.asked.length, 5);
  });
}

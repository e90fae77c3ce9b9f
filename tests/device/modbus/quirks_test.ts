import assert from "node:assert/strict";
import { concat } from "../../../crypto/bytes.ts";
import { crc16 } from "../../../device/modbus/crc.ts";
import type { Quirk } from "../../../device/modbus/quirks.ts";
import type { BusOutcome } from "../../../device/modbus/fault.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { faultOf, value } from "./peer.ts";
import {
  type Asked,
  rightAnswer,
  type Transport,
  type VirtualDevice,
  virtualDevice,
  wordsAt,
} from "./virtual_device.ts";

/** How a device that breaks the protocol frames an answer. */
interface Case {
  readonly name: string;
  readonly transport: Transport;
  readonly option: Quirk;
  frame(asked: Asked): Uint8Array;
}

const right = (asked: Asked) => asked.frame(rightAnswer(asked.request));

/** The same with one byte changed. */
function changed(frame: Uint8Array, at: number, by: number): Uint8Array {
  const other = frame.slice();
  other[at] = (other[at] ?? 0) + by;
  return other;
}

function crced(frame: Uint8Array): Uint8Array {
  const crc = crc16(frame);
  return concat(frame, Uint8Array.of(crc & 0xff, crc >> 8));
}

const withoutCrc = (frame: Uint8Array) => frame.subarray(0, -2);

const TCP: readonly Case[] = ([
  {
    name: "always answers with transaction id 0",
    frame: (asked) => asked.frame(rightAnswer(asked.request), { tid: 0 }),
  },
  {
    name: "answers with the next transaction id",
    frame: (asked) => asked.frame(rightAnswer(asked.request), { tid: (asked.tid + 1) & 0xffff }),
  },
  {
    name: "counts transactions for itself",
    frame: (asked) => asked.frame(rightAnswer(asked.request), { tid: asked.total }),
  },
] satisfies readonly Omit<Case, "transport" | "option">[]).map((one) => ({
  ...one,
  transport: "tcp",
  option: "ignore_transaction_id",
}));

const TCP_LENGTHS: readonly Case[] = [
  {
    name: "pads its frames and counts that",
    frame: (asked: Asked) => changed(concat(right(asked), new Uint8Array(2)), 5, 2),
  },
  {
    name: "says that every frame has six bytes",
    frame: (asked: Asked) => changed(right(asked), 5, 6 - (right(asked)[5] ?? 0)),
  },
  {
    name: "pads its frames and counts that twice",
    frame: (asked: Asked) => {
      const padded = changed(concat(right(asked), new Uint8Array(2)), 5, 2);
      return asked.request.fc === 3 ? changed(padded, 8, 2) : padded;
    },
  },
  { name: "says that a frame is longer than it is", frame: (asked: Asked) => changed(right(asked), 5, 6) },
  { name: "says that a frame is shorter than it is", frame: (asked: Asked) => changed(right(asked), 5, -1) },
  {
    name: "says that a frame has no length",
    frame: (asked: Asked) => changed(right(asked), 5, -(right(asked)[5] ?? 0)),
  },
  {
    name: "counts words instead of bytes",
    frame: (asked: Asked) => changed(right(asked), 8, -(right(asked)[8] ?? 0) / 2),
  },
].map((one) => ({ ...one, transport: "tcp", option: "ignore_length" }));

const TCP_PROTOCOL: readonly Case[] = [
  { name: "says that it speaks protocol 1", frame: (asked: Asked) => changed(right(asked), 3, 1) },
  { name: "fills the protocol id with something", frame: (asked: Asked) => changed(right(asked), 2, asked.total) },
].map((one) => ({ ...one, transport: "tcp", option: "ignore_protocol_id" }));

const RTU_LENGTHS: readonly Case[] = (["serial", "rtu over tcp"] as const).flatMap((transport) =>
  [
    { name: "pads its frames", frame: (asked: Asked) => crced(concat(withoutCrc(right(asked)), new Uint8Array(2))) },
    {
      name: "counts words instead of bytes",
      frame: (asked: Asked) => crced(changed(withoutCrc(right(asked)), 2, -(right(asked)[2] ?? 0) / 2)),
    },
  ].map((one) => ({ ...one, transport, option: "ignore_length" as const }))
);

const BY_ITSELF = [...TCP, ...TCP_PROTOCOL, ...TCP_LENGTHS, ...RTU_LENGTHS];

function bench({ frame }: Case): VirtualDevice {
  return virtualDevice(new FakeClock(), (asked) => asked.send(frame(asked)));
}

function read(device: VirtualDevice, bus: ReturnType<VirtualDevice["bus"]>, address: number, count = 3) {
  return device.clock.until<BusOutcome<readonly number[]>>(bus.read(1, "holding", address, count));
}

for (const one of BY_ITSELF) {
  const { name, transport, option } = one;
  Deno.test(`a device on ${transport} that ${name} is understood after two answers, and the option is named`, async () => {
    const device = bench(one);
    await using bus = device.bus(transport);
    let good = 0;
    for (let poll = 0; poll < 20; poll++) {
      const outcome = await read(device, bus, poll % 4);
      if (outcome.ok) assert.deepEqual(outcome.value, wordsAt(poll % 4, 3));
      if (outcome.ok) good++;
      await device.clock.advance(2000);
    }
    assert.ok(good >= 19, `${good} of 20`);
    assert.deepEqual(bus.quirks(), [option]);
    value(await device.clock.until(bus.write(1, 8, [50])));
    value(await device.clock.until(bus.write(1, 8, [1, 2])));
  });

  Deno.test(`a device on ${transport} that ${name} is understood from its first answer where ${option} is set`, async () => {
    const device = bench(one);
    await using bus = device.bus(transport, {}, { [option]: true });
    assert.deepEqual(value(await read(device, bus, 0)), wordsAt(0, 3));
    assert.deepEqual(value(await read(device, bus, 1)), wordsAt(1, 3));
    assert.equal(device.opened(), 1);
    assert.deepEqual(bus.quirks(), []);
  });

  Deno.test(`a device on ${transport} that ${name} is not, where ${option} is false, and the message names it`, async () => {
    const device = bench(one);
    await using bus = device.bus(transport, {}, { [option]: false });
    for (let poll = 0; poll < 5; poll++) {
      const outcome = await read(device, bus, 0);
      assert.ok(!outcome.ok && outcome.fault.message.includes(option), JSON.stringify(outcome));
      await device.clock.advance(10_000);
    }
  });
}

for (const transport of ["tcp", "serial", "rtu over tcp"] as const) {
  Deno.test(`on ${transport} an answer of another unit is taken only where the configuration says so`, async () => {
    const device = virtualDevice(
      new FakeClock(),
      (asked) => asked.send(asked.frame(rightAnswer(asked.request), { unit: 9 })),
    );
    await using bus = device.bus(transport);
    for (let poll = 0; poll < 5; poll++) {
      const outcome = await read(device, bus, 0);
      assert.ok(!outcome.ok && outcome.fault.message.includes("ignore_unit_id"), JSON.stringify(outcome));
      await device.clock.advance(60_000);
    }
    await using told = device.bus(transport, {}, { ignore_unit_id: true });
    assert.deepEqual(value(await read(device, told, 3)), wordsAt(3, 3));
  });
}

for (const unit of [0, 255]) {
  Deno.test(`an answer over TCP of unit ${unit}, which is nobody's id, is the asked one's`, async () => {
    const device = virtualDevice(
      new FakeClock(),
      (asked) => asked.send(asked.frame(rightAnswer(asked.request), { unit })),
    );
    await using bus = device.bus("tcp");
    assert.deepEqual(value(await read(device, bus, 3)), wordsAt(3, 3));
  });
}

Deno.test("without transaction ids no answer to an earlier request is taken, however often it comes", async () => {
  const device = virtualDevice(new FakeClock(), (asked) => {
    const words = asked.request.fc === 3 ? Array<number>(asked.request.count).fill(asked.total) : [];
    const frame = asked.frame({ fc: 3, values: words }, { tid: 0 });
    asked.send(frame);
    if (asked.total % 3 === 0) asked.send(frame, 30); // once more
  });
  await using bus = device.bus("tcp");
  let good = 0;
  for (let poll = 0; poll < 100; poll++) {
    const before = device.asked.length;
    const outcome = await read(device, bus, 0);
    if (outcome.ok) good++;
    if (outcome.ok) assert.ok((outcome.value[0] ?? 0) > before, `the answer to ${outcome.value[0]} after ${before}`);
    await device.clock.advance(10);
  }
  assert.ok(good >= 95, `${good} of 100`);
});

Deno.test("a device without transaction ids that hangs up after each answer, or loses the first request of a connection, is read", async () => {
  for (const loses of [false, true]) {
    const device = virtualDevice(new FakeClock(), (asked) => {
      if (loses) return asked.turn > 1 && asked.send(asked.frame(rightAnswer(asked.request), { tid: 0 }));
      asked.send(asked.frame(rightAnswer(asked.request), { tid: 0 }));
      device.clock.sleep(11).then(() => asked.hangUp());
    });
    await using bus = device.bus("tcp", {}, { ignore_transaction_id: true });
    for (let poll = 0; poll < 20; poll++) {
      for (const address of [0, 10, 20]) assert.deepEqual(value(await read(device, bus, address)), wordsAt(address, 3));
      await device.clock.advance(5000);
    }
  }
});

Deno.test("an answer of another unit under the transaction id of an earlier try does not hide the right one", async () => {
  const device = virtualDevice(new FakeClock(), (asked) => {
    asked.send(asked.frame(rightAnswer(asked.request), { unit: 9 }), 1300);
    asked.send(right(asked), 1301);
  });
  await using bus = device.bus("tcp", { maxTimeoutMs: 1000 });
  for (let poll = 0; poll < 5; poll++) {
    assert.deepEqual(value(await read(device, bus, 0)), wordsAt(0, 3));
    await device.clock.advance(5000);
  }
});

Deno.test("a late answer is not taken for a quirk", async () => {
  const device = virtualDevice(new FakeClock(), (asked) => asked.send(right(asked), asked.total % 5 === 1 ? 1200 : 10));
  await using bus = device.bus("tcp", { retries: 0, backoff: { stepMs: 0 } });
  for (let poll = 0; poll < 50; poll++) await read(device, bus, 0);
  assert.deepEqual(bus.quirks(), []);
  assert.equal(faultOf(await read(device, bus, 70_000)), "refused");
});

Deno.test("a device whose byte counts are wrong is understood although it answers exceptions, which have none, in between", async () => {
  const device = virtualDevice(new FakeClock(), (asked) => {
    const frame = asked.frame(rightAnswer(asked.request));
    const here = asked.request.address < 100;
    asked.send(here ? changed(frame, 8, 2) : asked.frame({ fc: "exception", function: 3, code: 2 }));
  });
  await using bus = device.bus("tcp");
  const read = (address: number) => device.clock.until(bus.read(1, "holding", address, 3, { retries: 0 }));
  assert.equal(faultOf(await read(40)), "foreign");
  for (const address of [500, 600]) assert.equal(faultOf(await read(address)), "exception");
  assert.deepEqual(value(await read(40)), wordsAt(40, 3));
  assert.deepEqual(bus.quirks(), ["ignore_length"]);
});

import assert from "node:assert/strict";
import { encodeRtu } from "../../../device/modbus/rtu.ts";
import { crc16 } from "../../../device/modbus/crc.ts";
import { type ByteStream, LineClosed } from "../../../device/modbus/byte_stream.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { SerialWire } from "../../fakes/serial_wire.ts";
import { start } from "./running.ts";

const clock = new FakeClock();
const READ_ALL = frame(17, [3, 0, 0, 0, 10]);

function frame(unit: number, pdu: readonly number[]): Uint8Array {
  const encoded = encodeRtu(unit, Uint8Array.from(pdu));
  assert.ok(encoded.ok);
  return encoded.value;
}

/** All bytes that come until the line has been silent for `silenceMs`. */
async function hear(port: ByteStream, silenceMs = 150): Promise<Uint8Array> {
  const heard: number[] = [];
  const next = () => clock.until(port.read(silenceMs));
  for (let chunk = await next(); chunk; chunk = await next()) heard.push(...chunk);
  return Uint8Array.from(heard);
}

async function ask(port: ByteStream, request: Uint8Array): Promise<Uint8Array> {
  await port.write(request);
  return await hear(port);
}

function isWhole(answer: Uint8Array): boolean {
  const crc = crc16(answer, 0, answer.length - 2);
  return answer.length > 4 && answer.at(-2) === (crc & 0xff) && answer.at(-1) === crc >> 8;
}

async function running(options: Parameters<typeof start>[0] = {}) {
  const wire = new SerialWire(clock);
  const simulator = await start({ serial: "wire", ...options }, clock, { openLine: wire.plug });
  const port = wire.open();
  return {
    wire,
    simulator,
    port,
    async [Symbol.asyncDispose]() {
      port.close();
      await simulator[Symbol.asyncDispose]();
    },
  };
}

Deno.test("the board's poll is answered with ten registers", async () => {
  await using line = await running();
  assert.deepEqual(READ_ALL, Uint8Array.of(0x11, 0x03, 0, 0, 0, 0x0a, 0xc7, 0x5d));
  const answer = await ask(line.port, READ_ALL);
  assert.equal(answer.length, 25);
  assert.deepEqual([...answer.subarray(0, 3)], [0x11, 3, 20]);
  assert.ok(isWhole(answer));
});

Deno.test("a write is echoed, one above 100% refused, as the frames of the original", async () => {
  await using line = await running();
  const write = Uint8Array.of(0x11, 0x06, 0x00, 0x08, 0x00, 0x32, 0x8b, 0x4d);
  assert.deepEqual(await ask(line.port, write), write);
  assert.equal(line.simulator.values().limitPercent, 50);
  const tooMuch = Uint8Array.of(0x11, 0x06, 0x00, 0x08, 0x13, 0x88, 0x07, 0xce);
  assert.deepEqual(await ask(line.port, tooMuch), Uint8Array.of(0x11, 0x86, 0x03, 0x03, 0xa4));
});

Deno.test("other units, broken frames and noise get no answer; the next good request does", async () => {
  await using line = await running();
  assert.equal((await ask(line.port, frame(18, [3, 0, 0, 0, 1]))).length, 0);
  const broken = READ_ALL.slice();
  broken[3] = 9;
  assert.equal((await ask(line.port, broken)).length, 0);
  assert.equal((await ask(line.port, Uint8Array.from({ length: 700 }, (_, i) => i * 31))).length, 0);
  assert.equal((await ask(line.port, READ_ALL.subarray(0, 5))).length, 0);
  assert.equal((await ask(line.port, READ_ALL)).length, 25);
});

Deno.test("a request that arrives in pieces is answered", async () => {
  await using line = await running();
  for (const byte of READ_ALL) {
    await line.port.write(Uint8Array.of(byte));
    await clock.advance(2);
  }
  assert.equal((await hear(line.port)).length, 25);
});

Deno.test("a broadcast is obeyed and not answered", async () => {
  await using line = await running();
  assert.equal((await ask(line.port, frame(0, [6, 0, 8, 0, 30]))).length, 0);
  assert.equal(line.simulator.values().limitPercent, 30);
});

Deno.test("each fault strikes as it is named, then the line is well again", async () => {
  await using line = await running();
  line.simulator.inject({ kind: "timeout" });
  assert.equal((await ask(line.port, READ_ALL)).length, 0);
  line.simulator.inject({ kind: "crc" });
  const damaged = await ask(line.port, READ_ALL);
  assert.equal(damaged.length, 25);
  assert.ok(!isWhole(damaged));
  line.simulator.inject({ kind: "garbage", bytes: 9 });
  assert.equal((await ask(line.port, READ_ALL)).length, 9);
  line.simulator.inject({ kind: "wrong_tid" });
  const foreign = await ask(line.port, READ_ALL);
  assert.equal(foreign[0], 18);
  assert.ok(isWhole(foreign));
  line.simulator.inject({ kind: "exception", code: 4 });
  assert.deepEqual(await ask(line.port, READ_ALL), frame(17, [0x83, 4]));
  assert.ok(isWhole(await ask(line.port, READ_ALL)));
});

Deno.test("a late frame arrives in front of the answer to the next request", async () => {
  await using line = await running();
  line.simulator.inject({ kind: "late", delayMs: 60 });
  await line.port.write(READ_ALL);
  assert.equal(await clock.until(line.port.read(10)), undefined);
  await line.port.write(frame(17, [3, 0, 8, 0, 1]));
  const heard = await hear(line.port);
  assert.equal(heard.length, 7 + 25);
  assert.deepEqual([...heard.subarray(0, 3)], [17, 3, 20]);
  assert.deepEqual([...heard.subarray(25, 28)], [17, 3, 2]);
});

Deno.test("requests that pile up while the line is held up are all answered, in order", async () => {
  await using line = await running();
  line.simulator.inject({ kind: "late", delayMs: 60 });
  await line.port.write(READ_ALL);
  assert.equal(await clock.until(line.port.read(10)), undefined);
  await line.port.write(Uint8Array.of(...frame(17, [3, 0, 8, 0, 1]), ...frame(17, [3, 0, 0, 0, 2])));
  const heard = await hear(line.port);
  assert.deepEqual([heard.length, heard[2], heard[25 + 2], heard[25 + 7 + 2]], [25 + 7 + 9, 20, 2, 4]);
});

Deno.test("a disconnect unplugs the line; another one comes up half a second later", async () => {
  await using line = await running();
  const path = line.simulator.addresses.serial;
  line.simulator.inject({ kind: "disconnect" });
  await assert.rejects(ask(line.port, READ_ALL), LineClosed);
  line.port.close();
  assert.throws(line.wire.open, LineClosed);
  await clock.advance(500);
  assert.notEqual(line.simulator.addresses.serial, path);
  const again = line.wire.open();
  assert.equal((await ask(again, READ_ALL)).length, 25);
  again.close();
});

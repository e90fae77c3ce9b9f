import assert from "node:assert/strict";
import { encodeRtu } from "../../../device/modbus/rtu.ts";
import { crc16 } from "../../../device/modbus/crc.ts";
import { LineClosed } from "../../../device/modbus/byte_stream.ts";
import { openSerial, type SerialPort } from "../../../device/serial/port.ts";
import { LineSettings } from "../../../device/serial/settings.ts";
import { start } from "./running.ts";
import "../../fakes/loaded_libraries.ts";

const settings = LineSettings.parse({});
const READ_ALL = frame(17, [3, 0, 0, 0, 10]);

function frame(unit: number, pdu: readonly number[]): Uint8Array {
  const encoded = encodeRtu(unit, Uint8Array.from(pdu));
  assert.ok(encoded.ok);
  return encoded.value;
}

/** All bytes that come until the line has been silent for `silenceMs`. */
async function hear(port: SerialPort, silenceMs = 150): Promise<Uint8Array> {
  const heard: number[] = [];
  for (let chunk = await port.read(silenceMs); chunk; chunk = await port.read(silenceMs)) heard.push(...chunk);
  return Uint8Array.from(heard);
}

async function ask(port: SerialPort, request: Uint8Array): Promise<Uint8Array> {
  await port.write(request);
  return await hear(port);
}

function isWhole(answer: Uint8Array): boolean {
  const crc = crc16(answer, 0, answer.length - 2);
  return answer.length > 4 && answer.at(-2) === (crc & 0xff) && answer.at(-1) === crc >> 8;
}

async function running(options: Parameters<typeof start>[0] = {}) {
  const simulator = await start({ serial: "pty", ...options });
  const port = openSerial(simulator.addresses.serial ?? "", settings);
  return {
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
    await new Promise((resolve) => setTimeout(resolve, 2));
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
  assert.equal(await line.port.read(10), undefined);
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
  assert.equal(await line.port.read(10), undefined);
  await line.port.write(Uint8Array.of(...frame(17, [3, 0, 8, 0, 1]), ...frame(17, [3, 0, 0, 0, 2])));
  const heard = await hear(line.port);
  assert.deepEqual([heard.length, heard[2], heard[25 + 2], heard[25 + 7 + 2]], [25 + 7 + 9, 20, 2, 4]);
});

Deno.test("a disconnect unplugs the pty; a new one comes up", async () => {
  await using line = await running();
  const path = line.simulator.addresses.serial;
  line.simulator.inject({ kind: "disconnect" });
  await assert.rejects(ask(line.port, READ_ALL), LineClosed);
  line.port.close();
  let again: SerialPort | undefined;
  for (let tries = 0; !again && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    try {
      again = openSerial(line.simulator.addresses.serial ?? "", settings);
    } catch {
      // not back yet
    }
  }
  assert.ok(again, `${path} did not come back`);
  assert.equal((await ask(again, READ_ALL)).length, 25);
  again.close();
});

Deno.test("a paced line takes what the wire takes", async () => {
  await using line = await running({ paced: true, line: { baud: 1200 } });
  const wire = (8 + 3.5 + 25) * 10 / 1.2;
  const start = performance.now();
  await line.port.write(READ_ALL);
  let length = 0;
  while (length < 25) length += (await line.port.read(2000))?.length ?? assert.fail("silence");
  const took = performance.now() - start;
  assert.ok(took >= wire - 1, `${took} ms, the wire needs ${wire}`);
});

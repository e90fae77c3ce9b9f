import assert from "node:assert/strict";
import { LineClosed } from "../../../device/modbus/byte_stream.ts";
import { openSerial, type SerialPort } from "../../../device/serial/port.ts";
import { LineSettings } from "../../../device/serial/settings.ts";
import { until } from "../../fakes/until.ts";
import { start } from "./running.ts";

const settings = LineSettings.parse({});
/** Reads the ten registers of unit 17. */
const READ_ALL = Uint8Array.of(0x11, 0x03, 0, 0, 0, 0x0a, 0xc7, 0x5d);

/** So many bytes, however long they take. */
async function hear(port: SerialPort, length: number): Promise<Uint8Array> {
  const heard: number[] = [];
  while (heard.length < length) heard.push(...await port.read(60_000) ?? assert.fail("silence"));
  return Uint8Array.from(heard);
}

Deno.test("a simulator on a pty is polled; when it is unplugged, another pty comes up", async () => {
  await using simulator = await start({ serial: "pty" });
  const path = simulator.addresses.serial ?? "";
  const port = openSerial(path, settings);
  await port.write(READ_ALL);
  assert.deepEqual([...(await hear(port, 25)).subarray(0, 3)], [17, 3, 20]);
  simulator.inject({ kind: "disconnect" });
  await port.write(READ_ALL);
  await assert.rejects(hear(port, 25), LineClosed);
  port.close();
  let again: SerialPort | undefined;
  await until(() => {
    try {
      again = openSerial(simulator.addresses.serial ?? "", settings);
    } catch {
      // not back yet
    }
    return again !== undefined;
  }, `the pty after ${path}`);
  assert.ok(again);
  await again.write(READ_ALL);
  assert.equal((await hear(again, 25)).length, 25);
  again.close();
});

Deno.test("a paced line takes what the wire takes", async () => {
  await using simulator = await start({ serial: "pty", paced: true, line: { baud: 1200 } });
  const port = openSerial(simulator.addresses.serial ?? "", settings);
  const wire = (8 + 3.5 + 25) * 10 / 1.2;
  const began = performance.now();
  await port.write(READ_ALL);
  await hear(port, 25);
  const took = performance.now() - began;
  assert.ok(took >= wire - 1, `${took} ms, the wire needs ${wire}`);
  port.close();
});

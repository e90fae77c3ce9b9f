import assert from "node:assert/strict";
import { LineClosed } from "../../../device/modbus/byte_stream.ts";
import { libc } from "../../../device/serial/libc.ts";
import { openSerial } from "../../../device/serial/port.ts";
import { openPty } from "../../../device/serial/pty.ts";
import { SerialFault, serialFault } from "../../../device/serial/serial_fault.ts";
import { type LineSettings, SerialSettings } from "../../../device/serial/settings.ts";
import "../../fakes/loaded_libraries.ts";
import { ended, PATIENCE_MS } from "../../fakes/until.ts";

const settings = SerialSettings.parse({ baud: 115200 });
const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);

function pair(of = settings) {
  const pty = openPty();
  const port = openSerial(pty.path, of);
  return { pty, port, [Symbol.dispose]: () => [port.close(), pty.stream.close()] };
}

async function readAll(from: { read(ms: number): Promise<Uint8Array | undefined> }, length: number) {
  const got: number[] = [];
  while (got.length < length) {
    const chunk = await from.read(2000);
    assert.ok(chunk, `only ${got.length} of ${length} bytes came`);
    got.push(...chunk);
  }
  return Uint8Array.from(got);
}

Deno.test("all 256 byte values pass a serial port unchanged, both ways", async () => {
  using line = pair();
  await line.port.write(everyByte);
  assert.deepEqual(await readAll(line.pty.stream, 256), everyByte);
  await line.pty.stream.write(everyByte);
  assert.deepEqual(await readAll(line.port, 256), everyByte);
});

Deno.test("a write larger than the kernel's buffer waits for the reader and arrives whole", async () => {
  using line = pair();
  const big = Uint8Array.from({ length: 200_000 }, (_, i) => i * 7);
  const [got] = await Promise.all([readAll(line.pty.stream, big.length), line.port.write(big)]);
  assert.deepEqual(got, big);
});

Deno.test("a read without bytes ends at its timeout, and the event loop runs meanwhile", async () => {
  using line = pair();
  let turns = 0;
  const timer = setInterval(() => turns++, 5);
  const start = performance.now();
  assert.equal(await line.port.read(100), undefined);
  clearInterval(timer);
  assert.ok(performance.now() - start >= 99);
  assert.ok(turns >= 1, "the event loop stood still");
  assert.equal(await line.port.read(0), undefined);
});

Deno.test("bytes that come while a read waits end it at once", async () => {
  using line = pair();
  const reading = line.port.read(10_000);
  await line.pty.stream.write(Uint8Array.of(1, 2, 3));
  assert.deepEqual(await reading, Uint8Array.of(1, 2, 3));
});

Deno.test("discarded input is not read", async () => {
  using line = pair();
  await line.pty.stream.write(Uint8Array.of(1, 2, 3));
  assert.deepEqual(await line.port.read(1000), Uint8Array.of(1, 2, 3));
  await line.pty.stream.write(Uint8Array.of(4));
  line.port.discardInput();
  await line.pty.stream.write(Uint8Array.of(5));
  assert.deepEqual(await line.port.read(1000), Uint8Array.of(5));
});

Deno.test("drain resolves once the bytes are out", async () => {
  using line = pair();
  await line.port.write(Uint8Array.of(9));
  await line.port.drain();
  assert.deepEqual(await line.pty.stream.read(1000), Uint8Array.of(9));
});

Deno.test("unplugging ends a waiting read with LineClosed, and every later call", async () => {
  using line = pair();
  const reading = line.port.read(10_000);
  line.pty.stream.close();
  await assert.rejects(reading, LineClosed);
  await assert.rejects(line.port.read(10), LineClosed);
  await assert.rejects(line.port.write(Uint8Array.of(1)), LineClosed);
});

Deno.test("closing a port ends its waiting read and frees the port for the next", async () => {
  using line = pair();
  const reading = line.port.read(2 * PATIENCE_MS); // it ends by the close, not by its time
  line.port.close();
  await ended(assert.rejects(reading, { name: "LineClosed", message: /it was closed/ }), "the read");
  openSerial(line.pty.path, settings).close();
});

Deno.test("a port can be opened again in the same moment, while a read of the closed one still ends", async () => {
  using line = pair();
  const reading = line.port.read(10_000);
  line.port.close();
  openSerial(line.pty.path, settings).close();
  await assert.rejects(reading, LineClosed);
});

Deno.test("a port is opened by one at a time; the second is told who has it", () => {
  using line = pair();
  assert.throws(() => openSerial(line.pty.path, settings), {
    code: "busy",
    message: `Cannot open ${line.pty.path}: it is in use by this program`,
  });
});

Deno.test("the far end outlives clients that come and go", async () => {
  const pty = openPty();
  for (let round = 0; round < 3; round++) {
    const port = openSerial(pty.path, settings);
    await port.write(Uint8Array.of(round));
    assert.deepEqual(await pty.stream.read(1000), Uint8Array.of(round));
    port.close();
  }
  pty.stream.close();
});

Deno.test("a device that is not there, and one that is no serial port, are named", () => {
  assert.throws(() => openSerial("/dev/ttyNONE7", settings), (error: unknown) => {
    assert.ok(error instanceof SerialFault);
    assert.equal(error.code, "missing");
    assert.match(error.message, /^Cannot open \/dev\/ttyNONE7: there is no such device/);
    return true;
  });
  for (const path of ["/dev/null", "/tmp", "/etc/hostname"]) {
    assert.throws(() => openSerial(path, settings), {
      code: "not_serial",
      message: `Cannot open ${path}: it is not a serial port`,
    });
  }
});

Deno.test("permission denied names the group dialout", () => {
  const fault = serialFault("/dev/ttyUSB0", 13, "Permission denied");
  assert.equal(fault.code, "denied");
  assert.match(fault.message, /^Cannot open \/dev\/ttyUSB0: permission denied.*dialout/);
});

const speeds: readonly number[] = [1200, 2400, 9600, 19200, 115200, 250_000, 921_600, 12_345];
for (const baud of speeds) {
  Deno.test(`the driver takes ${baud} baud, raw, and tells it back`, () => {
    using line = pair({ ...settings, baud });
    assert.deepEqual(readBack(line.port.path), { baud, canonical: false });
  });
}

Deno.test("two stop bits reach the driver", () => {
  using line = pair({ ...settings, stopBits: 2 } satisfies LineSettings);
  assert.equal(flags(line.port.path).control & 0x40, 0x40);
});

/** struct termios2 of a terminal, by a descriptor of its own. */
function flags(path: string) {
  const c = libc();
  const fd = c.open(path, 0o2 | 0o400 | 0o4000);
  assert.ok(fd >= 0);
  const termios = new Uint8Array(new ArrayBuffer(44));
  assert.equal(c.ioctl(fd, 0x802c542a, termios), 0);
  c.close(fd);
  const view = new DataView(termios.buffer);
  return { control: view.getUint32(8, true), local: view.getUint32(12, true), baud: view.getUint32(40, true) };
}

function readBack(path: string) {
  const { baud, local } = flags(path);
  return { baud, canonical: (local & 2) !== 0 };
}

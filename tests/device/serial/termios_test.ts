import assert from "node:assert/strict";
import { SerialSettings } from "../../../device/serial/settings.ts";
import { bitsPerCharacter } from "../../../device/serial/settings.ts";
import { makeRaw, termiosRequest } from "../../../device/serial/termios.ts";

const CS8_CREAD_CLOCAL = 0x30 | 0x80 | 0x800;

/** Control flags from asm-generic/termbits.h. */
const cases = [
  { settings: {}, control: CS8_CREAD_CLOCAL | 0xd, input: 0, bits: 10 },
  { settings: { parity: "even" }, control: CS8_CREAD_CLOCAL | 0x100 | 0xd, input: 0x10, bits: 11 },
  { settings: { parity: "odd", baud: 19200 }, control: CS8_CREAD_CLOCAL | 0x300 | 0xe, input: 0x10, bits: 11 },
  { settings: { stopBits: 2, baud: 115200 }, control: CS8_CREAD_CLOCAL | 0x40 | 0x1002, input: 0, bits: 11 },
  { settings: { baud: 921600 }, control: CS8_CREAD_CLOCAL | 0x1007, input: 0, bits: 10 },
] as const;

for (const { settings, control, input, bits } of cases) {
  Deno.test(`termios of ${JSON.stringify(settings)}`, () => {
    const parsed = SerialSettings.parse(settings);
    const termios = new Uint8Array(new ArrayBuffer(36)).fill(0xff);
    makeRaw(termios, parsed);
    const view = new DataView(termios.buffer);
    assert.deepEqual([0, 4, 8, 12].map((at) => view.getUint32(at, true)), [input, 0, control, 0]);
    assert.equal(termios[17 + 6], 1, "VMIN");
    assert.equal(termios[17 + 5], 0, "VTIME");
    assert.equal(bitsPerCharacter(parsed), bits);
  });
}

Deno.test("a speed without a constant goes through termios2", () => {
  const settings = SerialSettings.parse({ baud: 250_000 });
  const request = termiosRequest(settings.baud);
  assert.deepEqual(request, { get: 0x802c542a, set: 0x402c542b, bytes: 44 });
  const termios = new Uint8Array(new ArrayBuffer(request.bytes));
  makeRaw(termios, settings);
  const view = new DataView(termios.buffer);
  assert.equal(view.getUint32(8, true) & 0x100f, 0x1000, "BOTHER");
  assert.deepEqual([view.getUint32(36, true), view.getUint32(40, true)], [250_000, 250_000]);
});

Deno.test("settings outside of what serial lines know are refused", () => {
  for (const bad of [{ baud: 300 }, { baud: 2e6 }, { parity: "mark" }, { stopBits: 3 }, { dataBits: 7 }]) {
    assert.equal(SerialSettings.safeParse(bad).success, false, JSON.stringify(bad));
  }
});

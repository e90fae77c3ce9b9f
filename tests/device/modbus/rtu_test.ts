import assert from "node:assert/strict";
import fc from "fast-check";
import { fromHex, toHex } from "../../../crypto/bytes.ts";
import { crc16, endsWithCrc } from "../../../device/modbus/crc.ts";
import { decodeResponse, encodeRequest, encodeResponse } from "../../../device/modbus/pdu.ts";
import { decodeRtu, encodeRtu, rtuRequestLength, rtuResponseLength } from "../../../device/modbus/rtu.ts";
import { reference, testWith } from "../../needs.ts";
import { anyRequest } from "./requests.ts";

function bytes(hex: string): Uint8Array<ArrayBuffer> {
  const decoded = fromHex(hex.replaceAll(" ", "").toLowerCase());
  assert.ok(decoded);
  return decoded;
}

// Requests seen on real lines: meters, a SunSpec probe.
const FRAMES = [
  "01 04 00 00 00 2a 71 d5",
  "01 03 00 00 00 2e c5 d6",
  "01 01 00 00 00 1f 7d c2",
  "01 02 01 00 a1 88",
  "01 03 9c 40 00 03 2a 4f",
  "11 03 00 00 00 0a c7 5d",
];
for (const frame of FRAMES) {
  Deno.test(`the CRC of ${frame} fits, and no longer after any bit flips`, () => {
    const whole = bytes(frame);
    assert.ok(endsWithCrc(whole));
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const damaged = whole.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(endsWithCrc(damaged), false);
    }
  });
}

Deno.test("the CRC of the ASCII digits 1 to 9 is 0x4B37, the catalogue's check value for CRC-16/MODBUS", () => {
  assert.equal(crc16(new TextEncoder().encode("123456789")), 0x4b37);
});

const frames = reference("esp32/sim-frames.json");
testWith([frames], "the inverter simulator's own frames have the CRC that its notes say", async () => {
  const { frames: list } = JSON.parse(await Deno.readTextFile(frames.url));
  assert.ok(list.length >= 14);
  for (const { frame, crc_ok, correct_crc, values } of list) {
    const decoded = decodeRtu(bytes(frame));
    assert.equal(decoded.ok, crc_ok, frame);
    if (!decoded.ok) {
      const right = encodeRtu(bytes(frame)[0] ?? 0, bytes(frame).subarray(1, -2));
      assert.ok(right.ok);
      assert.equal(toHex(right.value).slice(-4).toUpperCase(), correct_crc);
    } else if (values) {
      const answer = decodeResponse(decoded.value.pdu, { fc: 3, address: 0, count: values.length });
      assert.ok(answer.ok && answer.value.fc === 3);
      assert.deepEqual(answer.value.values, values);
    }
  }
});

Deno.test("a frame decodes to the unit and PDU it was made of, and its length is known from its first bytes", () => {
  fc.assert(fc.property(anyRequest, fc.integer({ min: 0, max: 255 }), (request, unit) => {
    const pdu = encodeRequest(request);
    assert.ok(pdu.ok);
    const frame = encodeRtu(unit, pdu.value);
    assert.ok(frame.ok);
    const decoded = decodeRtu(frame.value);
    assert.ok(decoded.ok);
    assert.equal(decoded.value.unit, unit);
    assert.deepEqual(new Uint8Array(decoded.value.pdu), pdu.value);
    assert.equal(rtuRequestLength(frame.value.subarray(0, 7)), frame.value.length);
  }));
});

const RESPONSES = [
  { fc: 1, bits: new Array(2000).fill(true) },
  { fc: 3, values: [1, 2, 3] },
  { fc: 4, values: new Array(125).fill(65535) },
  { fc: 5, address: 1, on: false },
  { fc: 16, address: 1, count: 2 },
  { fc: "exception", function: 3, code: 2 },
] as const;
for (const response of RESPONSES) {
  Deno.test(`the length of a response to function ${response.fc} is known from three bytes`, () => {
    const pdu = encodeResponse(response);
    assert.ok(pdu.ok);
    const frame = encodeRtu(1, pdu.value);
    assert.ok(frame.ok);
    assert.equal(rtuResponseLength(frame.value.subarray(0, 3)), frame.value.length);
    assert.equal(rtuResponseLength(frame.value.subarray(0, 1)), "more");
  });
}

Deno.test("what cannot be a frame is refused by name", () => {
  const table: [string, string][] = [["", "length"], ["010300", "length"], ["01030000", "crc"]];
  for (const [hex, fault] of table) {
    const decoded = decodeRtu(bytes(hex));
    assert.ok(!decoded.ok);
    assert.equal(decoded.fault, fault);
  }
  assert.equal(decodeRtu(new Uint8Array(257)).ok, false);
  assert.equal(encodeRtu(256, bytes("03")).ok, false);
  assert.equal(encodeRtu(1, new Uint8Array(254)).ok, false);
  assert.equal(encodeRtu(1, new Uint8Array(0)).ok, false);
  assert.equal(rtuResponseLength(bytes("0117")), "unknown");
  assert.equal(rtuResponseLength(bytes("0103ff")), "unknown");
  assert.equal(rtuRequestLength(bytes("0183")), "unknown");
});

Deno.test("noise is refused or a frame whose CRC fits, never thrown at", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (noise, from) => {
      const decoded = decodeRtu(noise);
      assert.equal(decoded.ok, noise.length >= 4 && noise.length <= 256 && endsWithCrc(noise));
      for (const length of [rtuResponseLength(noise, from), rtuRequestLength(noise, from)]) {
        assert.ok(typeof length === "string" || (length >= 4 && length <= 256));
      }
    }),
    { numRuns: 2000 },
  );
});

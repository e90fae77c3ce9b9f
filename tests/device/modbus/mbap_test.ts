import assert from "node:assert/strict";
import fc from "fast-check";
import { concat, fromHex, toHex } from "../../../crypto/bytes.ts";
import { encodeMbap, MbapDeframer, type MbapFault, type MbapFrame } from "../../../device/modbus/mbap.ts";

const anyFrame: fc.Arbitrary<MbapFrame> = fc.record({
  tid: fc.integer({ min: 0, max: 0xffff }),
  unit: fc.integer({ min: 0, max: 255 }),
  pdu: fc.uint8Array({ minLength: 1, maxLength: 253 }),
});

function encoded(frame: MbapFrame): Uint8Array {
  const bytes = encodeMbap(frame);
  assert.ok(bytes.ok);
  return bytes.value;
}

function drain(deframer: MbapDeframer): MbapFrame[] {
  const frames: MbapFrame[] = [];
  for (let next = deframer.next(); next; next = deframer.next()) {
    assert.ok(next.ok);
    frames.push({ ...next.value, pdu: next.value.pdu.slice() });
  }
  return frames;
}

Deno.test("the header is transaction, protocol 0, length, unit (messaging guide 1.0b, example of §3.1)", () => {
  const frame = encoded({ tid: 0x1501, unit: 0xff, pdu: Uint8Array.of(3, 0, 4, 0, 1) });
  assert.equal(toHex(frame), "150100000006ff0300040001");
});

Deno.test("frames come out as they went in, however the stream cuts them", () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 5 }), fc.array(fc.integer({ min: 1, max: 300 })), (frames, cuts) => {
      const stream = concat(...frames.map(encoded));
      const deframer = new MbapDeframer();
      const received: MbapFrame[] = [];
      for (let at = 0, cut = 0; at < stream.length; cut++) {
        const length = cuts[cut] ?? 1;
        deframer.push(stream.subarray(at, at + length));
        received.push(...drain(deframer));
        at += length;
      }
      assert.deepEqual(received, frames.map((frame) => ({ ...frame, pdu: new Uint8Array(frame.pdu) })));
    }),
  );
});

Deno.test("many frames in one push are all given", () => {
  const frames = Array.from({ length: 100 }, (_, tid) => ({ tid, unit: 1, pdu: new Uint8Array(253).fill(tid) }));
  const deframer = new MbapDeframer();
  deframer.push(concat(...frames.map(encoded)));
  assert.deepEqual(drain(deframer), frames);
});

const FAULTS: readonly [hex: string, fault: MbapFault][] = [
  ["000100010006", "protocol"],
  ["000100000000", "length"],
  ["000100000001", "length"],
  ["0001000000ff", "length"],
  ["00010000ffff", "length"],
];
for (const [hex, fault] of FAULTS) {
  Deno.test(`a header ${hex} ends the stream: ${fault}`, () => {
    const deframer = new MbapDeframer();
    deframer.push(fromHex(hex) ?? new Uint8Array());
    for (let again = 0; again < 2; again++) {
      const next = deframer.next();
      assert.ok(next && !next.ok);
      assert.equal(next.fault, fault);
    }
  });
}

Deno.test("what does not fit a header is not encoded", () => {
  const pdu = Uint8Array.of(3);
  assert.equal(encodeMbap({ tid: 65536, unit: 1, pdu }).ok, false);
  assert.equal(encodeMbap({ tid: 1, unit: -1, pdu }).ok, false);
  assert.equal(encodeMbap({ tid: 1, unit: 1, pdu: new Uint8Array(254) }).ok, false);
  assert.equal(encodeMbap({ tid: 1, unit: 1, pdu: new Uint8Array(0) }).ok, false);
});

Deno.test("noise gives frames, a fault or a wait, and every loop ends", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 8 }), (chunks) => {
      const deframer = new MbapDeframer();
      for (const chunk of chunks) {
        deframer.push(chunk);
        for (let turns = 0;; turns++) {
          assert.ok(turns <= 600);
          const next = deframer.next();
          if (!next || !next.ok) break;
          assert.ok(next.value.pdu.length >= 1 && next.value.pdu.length <= 253);
        }
      }
    }),
    { numRuns: 1000 },
  );
});

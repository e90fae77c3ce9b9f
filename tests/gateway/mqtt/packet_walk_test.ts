import assert from "node:assert/strict";
import fc from "fast-check";
import { createPacketWalk } from "../../../gateway/mqtt/packet_walk.ts";

/** A packet with a body of this many bytes (MQTT 3.1.1 §2.2). */
function packet(length: number): Uint8Array {
  const field: number[] = [];
  for (let rest = length;; rest = Math.floor(rest / 128)) {
    field.push(rest % 128 + (rest >= 128 ? 128 : 0));
    if (rest < 128) break;
  }
  return new Uint8Array([0x30, ...field, ...new Uint8Array(length).fill(0xff)]);
}

Deno.test("packets pass in any pieces as long as each of them is within the limit", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 8 }),
    fc.integer({ min: 1, max: 50 }),
    (lengths, piece) => {
      const fits = createPacketWalk(300);
      let told = true;
      const bytes = lengths.flatMap((length) => [...packet(length)]);
      for (let at = 0; at < bytes.length && told; at += piece) {
        told = fits(new Uint8Array(bytes.slice(at, at + piece)));
      }
      assert.equal(told, lengths.every((length) => length <= 300));
    },
  ));
});

// MQTT 3.1.1 §2.2.3, table 2.4: the largest and smallest length of each size of the field.
for (const length of [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455]) {
  Deno.test(`a length of ${length} is read as such`, () => {
    const header = packet(0).slice(0, 1);
    const field = [...lengthField(length)];
    assert.equal(createPacketWalk(length)(new Uint8Array([...header, ...field])), true);
    if (length > 0) assert.equal(createPacketWalk(length - 1)(new Uint8Array([...header, ...field])), false);
  });
}

Deno.test("a length field has at most four bytes, also where they add up to nothing", () => {
  assert.equal(createPacketWalk(300)(new Uint8Array([0x30, 0x80, 0x80, 0x80])), true);
  assert.equal(createPacketWalk(300)(new Uint8Array([0x30, 0x80, 0x80, 0x80, 0x80])), false);
});

Deno.test("each packet is asked for by its type, and the first that is not let in ends the walk", () => {
  const asked: number[] = [];
  const fits = createPacketWalk(300, (type) => asked.push(type) < 3);
  assert.equal(fits(new Uint8Array([...packet(2), 0xc0, 0])), true);
  assert.equal(fits(new Uint8Array([0xe0, 0, 0xc0, 0])), false);
  assert.deepEqual(asked, [3, 12, 14]);
});

function* lengthField(length: number): Generator<number> {
  for (let rest = length;; rest = Math.floor(rest / 128)) {
    yield rest % 128 + (rest >= 128 ? 128 : 0);
    if (rest < 128) return;
  }
}

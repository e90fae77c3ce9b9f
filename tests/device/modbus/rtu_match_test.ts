import assert from "node:assert/strict";
import fc from "fast-check";
import { concat } from "../../../crypto/bytes.ts";
import type { Ask } from "../../../device/modbus/line.ts";
import { encodeRequest, encodeResponse, type Request, type Response } from "../../../device/modbus/pdu.ts";
import { encodeRtu } from "../../../device/modbus/rtu.ts";
import { answerBytes, diagnose, findResponse } from "../../../device/modbus/rtu_match.ts";
import { value } from "./peer.ts";
import { anyExchange, anyRequest } from "./requests.ts";

const anyUnit = fc.integer({ min: 1, max: 247 });

function askOf(unit: number, request: Request): Ask {
  return { unit, request, pdu: value(encodeRequest(request)), timeoutMs: 100 };
}

function framed(unit: number, response: Response): Uint8Array {
  return value(encodeRtu(unit, value(encodeResponse(response))));
}

Deno.test("an answer is found behind any noise, and only when its last byte is in", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), anyUnit, anyExchange, (noise, unit, [request, response]) => {
    const ask = askOf(unit, request);
    const frame = framed(unit, response);
    assert.deepEqual(findResponse(concat(noise, frame), ask)?.response, response);
    assert.equal(findResponse(frame.subarray(0, -1), ask), undefined);
    if (response.fc !== "exception") assert.equal(answerBytes(ask), frame.length);
  }));
});

Deno.test("noise is no answer, whatever was asked", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), anyUnit, anyRequest, (noise, unit, request) => {
      const ask = askOf(unit, request);
      assert.equal(findResponse(noise, ask), undefined);
      assert.equal(diagnose(noise, ask).kind === "silence", noise.length === 0);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("frames that answer something else are named", () => {
  const ask = askOf(1, { fc: 3, address: 0, count: 2 });
  const ofOther = framed(2, { fc: 3, values: [1, 2] });
  const late = framed(1, { fc: 3, values: [1, 2, 3] });
  const other = framed(1, { fc: 4, values: [1, 2] });
  const table: [Uint8Array, number, string][] = [
    [ofOther, 1, "unit 2"],
    [late, 1, "11 bytes"],
    [other, 1, "function 4"],
    [concat(Uint8Array.of(0), ofOther, Uint8Array.of(0xff), late), 2, "unit 2"],
  ];
  for (const [bytes, frames, text] of table) {
    const diagnosis = diagnose(bytes, ask);
    assert.ok(diagnosis.kind === "foreign");
    assert.equal(diagnosis.frames, frames);
    assert.ok(diagnosis.detail.includes(text), diagnosis.detail);
  }
  assert.equal(diagnose(ofOther.subarray(0, 6), ask).kind, "damaged");
});

Deno.test("a damaged answer with absent values and zeros is damaged, not a frame of unit 255", () => {
  const ask = askOf(1, { fc: 3, address: 0, count: 8 });
  const damaged = framed(1, { fc: 3, values: [1, 2, 0xffff, 0, 0, 0xffff, 0xffff, 0] });
  damaged[4] = 0x40;
  assert.equal(diagnose(damaged, ask).kind, "damaged");
});

Deno.test("what answers the request of another master to the same unit is passed over, its own answer found behind it", () => {
  const ask = askOf(1, { fc: 3, address: 0, count: 2 });
  const request = value(encodeRtu(1, value(encodeRequest({ fc: 3, address: 90, count: 2 }))));
  const theirs = framed(1, { fc: 3, values: [8, 9] });
  const refused = framed(1, { fc: "exception", function: 3, code: 2 });
  const own: Response = { fc: 3, values: [1, 2] };
  assert.equal(findResponse(concat(request, theirs), ask), undefined);
  for (const answer of [theirs, refused, new Uint8Array()]) {
    assert.deepEqual(
      findResponse(concat(request, answer, framed(1, own)), ask)?.response,
      answer.length > 0 ? own : undefined,
    );
  }
  const sent = value(encodeRtu(1, ask.pdu));
  assert.deepEqual(findResponse(concat(sent, framed(1, own)), ask)?.response, own);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { fromHex, toHex } from "../../../crypto/bytes.ts";
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  exceptionFor,
  type PduFault,
  type Request,
  type Response,
  responseLength,
} from "../../../device/modbus/pdu.ts";
import { anyExchange, anyRequest } from "./requests.ts";

function bytes(hex: string): Uint8Array {
  const decoded = fromHex(hex.replaceAll(" ", ""));
  assert.ok(decoded);
  return decoded;
}

// Examples of the Modbus application protocol specification 1.1b3, §6.1 to §6.6, §6.11 and §6.12.
const EXAMPLES: readonly { request: Request; asked: string; response: Response; answered: string }[] = [
  {
    request: { fc: 1, address: 19, count: 19 },
    asked: "01 00 13 00 13",
    response: { fc: 1, bits: bitsOf("1011001111010110101") },
    answered: "01 03 cd 6b 05",
  },
  {
    request: { fc: 2, address: 196, count: 22 },
    asked: "02 00 c4 00 16",
    response: { fc: 2, bits: bitsOf("0011010111011011101011") },
    answered: "02 03 ac db 35",
  },
  {
    request: { fc: 3, address: 107, count: 3 },
    asked: "03 00 6b 00 03",
    response: { fc: 3, values: [555, 0, 100] },
    answered: "03 06 02 2b 00 00 00 64",
  },
  {
    request: { fc: 4, address: 8, count: 1 },
    asked: "04 00 08 00 01",
    response: { fc: 4, values: [10] },
    answered: "04 02 00 0a",
  },
  {
    request: { fc: 5, address: 172, on: true },
    asked: "05 00 ac ff 00",
    response: { fc: 5, address: 172, on: true },
    answered: "05 00 ac ff 00",
  },
  {
    request: { fc: 6, address: 1, value: 3 },
    asked: "06 00 01 00 03",
    response: { fc: 6, address: 1, value: 3 },
    answered: "06 00 01 00 03",
  },
  {
    request: { fc: 15, address: 19, bits: bitsOf("1011001110") },
    asked: "0f 00 13 00 0a 02 cd 01",
    response: { fc: 15, address: 19, count: 10 },
    answered: "0f 00 13 00 0a",
  },
  {
    request: { fc: 16, address: 1, values: [10, 258] },
    asked: "10 00 01 00 02 04 00 0a 01 02",
    response: { fc: 16, address: 1, count: 2 },
    answered: "10 00 01 00 02",
  },
];

function bitsOf(text: string): boolean[] {
  return Array.from(text, (digit) => digit === "1");
}

for (const { request, asked, response, answered } of EXAMPLES) {
  Deno.test(`function ${request.fc} reads and writes the specification's example in both directions`, () => {
    assert.deepEqual(encodeRequest(request), { ok: true, value: bytes(asked) });
    assert.deepEqual(decodeRequest(bytes(asked)), { ok: true, value: request });
    assert.deepEqual(decodeResponse(bytes(answered), request), { ok: true, value: response });
    const encoded = encodeResponse(response);
    assert.ok(encoded.ok);
    assert.equal(toHex(encoded.value), answered.replaceAll(" ", ""));
    assert.equal(responseLength(request), encoded.value.length);
  });
}

Deno.test("an exception is decoded for its function only", () => {
  const request: Request = { fc: 3, address: 0, count: 1 };
  const exception = { fc: "exception", function: 3, code: 2 } as const;
  assert.deepEqual(decodeResponse(bytes("8302"), request), { ok: true, value: exception });
  assert.deepEqual(encodeResponse(exception), { ok: true, value: bytes("8302") });
  assert.equal(refusedAs(decodeResponse(bytes("8402"), request)), "function");
  assert.equal(refusedAs(decodeResponse(bytes("830201"), request)), "length");
});

const REFUSED_REQUESTS: readonly [hex: string, fault: PduFault, exception: number, why: string][] = [
  ["", "function", 1, "nothing"],
  ["07", "function", 1, "a function we do not speak"],
  ["83 00 00 00 01", "function", 1, "an exception"],
  ["03 00 00 00", "length", 3, "a byte too few"],
  ["03 00 00 00 01 00", "length", 3, "a byte too many"],
  ["03 00 00 00 00", "quantity", 3, "no registers"],
  ["03 00 00 00 7e", "quantity", 3, "126 registers"],
  ["01 00 00 07 d1", "quantity", 3, "2001 coils"],
  ["04 ff ff 00 02", "range", 2, "past the last address"],
  ["05 00 00 00 01", "value", 3, "a coil neither on nor off"],
  ["10 00 00 00 7c f8", "quantity", 3, "124 registers"],
  ["10 00 00 00 02 04 00 0a 01", "length", 3, "data too short"],
  ["10 00 00 00 02 03 00 0a 01 02", "length", 3, "a byte count that lies"],
  ["0f 00 00 07 b1 f7", "quantity", 3, "1969 coils"],
];
for (const [hex, fault, exception, why] of REFUSED_REQUESTS) {
  Deno.test(`a server refuses ${why} with exception ${exception}`, () => {
    const decoded = decodeRequest(bytes(hex));
    assert.equal(refusedAs(decoded), fault);
    assert.equal(exceptionFor(fault), exception);
  });
}

const REFUSED_ANSWERS: readonly [request: Request, hex: string, fault: PduFault][] = [
  [{ fc: 3, address: 0, count: 2 }, "03 02 00 01", "length"],
  [{ fc: 3, address: 0, count: 1 }, "03 03 00 01", "length"],
  [{ fc: 3, address: 0, count: 1 }, "04 02 00 01", "function"],
  [{ fc: 3, address: 0, count: 1 }, "", "function"],
  [{ fc: 6, address: 8, value: 50 }, "06 00 08 00 33", "mismatch"],
  [{ fc: 6, address: 8, value: 50 }, "06 00 09 00 32", "mismatch"],
  [{ fc: 16, address: 8, values: [1, 2] }, "10 00 08 00 01", "mismatch"],
  [{ fc: 5, address: 8, on: true }, "05 00 08 00 00", "mismatch"],
  [{ fc: 3, address: 0, count: 1 }, "83 00", "value"],
];
for (const [request, hex, fault] of REFUSED_ANSWERS) {
  Deno.test(`${hex || "nothing"} does not answer ${JSON.stringify(request)}: ${fault}`, () => {
    assert.equal(refusedAs(decodeResponse(bytes(hex), request)), fault);
  });
}

const UNSENDABLE: readonly [request: Request, fault: PduFault][] = [
  [{ fc: 3, address: 0, count: 126 }, "quantity"],
  [{ fc: 4, address: 0, count: 1.5 }, "quantity"],
  [{ fc: 1, address: 0, count: 2001 }, "quantity"],
  [{ fc: 3, address: -1, count: 1 }, "range"],
  [{ fc: 3, address: 65535, count: 2 }, "range"],
  [{ fc: 3, address: Number.NaN, count: 1 }, "range"],
  [{ fc: 6, address: 0, value: 65536 }, "value"],
  [{ fc: 6, address: 0, value: 0.5 }, "value"],
  [{ fc: 16, address: 0, values: [] }, "quantity"],
  [{ fc: 16, address: 0, values: [1, -1] }, "value"],
  [{ fc: 16, address: 0, values: new Array(124).fill(0) }, "quantity"],
  [{ fc: 15, address: 0, bits: new Array(1969).fill(true) }, "quantity"],
];
for (const [index, [request, fault]] of UNSENDABLE.entries()) {
  Deno.test(`request ${index + 1} outside the limits cannot be encoded: ${fault}`, () => {
    assert.equal(refusedAs(encodeRequest(request)), fault);
  });
}

function refusedAs(outcome: ReturnType<typeof encodeRequest | typeof decodeRequest | typeof decodeResponse>): string {
  assert.ok(!outcome.ok);
  assert.notEqual(outcome.detail, "");
  return outcome.fault;
}

Deno.test("every request decodes to what was encoded and fits a PDU", () => {
  fc.assert(fc.property(anyRequest, (request) => {
    const encoded = encodeRequest(request);
    assert.ok(encoded.ok && encoded.value.length <= 253);
    assert.deepEqual(decodeRequest(encoded.value), { ok: true, value: request });
  }));
});

Deno.test("every response decodes to what was encoded", () => {
  fc.assert(fc.property(anyExchange, ([request, response]) => {
    const encoded = encodeResponse(response);
    assert.ok(encoded.ok && encoded.value.length <= 253);
    assert.deepEqual(decodeResponse(encoded.value, request), { ok: true, value: response });
  }));
});

Deno.test("noise is decoded or refused, never thrown at", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), anyRequest, (noise, request) => {
      const asked = decodeRequest(noise);
      if (asked.ok) assert.deepEqual(encodeRequest(asked.value).ok, true);
      decodeResponse(noise, request);
    }),
    { numRuns: 2000 },
  );
});

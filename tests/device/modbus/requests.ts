import fc from "fast-check";
import { LIMITS, quantity, type Request, type Response } from "../../../device/modbus/pdu.ts";

/** Records with the prototype of an object literal, so that they compare equal to decoded ones. */
const plain = { noNullPrototype: true } as const;

const word = fc.integer({ min: 0, max: 0xffff });

function spread<T>(most: number, item: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(item, { minLength: 1, maxLength: most, size: "max" });
}

/** Any request that the specification allows. */
export const anyRequest: fc.Arbitrary<Request> = fc.oneof(
  ...([1, 2] as const).map((code) =>
    fc.record({ fc: fc.constant(code), address: word, count: fc.integer({ min: 1, max: LIMITS[code] }) }, plain)
  ),
  ...([3, 4] as const).map((code) =>
    fc.record({ fc: fc.constant(code), address: word, count: fc.integer({ min: 1, max: LIMITS[code] }) }, plain)
  ),
  fc.record({ fc: fc.constant(5 as const), address: word, on: fc.boolean() }, plain),
  fc.record({ fc: fc.constant(6 as const), address: word, value: word }, plain),
  fc.record({ fc: fc.constant(15 as const), address: word, bits: spread(LIMITS[15], fc.boolean()) }, plain),
  fc.record({ fc: fc.constant(16 as const), address: word, values: spread(LIMITS[16], word) }, plain),
).filter((request) => request.address + quantity(request) <= 0x10000);

/** A request and a response to it. */
export const anyExchange = anyRequest.chain((request): fc.Arbitrary<[Request, Response]> => {
  const exception = fc.integer({ min: 1, max: 255 }).map((code): Response => ({
    fc: "exception",
    function: request.fc,
    code,
  }));
  return fc.oneof(exception, answerTo(request)).map((response): [Request, Response] => [request, response]);
});

function answerTo(request: Request): fc.Arbitrary<Response> {
  const length = { minLength: quantity(request), maxLength: quantity(request) };
  switch (request.fc) {
    case 1:
    case 2:
      return fc.array(fc.boolean(), length).map((bits) => ({ fc: request.fc, bits }));
    case 3:
    case 4:
      return fc.array(word, length).map((values) => ({ fc: request.fc, values }));
    case 5:
    case 6:
      return fc.constant(request);
    case 15:
    case 16:
      return fc.constant({ fc: request.fc, address: request.address, count: quantity(request) });
  }
}

import assert from "node:assert/strict";
import fc from "fast-check";
import { LateAnswers } from "../../../device/modbus/late_answers.ts";
import type { Ask } from "../../../device/modbus/line.ts";
import { encodeRequest, type Request, responseLength } from "../../../device/modbus/pdu.ts";
import { value } from "./peer.ts";
import { anyRequest } from "./requests.ts";

function askOf(request: Request, unit = 1): Ask {
  return { unit, request, pdu: value(encodeRequest(request)), timeoutMs: 100 };
}

const READ: Request = { fc: 3, address: 0, count: 2 };

Deno.test("a probe goes before a request of the same unit and function, until it was answered or the time is over", () => {
  const late = new LateAnswers();
  assert.equal(late.probeFor(askOf(READ), 0), undefined);
  late.note(askOf(READ), 1000);
  assert.ok(late.probeFor(askOf({ ...READ, address: 9 }), 0));
  assert.equal(late.probeFor(askOf(READ, 2), 0), undefined);
  assert.equal(late.probeFor(askOf({ fc: 4, address: 0, count: 2 }), 0), undefined);
  late.pass(1);
  assert.equal(late.probeFor(askOf(READ), 0), undefined);
  assert.ok(late.doubts(askOf(READ), { fc: 3, values: [1, 2] }, 999));
  assert.equal(late.doubts(askOf(READ), { fc: 3, values: [1, 2] }, 1000), false);
});

Deno.test("a probe asks for what the unit gave before, as the register that it is to clear the way for may be silent", () => {
  const late = new LateAnswers();
  late.gave(askOf({ fc: 3, address: 40, count: 9 }));
  late.note(askOf(READ), 1000);
  const probe = late.probeFor(askOf({ ...READ, address: 9 }), 0);
  assert.ok(probe?.fc === 3 && probe.address === 40);
  assert.equal(late.probeFor(askOf({ fc: 4, address: 9, count: 2 }), 0), undefined);
});

Deno.test("a probe lies within the longest read that the unit gave: behind its last register there may be none", () => {
  const late = new LateAnswers();
  late.gave(askOf({ fc: 3, address: 0, count: 10 }));
  late.gave(askOf({ fc: 3, address: 9, count: 1 }));
  for (const count of [1, 2, 3]) late.note(askOf({ fc: 3, address: 9, count }), 1000);
  const probe = late.probeFor(askOf({ fc: 3, address: 9, count: 1 }), 0);
  assert.deepEqual(probe, { fc: 3, address: 0, count: 4 });
});

Deno.test("the same write twice needs no probe, another one does", () => {
  const late = new LateAnswers();
  late.note(askOf({ fc: 16, address: 8, values: [1, 2] }), 1000);
  assert.equal(late.probeFor(askOf({ fc: 16, address: 8, values: [1, 2] }), 0), undefined);
  assert.equal(late.probeFor(askOf({ fc: 16, address: 8, values: [3, 4] }), 0)?.fc, 3);
});

Deno.test("the answer to a probe has a length or function that no missing answer has, and can be sent", () => {
  fc.assert(fc.property(fc.array(anyRequest, { minLength: 1, maxLength: 80 }), anyRequest, (missing, next) => {
    const late = new LateAnswers();
    for (const request of missing) late.note(askOf(request), 1000);
    const probe = late.probeFor(askOf(next), 0);
    const rivals = missing.slice(0, 64);
    if (probe === undefined) return;
    assert.ok(encodeRequest(probe).ok);
    for (const rival of [...rivals, next]) {
      assert.ok(rival.fc !== probe.fc || responseLength(rival) !== responseLength(probe));
    }
  }));
});

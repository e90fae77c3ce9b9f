import assert from "node:assert/strict";
import { createFaultPlan, FaultRule } from "../../../device/simulator/fault.ts";

const timeout = { kind: "timeout" } as const;
const tcp = { over: "tcp", unit: 17 } as const;

Deno.test("a one-shot fault strikes once; the newest comes first", () => {
  const plan = createFaultPlan(1, [], () => 0);
  plan.inject({ fault: timeout, times: 1 });
  plan.inject({ fault: { kind: "crc" }, times: 2 });
  assert.deepEqual(Array.from({ length: 4 }, () => plan.next(tcp)?.kind), ["crc", "crc", "timeout", undefined]);
});

Deno.test("a fault for one unit or interface leaves the others alone", () => {
  const plan = createFaultPlan(1, [{ fault: timeout, unit: 17, over: "rtu" }], () => 0);
  assert.equal(plan.next(tcp), undefined);
  assert.equal(plan.next({ over: "rtu", unit: 1 }), undefined);
  assert.equal(plan.next({ over: "rtu", unit: 17 }), timeout);
});

Deno.test("a scheduled fault strikes within its time only", () => {
  let elapsed = 0;
  const plan = createFaultPlan(1, [{ fault: timeout, fromSeconds: 10, untilSeconds: 20 }], () => elapsed);
  const struck = [0, 9_999, 10_000, 19_999, 20_000].map((ms) => {
    elapsed = ms;
    return plan.next(tcp) !== undefined;
  });
  assert.deepEqual(struck, [false, false, true, true, false]);
});

Deno.test("a probable fault strikes as often as it says, and the same way for the same seed", () => {
  const run = (seed: number) => {
    const plan = createFaultPlan(seed, [{ fault: timeout, probability: 0.1 }], () => 0);
    return Array.from({ length: 10_000 }, () => plan.next(tcp) !== undefined);
  };
  const count = run(1).filter(Boolean).length;
  assert.ok(count > 850 && count < 1150, `${count} of 10000`);
  assert.deepEqual(run(1), run(1));
  assert.notDeepEqual(run(1), run(2));
});

Deno.test("rules from a configuration are checked", () => {
  assert.equal(FaultRule.safeParse({ fault: { kind: "garbage" } }).success, true);
  const bad = [{ fault: { kind: "fire" } }, { fault: { kind: "late" } }, { fault: timeout, probability: 2 }, {
    fault: timeout,
    over: "udp",
  }, { fault: { kind: "exception", code: 0 } }];
  for (const rule of bad) assert.equal(FaultRule.safeParse(rule).success, false, JSON.stringify(rule));
});

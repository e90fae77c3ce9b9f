import assert from "node:assert/strict";
import fc from "fast-check";
import { isFinished, type Life, type LifeEvent, next, type Terms } from "../../../protocol/command/life.ts";

const pending: Life = { state: "pending" };
const executing: Life = { state: "executing", startedAt: 10, leaseUntil: 40, handOuts: 1 };
const cancelled: Life = { state: "cancelled", startedAt: 10, finishedAt: 50, handOuts: 1, reported: false };
const completed: Life = { state: "completed", startedAt: 10, finishedAt: 20, handOuts: 1, reported: true };

function handOut(at: number, lost = false): LifeEvent {
  return { kind: "hand_out", at, leaseMs: 30, lost };
}

function report(at: number, status: "completed" | "failed" | "expired" = "completed"): LifeEvent {
  return { kind: "report", at, status };
}

/** The state after the event, or why nothing happened. */
function after(life: Life, event: LifeEvent, terms: Terms = {}): string {
  const outcome = next(life, event, terms);
  return outcome.ok ? outcome.value.state : outcome.fault;
}

Deno.test("each event in each state does what the table says", () => {
  const table: readonly (readonly [string, Life, LifeEvent, string, Terms?])[] = [
    ["a pending command is handed out", pending, handOut(5), "executing"],
    ["not before its time", pending, handOut(5), "not_due", { notBefore: 6 }],
    ["at its time", pending, handOut(6), "executing", { notBefore: 6 }],
    ["never once it expired", pending, handOut(6), "expired", { expiresAt: 6 }],
    ["a leased one is not handed out again", executing, handOut(39), "leased"],
    ["unless the device has not got it", executing, handOut(11, true), "executing"],
    ["when the lease has ended it is", executing, handOut(40), "executing"],
    ["and when the clock was set back below its beginning", executing, handOut(9), "executing"],
    ["but not when it expired meanwhile", executing, handOut(40), "expired", { expiresAt: 30 }],
    ["nor too often to a board", executing, handOut(40), "failed", { maxHandOuts: 1 }],
    ["a finished one is not handed out", completed, handOut(60), "finished"],
    ["a lease is renewed", executing, { kind: "renew", at: 39, leaseMs: 30 }, "executing"],
    ["but not that of a pending one", pending, { kind: "renew", at: 39, leaseMs: 30 }, "not_handed_out"],
    ["a report ends it", executing, report(20), "completed"],
    ["with what it says", executing, report(20, "failed"), "failed"],
    ["also that it expired", executing, report(20, "expired"), "expired"],
    ["also after the lease", executing, report(4000), "completed"],
    ["a second report changes nothing", completed, report(30, "failed"), "finished"],
    ["a report corrects what the gateway concluded", cancelled, report(60), "completed"],
    ["a report of what the device never got changes nothing", { ...cancelled, handOuts: 0 }, report(60), "finished"],
    ["a pending one is cancelled", pending, { kind: "cancel", at: 9 }, "cancelled"],
    ["one that the device has is not", executing, { kind: "cancel", at: 39 }, "leased"],
    ["until its lease has ended", executing, { kind: "cancel", at: 40 }, "cancelled"],
    ["nor a finished one", completed, { kind: "cancel", at: 40 }, "finished"],
    ["time ends what nobody took", pending, { kind: "tick", at: 6 }, "expired", { expiresAt: 6 }],
    ["not sooner", pending, { kind: "tick", at: 5 }, "pending", { expiresAt: 6 }],
    ["and waits for the lease of what is with the device", executing, { kind: "tick", at: 39 }, "executing", {
      expiresAt: 20,
    }],
    ["and no longer", executing, { kind: "tick", at: 40 }, "expired", { expiresAt: 20 }],
    ["a superseded one has failed", executing, { kind: "supersede", at: 20 }, "failed"],
    ["a pending one cannot be superseded", pending, { kind: "supersede", at: 20 }, "not_handed_out"],
  ];
  for (const [sentence, life, event, expected, terms] of table) {
    assert.equal(after(life, event, terms), expected, sentence);
  }
});

Deno.test("the moments and the number of hand-outs are kept", () => {
  const again = next(executing, handOut(70), {});
  assert.deepEqual(again.ok && again.value, { state: "executing", startedAt: 10, leaseUntil: 100, handOuts: 2 });
  const done = next(executing, report(25), {});
  assert.deepEqual(done.ok && done.value, {
    state: "completed",
    startedAt: 10,
    finishedAt: 25,
    handOuts: 1,
    reported: true,
  });
  const never = next(pending, { kind: "cancel", at: 9 }, {});
  assert.deepEqual(never.ok && never.value, {
    state: "cancelled",
    startedAt: undefined,
    finishedAt: 9,
    handOuts: 0,
    reported: false,
  });
});

const time = fc.integer({ min: 0, max: 200 });
const anyEvent: fc.Arbitrary<LifeEvent> = fc.oneof(
  fc.record({ kind: fc.constant("hand_out" as const), at: time, leaseMs: fc.constant(30), lost: fc.boolean() }),
  fc.record({ kind: fc.constant("renew" as const), at: time, leaseMs: fc.constant(30) }),
  fc.record({
    kind: fc.constant("report" as const),
    at: time,
    status: fc.constantFrom("completed" as const, "failed" as const, "expired" as const),
  }),
  fc.record({ kind: fc.constantFrom("cancel" as const, "tick" as const, "supersede" as const), at: time }),
);
const anyTerms: fc.Arbitrary<Terms> = fc.record({ notBefore: time, expiresAt: time, maxHandOuts: fc.nat(3) }, {
  requiredKeys: [],
});

Deno.test("whatever happens in whatever order: one end, the first report stands, nothing after the expiry or before its time", () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 30 }), anyTerms, (events, terms) => {
      let life: Life = pending;
      let firstReport: string | undefined;
      for (const event of events) {
        const outcome = next(life, event, terms);
        if (!outcome.ok) continue;
        const before: Life = life;
        life = outcome.value;
        const handed = event.kind === "hand_out" && life.state === "executing";
        if (handed) {
          assert.ok(event.at < (terms.expiresAt ?? Infinity));
          if (before.state === "pending") assert.ok(event.at >= (terms.notBefore ?? 0));
        }
        if (event.kind === "report") {
          assert.equal(firstReport, undefined, "a second report was taken");
          firstReport = event.status;
        }
        if (isFinished(before) && life !== before) assert.equal(event.kind, "report");
        if (firstReport !== undefined) assert.equal(life.state, firstReport);
      }
    }),
    { numRuns: 2_000 },
  );
});

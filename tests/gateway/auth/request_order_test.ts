import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import fc from "fast-check";
import { createRequestOrder } from "../../../gateway/auth/request_order.ts";

/** Requests of a few senders whose proofs become known in another order than they came, and some fail. */
const order = fc.array(
  fc.record({ sender: fc.constantFrom("roof", "barn"), fails: fc.boolean(), known: fc.nat() }),
  { maxLength: 12 },
);

Deno.test("the requests of a sender enter in the order in which they came, whatever order they are verified in", async () => {
  await fc.assert(fc.asyncProperty(order, async (requests) => {
    const order = createRequestOrder();
    const entered: Record<string, number[]> = { roof: [], barn: [] };
    const pending = requests.map((request, number) => ({ ...request, number, ...Promise.withResolvers<number>() }));
    const results = pending.map(({ sender, promise }) =>
      order.inTurn(sender, promise, (number) => {
        entered[sender]?.push(number);
        return new Promise<string>((resolve) => setImmediate(resolve, "done")); // what it comes to is not waited for
      })
    );
    for (const { fails, number, resolve, reject } of pending.toSorted((one, other) => one.known - other.known)) {
      if (fails) reject(new Error(`test: ${number}`));
      else resolve(number);
      await Promise.resolve();
    }
    const outcomes = await Promise.allSettled(results);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status === "fulfilled" ? outcome.value : outcome.reason.message),
      requests.map(({ fails }, number) => fails ? `test: ${number}` : "done"),
    );
    for (const sender of ["roof", "barn"]) {
      const expected = requests.flatMap((request, number) => request.sender === sender && !request.fails ? number : []);
      assert.deepEqual(entered[sender], expected);
    }
  }));
});

Deno.test("a sender waits for nobody else", async () => {
  const order = createRequestOrder();
  const never = order.inTurn("roof", new Promise<never>(() => {}), () => "roof");
  assert.equal(await order.inTurn("barn", Promise.resolve(1), () => "barn"), "barn");
  assert.equal(await Promise.race([never, Promise.resolve("waits")]), "waits");
});

Deno.test("what entering throws is the request's own affair", async () => {
  const order = createRequestOrder();
  const first = order.inTurn("roof", Promise.resolve(1), () => {
    throw new Error("test: refused");
  });
  const second = order.inTurn("roof", Promise.resolve(2), (number) => number);
  await assert.rejects(first, /test: refused/);
  assert.equal(await second, 2);
});

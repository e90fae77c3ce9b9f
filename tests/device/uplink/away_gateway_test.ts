import assert from "node:assert/strict";
import type { Answer } from "../../fakes/signing_gateway.ts";
import { until } from "../../fakes/until.ts";
import { Scene } from "./scene.ts";

Deno.test("a gateway that is away for long is asked every five minutes at most, and gets everything afterwards", async () => {
  await using scene = new Scene(10);
  const asked: number[] = [];
  let back = false;
  scene.gateway.answer = () => {
    asked.push(scene.clock.monotonic());
    return back ? undefined : { status: 503 };
  };
  scene.start();
  await until(async () => {
    if (scene.uplink.status().retryAt !== undefined) await scene.clock.advance(300_000);
    return scene.clock.monotonic() >= 86_400_000;
  }, "a day");
  const pauses = asked.slice(1).map((at, i) => at - (asked[i] ?? 0));
  assert.ok(asked.length > 250 && pauses.slice(12).every((pause) => pause >= 300_000));
  back = true;
  await scene.drained();
  assert.equal(scene.gateway.blocks.size, 10);
  assert.equal(scene.uplink.status().lastError, undefined);
});

Deno.test("Retry-After is honoured within bounds, and only from the gateway itself", async () => {
  const table: [Answer, number][] = [
    [{ status: 429, headers: { "retry-after": "40" } }, 40_000],
    [{ status: 503, headers: { "retry-after": "999999" } }, 3_600_000],
    [{ status: 503, headers: { "retry-after": "999999" }, unsigned: true }, 1_000],
    [{ status: 429, headers: { "retry-after": "40" }, unsigned: true }, 1_000],
    [{ status: 404, unsigned: true }, 1_000],
    [{ status: 302, headers: { "retry-after": "40", location: "/" }, unsigned: true }, 1_000],
    [{ status: 503, headers: { "retry-after": "40" }, forged: true }, 1_000],
    [{ status: 503 }, 1_000],
  ];
  for (const [answer, expected] of table) {
    await using scene = new Scene(1);
    scene.gateway.answer = (_, request) => request === 1 ? answer : undefined;
    const asked = scene.clock.now();
    scene.start();
    await until(() => scene.uplink.status().retryAt !== undefined, "the pause");
    assert.equal((scene.uplink.status().retryAt ?? 0) - asked, expected);
    await scene.drained();
  }
});

Deno.test("an address where nobody listens is named and retried", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await using scene = new Scene(1, { url: `http://127.0.0.1:${port}` });
  await scene.until(() => scene.uplink.status().failuresInRow >= 3, "three failures");
  assert.match(scene.uplink.status().lastError ?? "", /refused/i);
});

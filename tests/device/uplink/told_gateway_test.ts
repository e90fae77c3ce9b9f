import assert from "node:assert/strict";
import type { Exchange } from "../../../device/uplink/gateway_client.ts";
import { toldGateway } from "../../../device/uplink/told_gateway.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { fakeLog } from "../../fakes/log.ts";

Deno.test("an hour without a gateway is three lines, whoever asks, and its return is one", async () => {
  const clock = new FakeClock(), { log, lines } = fakeLog();
  let exchange: Exchange = { kind: "unreachable", message: "connection refused" };
  const gateway = toldGateway({ post: () => Promise.resolve(exchange) }, { clock, log });
  const ask = () => gateway.post("/changes", {}, new AbortController().signal);
  for (let second = 0; second < 3_600; second += 5) {
    await ask();
    clock.jump(clock.now() + 5_000);
  }
  exchange = { kind: "answer", status: 503, body: {} };
  await ask();
  await ask();
  assert.deepEqual(lines, [
    "warn: gateway cannot be reached: connection refused",
    "warn: gateway cannot be reached: connection refused",
    "warn: gateway cannot be reached: connection refused; from now on only told when that changes",
    "info: gateway answers again",
  ]);
});

Deno.test("a node that stops does not call its gateway silent", async () => {
  const { log, lines } = fakeLog();
  const stopped: Exchange = { kind: "unreachable", message: "aborted" };
  const gateway = toldGateway({ post: () => Promise.resolve(stopped) }, { clock: new FakeClock(), log });
  await gateway.post("/changes", {}, AbortSignal.abort());
  assert.deepEqual(lines, []);
});

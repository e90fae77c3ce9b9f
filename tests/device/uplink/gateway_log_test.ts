import assert from "node:assert/strict";
import type { Exchange } from "../../../device/uplink/exchange.ts";
import { GatewayLog } from "../../../device/uplink/gateway_log.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { fakeLog } from "../../fakes/log.ts";

const reportOf = (exchange: Exchange) => ({ path: "/changes", exchange, beganAt: 0, tookMs: 10 });
const answered: Exchange = { kind: "answer", status: 503, body: {} };

Deno.test("an hour without a gateway is three lines, whoever asks, and its return is one", () => {
  const clock = new FakeClock(), { log, lines } = fakeLog();
  const gateway = new GatewayLog({ clock, log });
  for (let second = 0; second < 3_600; second += 5) {
    gateway.exchanged(reportOf({ kind: "unreachable", message: "connection refused" }));
    clock.jump(clock.now() + 5_000);
  }
  gateway.exchanged(reportOf(answered));
  gateway.exchanged(reportOf(answered));
  assert.deepEqual(lines, [
    "warn: gateway cannot be reached: connection refused",
    "warn: gateway cannot be reached: connection refused",
    "warn: gateway cannot be reached: connection refused; from now on only told when that changes",
    "info: gateway answers again",
  ]);
});

Deno.test("numbers that count as used are a power cut or a restored backup, and perhaps another node with the same key within the hour", async () => {
  const { log, lines } = fakeLog();
  const clock = new FakeClock();
  const gateway = new GatewayLog({ clock, log });
  for (const [minutes, advancedTo] of [[0, 7_000], [59, 9_000], [60, 11_000]] as const) {
    await clock.advance(60_000 * minutes);
    gateway.exchanged({ ...reportOf(answered), advancedTo });
  }
  const alone =
    "info: this node's numbers count as used, as after a power cut of the gateway, or a restored backup; going on from";
  assert.deepEqual(lines, [
    `${alone} 7000`,
    "warn: this node's numbers count as used once more: if the gateway lost no power, does another node run with its key? " +
    "Going on from 9000",
    `${alone} 11000`,
  ]);
});

import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { openService, type Part } from "../../../../cli/service/run/service.ts";
import { type NodeSummary, nodeSummary } from "../../../../cli/service/run/service_parts.ts";
import { ALIVE, dead, type Liveness } from "../../../../platform/liveness.ts";
import { message, type ServiceNews } from "../../../../platform/service_notify.ts";
import { FakeClock } from "../../../fakes/clock.ts";

const log = getLogger(["test"]);

/** A service whose one part answers what `alive` says; everything that was told. */
async function served(
  options: { readonly alive: (at: number) => Liveness | Promise<Liveness>; readonly watchdogMs?: number },
  ms: number,
  why?: string,
) {
  const clock = new FakeClock();
  const told: (readonly [second: number, news: string])[] = [];
  const manager = {
    watchdogMs: options.watchdogMs,
    tell(news: ServiceNews) {
      told.push([clock.monotonic() / 1000, message(news)]);
      return true;
    },
  };
  const part: Part = { name: "node", alive: () => options.alive(clock.monotonic()), summary: () => "fine" };
  const stop = new AbortController();
  const serving = openService({ log, clock, manager }).serve([part], stop.signal);
  await clock.advance(ms);
  stop.abort(why);
  await serving;
  return told;
}

const fed = (told: readonly (readonly [number, string])[]) =>
  told.filter(([, news]) => news.includes("WATCHDOG=1")).map(([second]) => second);

Deno.test("the watchdog is fed at half of its time, with a line on how things are", async () => {
  const told = await served({ alive: () => ALIVE, watchdogMs: 6_000 }, 10_000);
  assert.deepEqual(told.slice(0, 3), [
    [0, "STATUS=starting\nEXTEND_TIMEOUT_USEC=300000000"],
    [0, "READY=1"],
    [0, "WATCHDOG=1\nSTATUS=fine"],
  ]);
  assert.deepEqual(fed(told), [0, 3, 6, 9]);
  assert.deepEqual(told.at(-1), [10, "STOPPING=1\nSTATUS=stopping"]);
});

Deno.test("it is not fed while a part stands still, and at once again when it moves", async () => {
  const alive = (at: number) => at < 4_000 || at > 8_500 ? ALIVE : dead("the poll of roof hangs for 61 s");
  const told = await served({ alive, watchdogMs: 6_000 }, 12_500);
  assert.deepEqual(fed(told), [0, 3, 9, 12]);
  assert.ok(
    told.some(([second, news]) => second === 7 && news === "STATUS=not alive: the poll of roof hangs for 61 s"),
  );
});

Deno.test("a part that does not answer is not alive", async () => {
  const told = await served({ alive: (at) => at < 2_000 ? ALIVE : new Promise(() => {}), watchdogMs: 6_000 }, 20_000);
  assert.deepEqual(fed(told), [0]);
  assert.ok(told.some(([, news]) => news === "STATUS=not alive: the node does not answer"));
});

Deno.test("without a watchdog the line is kept up to date all the same", async () => {
  const told = await served({ alive: () => ALIVE }, 25_000, "an update waits for its start");
  assert.deepEqual(told.filter(([, news]) => news.includes("STATUS=fine")).map(([second]) => second), [0, 10, 20]);
  assert.deepEqual(told.at(-1), [25, "STOPPING=1\nSTATUS=stopping: an update waits for its start"]);
});

Deno.test("a manager that was deaf hears once more that the service is ready", async () => {
  const clock = new FakeClock();
  const heard: string[] = [];
  let deaf = true;
  const manager = {
    watchdogMs: 2_000,
    tell: (news: ServiceNews) => !deaf && heard.push(message(news)) > 0,
  };
  const stop = new AbortController();
  const part: Part = { name: "gateway", alive: () => ALIVE, summary: () => "fine" };
  const serving = openService({ log, clock, manager }).serve([part], stop.signal);
  await clock.advance(1_500);
  deaf = false;
  await clock.advance(1_000);
  assert.deepEqual(heard, ["READY=1", "WATCHDOG=1\nSTATUS=fine"]);
  stop.abort();
  await serving;
});

Deno.test("a node says in one line how it is doing", () => {
  const now = 1_000_000;
  const health = (state: "ok" | "asleep") => ({ inverter: "roof", state, since_ms: now, reason: "test" });
  const good = { failuresInRow: 0, lastSampleAt: now, health: health("ok") };
  const node: NodeSummary = { inverters: [good, good], outbox: { waiting: 0 }, uplink: {}, commands: {} };
  assert.equal(
    nodeSummary({ ...node, uplink: { lastOkAt: now - 3_000 } }, now),
    "2 inverters ok, 0 waiting, gateway reached 3 s ago",
  );
  const inverters = [good, { ...good, failuresInRow: 2 }];
  assert.equal(
    nodeSummary({ ...node, inverters, outbox: { waiting: 7, diskFault: "disk full" } }, now),
    "1 inverter ok, 1 silent, 7 waiting, gateway not reached yet, the disk refuses writes: disk full",
  );
  const night = [{ ...good, failuresInRow: 9, health: health("asleep") }];
  assert.match(nodeSummary({ ...node, inverters: night }, now), /^0 inverters ok, 1 asleep, 0 waiting, /);
  assert.match(nodeSummary({ ...node, commands: { lastOkAt: now - 600_000 } }, now), /gateway reached 10 min ago/);
});

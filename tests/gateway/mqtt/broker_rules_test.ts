import assert from "node:assert/strict";
import { keepConnected } from "../../../gateway/mqtt/client_link.ts";
import { DeniedTopics } from "../../../gateway/mqtt/denied_topics.ts";
import { createPublisher } from "../../../gateway/mqtt/publisher.ts";
import { createRateLimitedWarnings } from "../../../platform/rate_limited_warnings.ts";
import { systemRandom } from "../../../platform/random.ts";
import { FakeClock } from "../../fakes/clock.ts";
import "../../fakes/loaded_libraries.ts";
import { fakeLog } from "../../fakes/log.ts";
import { until } from "../../fakes/until.ts";
import { type Rules, startStrictBroker } from "./strict_broker.ts";

const TOPICS = ["esp32/ecowatt_settings", "ecowatt/+/settings", "ecowatt/+/+/power_limit/set"];

/** A gateway's link to a broker with these rules. Its pauses are none, and it never grows tired of waiting for an answer. */
async function linkTo(rules: Rules) {
  await using opening = new AsyncDisposableStack();
  const broker = opening.use(await startStrictBroker(rules));
  const stop = new AbortController();
  const still = new FakeClock();
  const clock = {
    now: still.now,
    monotonic: still.monotonic,
    sleep: (ms: number, signal?: AbortSignal) => signal === stop.signal ? Promise.resolve() : still.sleep(ms, signal),
  };
  const { log, lines } = fakeLog();
  const denied = new DeniedTopics({ clock, warn: createRateLimitedWarnings(log, clock) });
  const publisher = createPublisher(100, { denied, clock });
  const events = {
    opened: publisher.use,
    received: () => {},
    failed: () => {},
    blamed: () => denied.blamed(),
    topics: TOPICS,
  };
  const address = { url: `mqtt://127.0.0.1:${broker.port}`, clientId: "test" };
  const done = keepConnected(address, events, { clock, random: systemRandom, log }, stop.signal);
  opening.defer(() => done);
  opening.defer(() => stop.abort());
  const opened = opening.move();
  /** Says something and waits until the broker has it. */
  const tell = async (topic: string, payload: string) => {
    publisher.put({ topic, payload, retain: true });
    await until(
      () => broker.taken.some(([where, what]) => where === topic && what === payload),
      `${topic}: ${payload}`,
    );
  };
  return { broker, publisher, denied, lines, tell, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

for (const code of [0x80, 0x87]) {
  Deno.test(`subscriptions that a broker refuses with ${code} are told once, the others stand, and all is published`, async () => {
    const asked: string[] = [];
    await using link = await linkTo({
      subscribe: (topic) => {
        asked.push(topic);
        return topic.endsWith("/set") ? 1 : code;
      },
    });
    await link.tell("ecowatt/roof/condition", "ok");
    assert.deepEqual(new Set(asked), new Set(TOPICS));
    assert.ok(link.broker.connections() <= 3, `${link.broker.connections()} connections`);
    const told = link.lines.filter((line) => /refuses/.test(line)).join();
    assert.ok(TOPICS.slice(0, 2).every((topic) => told.split(topic).length === 2), told);
    assert.ok(!told.includes("/set,"), told);
  });
}

Deno.test("a broker that ends the connection over a subscription is listened to without it, and published to", async () => {
  const asked: string[] = [];
  await using link = await linkTo({
    subscribe: (topic) => {
      asked.push(topic);
      return topic.startsWith("esp32/") ? "cut" : 1;
    },
  });
  await link.tell("ecowatt/roof/condition", "ok");
  assert.deepEqual(asked, [TOPICS[0], TOPICS[0], TOPICS[1], TOPICS[2]]);
  assert.deepEqual(link.lines.filter((line) => /refuses/.test(line)).length, 1);
});

Deno.test("a broker that takes no retained will gets one that is not, and says nothing of other topics", async () => {
  await using link = await linkTo({ keepsWill: false });
  await link.tell("ecowatt/roof/condition", "ok");
  assert.deepEqual(link.broker.wills, [false]);
  assert.match(link.lines.join("\n"), /takes no last will that is retained: it goes without/);
  assert.equal(link.denied.trouble(), undefined);
});

Deno.test("a broker that denies all of this at once gets the rest, over a few connections", async () => {
  await using link = await linkTo({
    keepsWill: false,
    subscribe: (topic) => topic.startsWith("esp32/") ? "cut" : topic.endsWith("/set") ? 0x87 : 1,
    takes: (topic) => topic.startsWith("ecowatt/"),
  });
  link.publisher.put({ topic: "esp32/ecowatt_data", payload: "{}", retain: false });
  link.publisher.put({ topic: "homeassistant/device/roof/config", payload: "{}", retain: true });
  for (const condition of ["ok", "asleep", "stale", "ok"]) await link.tell("ecowatt/roof/condition", condition);
  await until(() => link.publisher.stats().waiting === 0, "everything delivered or left out");
  const trouble = link.denied.trouble()?.replace("the broker does not take ", "").split(", ").sort();
  assert.deepEqual(trouble, ["esp32/ecowatt_data", "homeassistant/device/roof/config"]);
  assert.ok(link.broker.connections() <= 16, `${link.broker.connections()} connections`);
  const before = link.broker.connections();
  await link.tell("ecowatt/roof/condition", "fault");
  assert.equal(link.broker.connections(), before, "it stays connected");
});

import assert from "node:assert/strict";
import { DeniedTopics } from "../../../gateway/mqtt/denied_topics.ts";
import type { Message, Session } from "../../../gateway/mqtt/message.ts";
import { createPublisher, type Publisher } from "../../../gateway/mqtt/publisher.ts";
import { createRateLimitedWarnings } from "../../../platform/rate_limited_warnings.ts";
import { FakeClock } from "../../fakes/clock.ts";

const HOUR = 3_600_000;

/** A broker that ends the connection over what it does not take, and its gateway. */
class Scene {
  readonly clock = new FakeClock();
  readonly told: string[] = [];
  readonly got: Message[] = [];
  readonly denied: DeniedTopics;
  readonly publisher: Publisher;
  connections = 0;
  takes: (message: Message) => boolean;
  /** Acknowledgements that a connection that ends takes with it. */
  loses = 0;

  constructor(takes: (message: Message) => boolean) {
    this.takes = takes;
    const warn = (text: string, fields: Record<string, unknown>) => {
      this.told.push(text.replace(/\{(\w+)\}/g, (_, name: string) => String(fields[name])));
    };
    this.denied = new DeniedTopics({ clock: this.clock, warn: createRateLimitedWarnings({ warn }, this.clock) });
    this.publisher = createPublisher(100, { denied: this.denied, clock: this.clock });
    this.publisher.put({ topic: "ecowatt/gateway/status", payload: "online", retain: true });
    this.publisher.put({ topic: "ecowatt/roof/condition", payload: "ok", retain: true });
  }

  /** Publishes what a device sends now and then, over as many connections as it takes. */
  async run(rounds: number, announced: readonly string[] = []): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      if (!this.publisher.stats().connected) this.publisher.use(this.#session());
      for (const name of announced) {
        const topic = `homeassistant/device/${name}/config`;
        if (this.publisher.retained(topic) === undefined) this.publisher.put({ topic, payload: "{}", retain: true });
      }
      this.publisher.put({ topic: "esp32/ecowatt_data", payload: `${round}`, retain: false });
      this.publisher.put({ topic: "ecowatt/roof/east/state", payload: `${round}`, retain: true });
      await this.clock.advance(1_000);
    }
  }

  /** What of the last rounds came. */
  last = (topic: string) => this.got.filter((message) => message.topic === topic).at(-1)?.payload;

  #session(): Session {
    this.connections++;
    const { promise: closed, resolve: close } = Promise.withResolvers<void>();
    const waiting: { resolve(): void; reject(error: Error): void }[] = [];
    let ended = false;
    const end = () => {
      ended = true;
      for (const { reject } of waiting) reject(new Error("ended"));
      close();
    };
    const publish = (message: Message) =>
      new Promise<void>((resolve, reject) => {
        waiting.push({ resolve, reject });
        void Promise.resolve().then(() => {
          if (ended) return;
          if (!this.takes(message)) return end();
          this.got.push(message);
          if (waiting.length > this.loses) waiting.shift()?.resolve();
          if (this.loses > 0 && waiting.length <= this.loses) {
            void Promise.resolve().then(() => !ended && waiting.shift()?.resolve());
          }
        });
      });
    return { publish, close: end, closed };
  }
}

Deno.test("a topic that the broker denies by ending the connection is found, told once and left out", async () => {
  const scene = new Scene(({ topic }) => !topic.startsWith("esp32/"));
  await scene.run(40);
  assert.equal(scene.last("ecowatt/roof/east/state"), "39");
  assert.ok(scene.connections <= 5, `${scene.connections} connections`);
  assert.equal(scene.told.length, 1);
  assert.match(scene.told[0] ?? "", /over esp32\/ecowatt_data \(\d bytes\): left out, look at its access rules/);
  assert.equal(scene.denied.trouble(), "the broker does not take esp32/ecowatt_data");
  assert.equal(scene.denied.blamed(), true, "it is connected to again soon");
});

Deno.test("of many topics below one that is denied a few are tried, and all are left out", async () => {
  const scene = new Scene(({ topic }) => !topic.startsWith("homeassistant/"));
  await scene.run(60, Array.from({ length: 40 }, (_, k) => `d${k}`));
  assert.equal(scene.last("ecowatt/roof/east/state"), "59");
  assert.equal(scene.last("esp32/ecowatt_data"), "59");
  assert.ok(scene.connections <= 8, `${scene.connections} connections`);
  assert.equal(scene.denied.trouble(), "the broker does not take homeassistant/#");
  assert.equal(scene.told.length, 2, "the first topic, then all");
});

Deno.test("a message that is too long for the broker is left out, and its length told; the rest below it flows", async () => {
  const scene = new Scene(({ payload }) => payload.length < 100);
  scene.publisher.put({ topic: "ecowatt/roof/firmware", payload: "x".repeat(5_000), retain: true });
  await scene.run(40);
  assert.equal(scene.last("ecowatt/roof/east/state"), "39");
  assert.match(scene.told.join(), /over ecowatt\/roof\/firmware \(5000 bytes\)/);
});

Deno.test("a broker that keeps nothing gets everything unretained", async () => {
  const scene = new Scene(({ retain }) => !retain);
  await scene.run(60);
  assert.equal(scene.last("ecowatt/roof/east/state"), "59");
  assert.equal(scene.last("ecowatt/gateway/status"), "online");
  assert.match(scene.told.join(), /keeps no messages/);
  assert.equal(scene.denied.trouble(), undefined);
});

Deno.test("who is to blame is found though acknowledgements are lost with the connection", async () => {
  const scene = new Scene(({ topic }) => !topic.startsWith("esp32/"));
  scene.loses = 2;
  await scene.run(40);
  assert.equal(scene.denied.trouble(), "the broker does not take esp32/ecowatt_data");
});

Deno.test("a connection that ends by itself has nothing left out, and rules that change are noticed in hours", async () => {
  const scene = new Scene(() => true);
  let breaks = 0;
  scene.takes = () => breaks++ % 7 !== 6;
  await scene.run(60);
  assert.equal(scene.denied.trouble(), undefined);
  scene.takes = ({ topic }) => !topic.startsWith("esp32/");
  await scene.run(20);
  assert.equal(scene.denied.trouble(), "the broker does not take esp32/ecowatt_data");
  scene.takes = () => true;
  await scene.clock.advance(7 * HOUR);
  await scene.run(5);
  assert.equal(scene.last("esp32/ecowatt_data"), "4");
  assert.equal(scene.denied.trouble(), undefined);
});

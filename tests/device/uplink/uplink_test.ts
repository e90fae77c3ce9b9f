import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { openNodeDatabase } from "../../../device/store/database.ts";
import { Sequence } from "../../../device/store/sequence.ts";
import { Outbox } from "../../../device/outbox/outbox.ts";
import { Notifier } from "../../../device/uplink/notifier.ts";
import { GatewayClient } from "../../../device/uplink/gateway_client.ts";
import { Uplink } from "../../../device/uplink/uplink.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { localFetch } from "../../fakes/http.ts";
import { ended, until } from "../../fakes/until.ts";
import { systemRandom } from "../../../platform/random.ts";
import { type Answer, forgetfulNode, SigningGateway, testKey } from "../../fakes/signing_gateway.ts";

const key = { inverter: "roof", profile: "ecowatt", registers: ["Vac1", "Pac"] };

/** An uplink with `blocks` blocks of one sample to send, running against a gateway on a real socket. */
class Scene implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "ecowatt-uplink-" });
  readonly db = openNodeDatabase(`${this.folder}/node.sqlite`);
  readonly clock = new FakeClock();
  readonly gateway = new SigningGateway();
  readonly sequence = new Sequence(this.db);
  readonly notifier = new Notifier();
  readonly log = getLogger(["test"]);
  readonly outbox = new Outbox({
    db: this.db,
    tailPath: `${this.folder}/tail`,
    limitBytes: 2 ** 24,
    firstBlock: 1,
    clock: this.clock,
    log: this.log,
  });
  readonly #stop = new AbortController();
  readonly uplink: Uplink;
  #running: Promise<void> | undefined;

  constructor(blocks: number, options: { readonly url?: string; readonly timeoutMs?: number } = {}) {
    for (let n = 1; n <= blocks; n++) this.add(n);
    this.uplink = new Uplink({
      device: "test-node",
      outbox: this.outbox,
      notifier: this.notifier,
      clock: this.clock,
      random: { float: () => 1 },
      log: this.log,
      gateway: new GatewayClient({
        url: options.url ?? this.gateway.url,
        key: testKey,
        sequence: this.sequence,
        bound: forgetfulNode(),
        random: systemRandom,
        clock: this.clock,
        fetch: localFetch,
        ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
      }),
    });
  }

  add(n: number): void {
    this.outbox.append(key, { at: n, values: [n, 2 * n] });
    this.outbox.seal();
  }

  start(): void {
    this.#running = this.uplink.run(this.#stop.signal);
  }

  /** Lets real requests finish and skips pauses, until `done`. */
  async until(done: () => boolean, what: string): Promise<void> {
    if (this.#running === undefined) this.start();
    await until(async () => {
      if (done()) return true;
      const { retryAt } = this.uplink.status();
      if (retryAt !== undefined) await this.clock.advance(retryAt - this.clock.now());
      return false;
    }, what);
  }

  /** Stops the uplink and waits for its end. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async drained(): Promise<void> {
    await this.until(() => this.outbox.peek({ maxBlocks: 1, share: () => 0 }).length === 0, "outbox drained");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.gateway[Symbol.asyncDispose]();
    this.outbox[Symbol.dispose]();
    this.db.close();
    Deno.removeSync(this.folder, { recursive: true });
  }
}

Deno.test("a backlog is drained several blocks a request, each stored once, each number used once", async () => {
  await using scene = new Scene(300);
  await scene.drained();
  assert.equal(scene.gateway.blocks.size, 300);
  assert.equal(scene.gateway.duplicates, 0);
  assert.deepEqual(scene.gateway.batches.slice(0, 5), [1, 2, 4, 8, 16]);
  assert.equal(new Set(scene.gateway.sequences).size, scene.gateway.sequences.length);
  assert.deepEqual(scene.gateway.blocks.get(7)?.samples, [{ at: 7, values: [7, 14] }]);
  assert.equal(scene.uplink.status().sentBlocks, 300);
});

Deno.test("a request has samples in as many minutes as the gateway takes at once", async () => {
  await using scene = new Scene(0);
  for (let block = 0; block < 4; block++) {
    for (let minute = 0; minute < 600; minute++) {
      scene.outbox.append(key, { at: 60_000 * (600 * block + minute), values: [block, minute] });
    }
    scene.outbox.seal();
  }
  await scene.drained();
  assert.deepEqual(scene.gateway.batches, [1, 1, 1, 1]);
});

/** What another life of the node has brought under numbers from 1 on. */
function former(scene: Scene, blocks: number): void {
  for (let id = 1; id <= blocks; id++) {
    scene.gateway.blocks.set(id, { inverter: "roof", samples: [{ at: -id, values: [] }] });
  }
}

const RESTORED: readonly (readonly [what: string, former: number, answer: (request: number) => Answer | undefined])[] =
  [
    ["more blocks than it has made", 500, () => undefined],
    ["fewer blocks than it has made", 2, () => undefined],
    [
      "more blocks, and its numbers of requests",
      500,
      (request) => request === 1 ? { status: 401, body: { next_sequence: 1_000 } } : undefined,
    ],
    [
      "more blocks, over a line that loses answers",
      500,
      (request) => request % 2 === 1 ? { status: 502, unsigned: true } : undefined,
    ],
  ];
for (const [what, count, answer] of RESTORED) {
  Deno.test(`a restored node numbers its new blocks anew where its former life had used ${what}`, async () => {
    await using scene = new Scene(3);
    former(scene, count);
    scene.gateway.answer = (_, request) => answer(request);
    await scene.drained();
    scene.add(4);
    scene.notifier.ring();
    await scene.drained();
    const { blocks } = scene.gateway;
    await scene.until(() => blocks.size === count + 4, "the next one");
    const samples = [...blocks].filter(([id]) => id > count).flatMap(([, { samples }]) => samples);
    assert.deepEqual(samples.toSorted((a, b) => a.at - b.at), [1, 2, 3, 4].map((n) => ({ at: n, values: [n, 2 * n] })));
  });
}

Deno.test("a request that the line doubles stores its blocks once, whichever of its answers comes first", async () => {
  await using scene = new Scene(3);
  scene.gateway.answer = (upload, request) => {
    if (request !== 1) return undefined;
    scene.gateway.store(upload); // the other copy, whose number is used by now
    return { status: 401, body: { next_sequence: 1_000 } };
  };
  await scene.drained();
  assert.deepEqual([...scene.gateway.blocks.keys()], [1, 2, 3]);
});

Deno.test("a block that may have arrived is a duplicate when the gateway says so, and so is one of an earlier run", async () => {
  await using scene = new Scene(1);
  scene.gateway.answer = (upload, request) => {
    if (request === 1) scene.gateway.store(upload); // and the answer is lost
    return request === 1 ? { status: 502, unsigned: true } : undefined;
  };
  await scene.drained();
  assert.deepEqual([scene.gateway.blocks.size, scene.gateway.duplicates], [1, 1]);
  await scene.stop();
  scene.outbox.append(key, { at: 9, values: [9, 9] });
  scene.outbox.seal();
  scene.gateway.blocks.set(2, { inverter: "roof", samples: [] });
  assert.deepEqual(scene.outbox.ofThisRun(), [2]);
  using again = new Outbox({
    db: scene.db,
    tailPath: `${scene.folder}/again`,
    limitBytes: 2 ** 24,
    firstBlock: 1,
    clock: scene.clock,
    log: scene.log,
  });
  assert.deepEqual(again.ofThisRun(), []);
});

Deno.test("a new block is sent when the notifier rings", async () => {
  await using scene = new Scene(1);
  await scene.drained();
  scene.add(2);
  scene.notifier.ring();
  await scene.until(() => scene.gateway.blocks.size === 2, "second block");
});

Deno.test("what cannot be proven to be the gateway's is not acted on", async (t) => {
  const success = (ids: readonly number[]) => ({
    status: "success",
    device_id: "test-node",
    accepted_blocks: ids,
    duplicate_blocks: [],
  });
  const bad: Record<string, Answer> = {
    "an unsigned 200": { status: 200, body: success([1]), unsigned: true },
    "a changed 200": { status: 200, body: success([1]), forged: true },
    "a 200 for another device": { status: 200, body: { ...success([1]), device_id: "other" } },
    "a 200 that names other blocks": { status: 200, body: success([99]) },
    "a 200 that says nothing": { status: 200, body: {} },
    "an unsigned refusal": { status: 422, unsigned: true },
    "an unsigned replay": { status: 401, body: { next_sequence: 2 ** 50 }, unsigned: true },
    "a redirect": { status: 307, headers: { location: "http://127.0.0.1:1/" }, unsigned: true },
  };
  for (const [name, answer] of Object.entries(bad)) {
    await t.step(name, async () => {
      await using scene = new Scene(1);
      scene.gateway.answer = (_, request) => request <= 6 ? answer : undefined; // a 401 costs two requests
      await scene.until(() => scene.gateway.requests >= 5, "five attempts");
      assert.equal(scene.outbox.peek({ maxBlocks: 9, share: () => 0 }).length, 1);
      await scene.drained();
      assert.equal(scene.gateway.blocks.size, 1);
      assert.equal(scene.uplink.status().setAside, 0);
      assert.ok(scene.gateway.sequences.every((sequence) => sequence < 2 ** 33), "it did not go to what was named");
    });
  }
});

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

Deno.test("one bad block among many is found, set aside after three refusals, and the others pass", async () => {
  await using scene = new Scene(100);
  let alone = 0;
  scene.gateway.answer = ({ blocks }) => {
    if (!blocks.some((block) => block.block_id === 42)) return undefined;
    if (blocks.length === 1) alone++;
    return { status: 422, body: { detail: "block 42 is not what it says" } };
  };
  await scene.drained();
  assert.equal(scene.gateway.blocks.size, 99);
  assert.equal(alone, 3);
  scene.outbox.seal();
  const { refused, blocks } = scene.outbox.status();
  assert.deepEqual([refused, blocks, scene.uplink.status().setAside], [1, 1, 1]);
});

Deno.test("a block refused by something on the way is never set aside", async () => {
  await using scene = new Scene(3);
  scene.gateway.answer = (_, request) => request <= 12 ? { status: 413, unsigned: true } : undefined;
  await scene.drained();
  assert.equal(scene.gateway.blocks.size, 3);
});

Deno.test("a node from an old disk image goes on from the sequence number that the gateway names", async () => {
  await using scene = new Scene(2);
  scene.gateway.answer = (_, request) =>
    request === 1 ? { status: 401, body: { error: "replay", next_sequence: 70_000 } } : undefined;
  await scene.drained();
  assert.deepEqual(scene.gateway.sequences, [1, 70_000, 70_001]);
});

Deno.test("an answer that never comes is given up, and polling could go on meanwhile", async () => {
  await using scene = new Scene(1, { timeoutMs: 5_000 });
  let release = () => {};
  scene.gateway.answer = (_, request) =>
    request === 1 ? new Promise((resolve) => release = () => resolve(undefined)) : undefined;
  scene.start();
  await until(() => scene.gateway.requests === 1, "the request");
  scene.add(2);
  await scene.clock.advance(5_000);
  await scene.until(() => scene.uplink.status().lastError !== undefined, "timeout noticed");
  assert.equal(scene.uplink.status().lastError, "no answer in time");
  release();
  await scene.drained();
  assert.equal(scene.gateway.blocks.size, 2);
});

Deno.test("an address where nobody listens is named and retried", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await using scene = new Scene(1, { url: `http://127.0.0.1:${port}` });
  await scene.until(() => scene.uplink.status().failuresInRow >= 3, "three failures");
  assert.match(scene.uplink.status().lastError ?? "", /refused/i);
});

Deno.test("a stop in the middle of a request waits neither for its answer nor for any time to pass", async () => {
  await using scene = new Scene(1);
  let release = () => {};
  scene.gateway.answer = () => new Promise((resolve) => release = () => resolve(undefined));
  scene.start();
  await until(() => scene.gateway.requests === 1, "the request");
  await ended(scene.stop(), "the stop");
  release();
});

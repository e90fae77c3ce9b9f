import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { NodeClock } from "../../../device/uplink/node_clock.ts";
import { FakeClock } from "../../fakes/clock.ts";

const TRUE = Date.UTC(2026, 5, 21, 12), DAY = 86_400_000;

/** A machine whose clock shows something, beside a gateway whose clock is right. */
class Box {
  readonly machine: FakeClock & { uptime?: () => number };
  readonly clock: NodeClock;
  readonly moves: number[] = [];
  #passed = 0;

  constructor(wall: number) {
    this.machine = new FakeClock(wall);
    this.clock = new NodeClock({ clock: this.machine, log: getLogger(["test"]) });
    this.clock.listen((ms) => void this.moves.push(ms));
  }

  async pass(ms: number): Promise<void> {
    await this.machine.advance(ms);
    this.#passed += ms;
  }

  /** Asks the gateway, whose clock may be off. */
  ask(offMs = 0): void {
    const gatewayTime = TRUE + this.#passed + offMs;
    const exchange = { kind: "answer", status: 200, body: {} } as const;
    this.clock.exchanged({ path: "/changes", exchange, beganAt: 0, tookMs: 0, gatewayTime });
  }

  /** How far the node's time is from the truth. */
  get offMs(): number {
    return this.clock.now() - TRUE - this.#passed;
  }
}

Deno.test("a clock that is set moves what was dated before, and time that passes does not", async () => {
  const box = new Box(TRUE + 2 * DAY);
  await box.pass(20_000);
  assert.equal(box.offMs, 2 * DAY);
  box.machine.jump(TRUE + 20_000);
  assert.equal(box.offMs, 0);
  assert.deepEqual(box.moves, [-2 * DAY]);
  await box.pass(DAY);
  box.machine.jump(TRUE + 20_000 + DAY + 900);
  assert.equal(box.offMs, 900, "a small step is none");
  assert.equal(box.moves.length, 1);
});

for (const start of [20_000, TRUE - 200 * DAY]) {
  Deno.test(`a clock that begins at ${new Date(start).toISOString()} takes the gateway's time until it is set`, async () => {
    const box = new Box(start);
    await box.pass(5_000);
    box.ask(400);
    assert.equal(box.offMs, 400);
    assert.deepEqual(box.moves, [TRUE + 400 - start]);
    await box.pass(5_000);
    box.ask(-300);
    assert.equal(box.offMs, 400, "what is right to a second is not moved to and fro");
    box.machine.jump(TRUE + 10_000);
    assert.equal(box.offMs, 0);
    assert.equal(box.moves.length, 1, "what was dated by the gateway's time was right");
    box.ask();
    assert.equal(box.offMs, 0);
  });
}

Deno.test("a clock that agreed with the gateway's does not follow one that goes wrong, or one that is behind", async () => {
  const box = new Box(TRUE);
  box.ask();
  await box.pass(5_000);
  box.ask(10 * DAY);
  assert.equal(box.offMs, 0);
  const behind = new Box(TRUE);
  behind.ask(-TRUE);
  assert.equal(behind.offMs, 0);
  assert.deepEqual([...box.moves, ...behind.moves], []);
});

Deno.test("a machine that slept was not set", async () => {
  const box = new Box(TRUE);
  let slept = 0;
  box.machine.uptime = () => Math.floor((box.machine.monotonic() + slept) / 1000) * 1000;
  box.clock.now();
  await box.pass(1_500);
  box.clock.now();
  slept = 8 * 3_600_000;
  box.machine.jump(box.machine.now() + slept);
  box.clock.now();
  assert.deepEqual(box.moves, []);
  box.machine.jump(box.machine.now() + DAY);
  box.clock.now();
  assert.deepEqual(box.moves, [DAY]);
});

Deno.test("samples wait until the gateway was heard, or something that is not it", async () => {
  const box = new Box(TRUE);
  let waiting = true;
  const done = box.clock.compared(new AbortController().signal).then(() => waiting = false);
  const exchange = { kind: "unreachable", message: "no route" } as const;
  box.clock.exchanged({ path: "/changes", exchange, beganAt: 0, tookMs: 0 });
  await box.pass(1_000);
  assert.equal(waiting, true);
  box.ask();
  await done;
  await box.clock.compared(AbortSignal.abort());
});

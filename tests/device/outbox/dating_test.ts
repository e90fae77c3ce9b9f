import assert from "node:assert/strict";
import { createDating, sameStart } from "../../../device/outbox/dating.ts";
import { openNodeDatabase } from "../../../device/store/database.ts";
import { createMachineStarts } from "../../../device/store/machine_start.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { fakeLog } from "../../fakes/log.ts";
import { Folder, roof, samples } from "./folder.ts";

/** When the machine was started first, truly. */
const NOON = Date.UTC(2026, 5, 21, 12);
const MINUTE = 60_000, YEARS = NOON;

interface RunningNode {
  readonly outbox: ReturnType<Folder["open"]>["outbox"];
  readonly dating: ReturnType<typeof createDating>;
  readonly lines: ReturnType<typeof fakeLog>["lines"];
}

/** A box without a battery: its clock begins in 1970 with every start of the machine, until somebody sets it. */
class Box implements Disposable {
  readonly #folder = new Folder();
  /** True time since the machine was started. */
  readonly #truth = new FakeClock(NOON);
  #boot = 0;
  #bootedAt = NOON;
  /** What is added to the truth on the wall. */
  #wrongMs = -YEARS;
  #node: RunningNode | undefined;
  readonly taken: number[] = [];

  readonly clock = {
    now: () => this.#truth.now() + this.#wrongMs,
    monotonic: this.#truth.monotonic,
    sleep: this.#truth.sleep,
    uptime: () => Math.floor((this.#truth.now() - this.#bootedAt) / 1000) * 1000,
    boot: () => `boot ${this.#boot}`,
  };

  /** The node starts, after a kill if it runs. */
  start(): RunningNode {
    this.#folder.kill();
    const { log, lines } = fakeLog();
    const db = openNodeDatabase(`${this.#folder.path}/node.sqlite`);
    const known = sameStart(createMachineStarts(db), this.clock);
    db.close();
    const { outbox, db: own } = this.#folder.open({ log, ...(known && { firstToDate: known.firstBlock }) });
    const dating = createDating({ outbox, starts: createMachineStarts(own), known, clock: this.clock, log });
    return this.#node = { outbox, dating, lines };
  }

  /** Takes samples, one a minute; all are sealed but for the last few. */
  async poll(minutes: number): Promise<void> {
    for (let minute = 0; minute < minutes; minute++) {
      this.taken.push(this.#truth.now());
      this.#node?.outbox.append(roof, { at: this.clock.now(), values: [2300, this.taken.length] });
      if (minute % 3 === 0) this.#node?.outbox.seal();
      await this.#truth.advance(MINUTE);
    }
  }

  /** Somebody sets the clock right; a running node notices. */
  set({ running = true } = {}): void {
    const ms = -this.#wrongMs;
    this.#wrongMs = 0;
    if (running) this.#node?.dating.moved(ms);
  }

  /** The power goes, and comes back after so long. */
  async powerCut(ms: number): Promise<void> {
    this.#folder.kill();
    await this.#truth.advance(ms);
    this.#boot++;
    this.#bootedAt = this.#truth.now();
    this.#wrongMs = -this.#bootedAt;
    this.start();
  }

  /** The times of all samples that wait, in the order in which they were taken, as far as they are off, minutes. */
  errors(): readonly number[] {
    const { outbox } = this.#node ?? this.start();
    outbox.seal();
    const byNumber = samples(outbox).toSorted((a, b) => (a.values[1] ?? 0) - (b.values[1] ?? 0));
    assert.equal(byNumber.length, this.taken.length, "none is lost or doubled");
    return byNumber.map(({ at }, i) => Math.round((at - (this.taken[i] ?? 0)) / MINUTE));
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

const none = (count: number) => Array.from({ length: count }, () => 0);

Deno.test("what a killed node left is dated anew when the clock is set after its next start", async () => {
  using box = new Box();
  box.start();
  await box.poll(8);
  box.start();
  await box.poll(5);
  box.start();
  await box.poll(2);
  box.set();
  assert.deepEqual(box.errors(), none(15));
  box.start();
  await box.poll(2);
  assert.deepEqual(box.errors(), none(17), "and is not moved again");
});

Deno.test("what a killed node left is dated anew when the clock was set while no node ran", async () => {
  using box = new Box();
  box.start();
  await box.poll(8);
  box.set({ running: false });
  const { dating, lines } = box.start();
  await box.poll(3);
  assert.deepEqual(box.errors(), none(11));
  dating.known();
  assert.deepEqual(box.errors(), none(11));
  assert.deepEqual(lines, []);
});

Deno.test("what was taken before the power went, with no time at all, is dated as if it had not been away for long, and told", async () => {
  using box = new Box();
  box.start();
  await box.poll(10);
  await box.powerCut(2 * MINUTE);
  await box.poll(4);
  await box.powerCut(MINUTE);
  await box.poll(4);
  box.set();
  const { lines } = box.start();
  const node = box.start();
  node.dating.known();
  const errors = box.errors();
  assert.deepEqual(errors.slice(14), none(4), "of this start everything is known");
  assert.ok(errors.every((minutes) => minutes >= 0 && minutes <= 6), `${errors}`);
  assert.deepEqual([...node.lines, ...lines].filter((line) => /^warn/.test(line)), [
    "warn: 14 samples of before the machine's start had no right time: dated as if it had been off for no time",
  ]);
  node.dating.known();
  assert.deepEqual(box.errors(), errors, "once");
});

Deno.test("nothing is dated while nobody knows the time, nor what had a right one before the power went", async () => {
  using box = new Box();
  const first = box.start();
  await box.poll(3);
  first.dating.known();
  assert.ok(box.errors().every((minutes) => minutes === -YEARS / MINUTE));
  box.set();
  await box.poll(3);
  await box.powerCut(60 * MINUTE);
  await box.poll(2);
  box.set();
  box.start().dating.known();
  assert.deepEqual(box.errors(), none(8));
});

import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { execute } from "../../../device/command/executor.ts";
import { createJournal } from "../../../device/command/journal.ts";
import { LeaseKeeper } from "../../../device/command/lease_keeper.ts";
import { recover } from "../../../device/command/recovery.ts";
import { openNodeDatabase } from "../../../device/store/database.ts";
import { TimeLimit } from "../../../platform/deadline.ts";
import { SerialQueue } from "../../../platform/serial_queue.ts";
import { CommandReport } from "../../../protocol/command/device_messages.ts";
import type { Command } from "../../../protocol/command/command.ts";
import { common, sunSpecWords, threePhase, type Unit } from "../inverter/fake_unit.ts";
import { silence, workbench } from "./workbench.ts";

const LIMIT = 8;
const power = (power_value: number, revert_s?: number): Command => ({
  command_type: "set_power",
  parameters: { power_value, ...(revert_s === undefined ? {} : { revert_s }) },
});
const tenRegisters = (): Unit => ({ words: new Map(Array.from({ length: 10 }, (_, address) => [address, 100])) });

/** An inverter and a node before it that can die and start again with what it has on its disk. */
function node(unit: Unit, profile?: "sunspec") {
  const db = openNodeDatabase(":memory:");
  const bench = workbench(unit, ...(profile === undefined ? [] : [profile]));
  const journal = createJournal(db);
  let ordered = 0;
  let life = start();
  function start() {
    const stop = new AbortController();
    const io = { inverters: bench.inverters, journal, clock: bench.clock, log: getLogger(["test"]) };
    const leases = new LeaseKeeper({ ...io, orders: new SerialQueue() });
    return { stop, io: { ...io, leases }, running: leases.run(stop.signal) };
  }
  return {
    bench,
    journal,
    held: (address = LIMIT) => unit.words.get(address),
    async order(command: Command) {
      const { io, stop } = life;
      const id = `c${ordered++}`;
      using deadline = new TimeLimit(bench.clock, Infinity);
      const order = { command: { command_id: id, ...command }, deadline, writesPerDay: 100 };
      const done = await bench.clock.until(execute(order, io, stop.signal));
      if (done.kind !== "stopped") journal.finish(report(id, done.kind));
      return done;
    },
    /** Its last order is the last thing that it did. */
    die: () => life.stop.abort(),
    async startAgain() {
      life = start();
      for (const interrupted of journal.interrupted()) {
        const found = await bench.clock.until(recover(interrupted, life.io, life.stop.signal));
        journal.finish(report(interrupted.id, found.kind));
      }
    },
    pass: (ms: number) => bench.clock.advance(ms),
    async [Symbol.asyncDispose]() {
      life.stop.abort();
      await life.running;
      db.close();
    },
  };
}

function report(command_id: string, status: string): CommandReport {
  return CommandReport.parse({ device_id: "test-node", command_id, status, execution_time_ms: 1 });
}

Deno.test("an inverter without a timer of its own gets back what it held when the time is over", async () => {
  await using it = node(tenRegisters());
  assert.equal((await it.order(power(40, 60))).kind, "completed");
  await it.pass(58_000);
  assert.equal(it.held(), 40);
  await it.pass(4_000);
  assert.deepEqual([it.held(), it.journal.leases()], [100, []]);
});

Deno.test("ordered again it lasts longer, and ends with what was there before the first order", async () => {
  await using it = node(tenRegisters());
  await it.order(power(40, 60));
  await it.pass(50_000);
  await it.order(power(30, 60));
  await it.pass(50_000);
  assert.equal(it.held(), 30);
  await it.pass(12_000);
  assert.equal(it.held(), 100);
});

Deno.test("an order without a time takes the place of one with a time, and stays", async () => {
  await using it = node(tenRegisters());
  await it.order(power(40, 60));
  await it.order(power(40));
  await it.pass(120_000);
  assert.deepEqual([it.held(), it.journal.leases()], [40, []]);
});

Deno.test("what somebody else set meanwhile is left alone", async () => {
  await using it = node(tenRegisters());
  await it.order(power(40, 60));
  it.bench.unit.words.set(LIMIT, 70);
  await it.pass(62_000);
  assert.deepEqual([it.held(), it.journal.leases()], [70, []]);
});

Deno.test("an inverter that does not answer when the time is over gets it back when it does", async () => {
  const unit = tenRegisters();
  await using it = node(unit);
  await it.order(power(40, 60));
  unit.silent = () => true;
  await it.pass(300_000);
  assert.equal(it.held(), 40);
  delete unit.silent;
  await it.pass(12_000);
  assert.deepEqual([it.held(), it.journal.leases()], [100, []]);
});

Deno.test("a write that may have had an effect is taken back when the inverter shows it", async () => {
  const unit = tenRegisters();
  await using it = node(unit);
  it.bench.trouble = () => ({ fault: silence, effect: true });
  it.bench.written = () => unit.silent = () => true;
  const done = await it.order(power(40, 3_600));
  assert.equal(done.kind, "failed");
  delete it.bench.trouble;
  delete it.bench.written;
  delete unit.silent;
  await it.pass(60_000);
  assert.equal(it.held(), 100);
});

Deno.test("a node that starts gives back what was ordered for a time, however much of it was left", async () => {
  await using it = node(tenRegisters());
  await it.order(power(40, 3_600));
  it.die();
  await it.startAgain();
  await it.pass(2_000);
  assert.deepEqual([it.held(), it.journal.leases()], [100, []]);
});

Deno.test("what cannot be read before it is written is not ordered for a time, as nobody could give it back", async () => {
  const unit: Unit = { ...tenRegisters(), refuses: ({ address }) => address === LIMIT ? 2 : undefined };
  await using it = node(unit);
  const done = await it.order(power(40, 60));
  assert.ok(done.kind === "failed");
  assert.match(done.message, /Pow does not tell what it holds/);
  assert.deepEqual(it.bench.writes, []);
});

const MAP = sunSpecWords([common(66), threePhase, { id: 123, length: 24, words: { 5: 100, 23: 0 } }]);
const ID = 40_122;
const REGISTERS = [ID + 5, ID + 7, ID + 9];

for (const step of [0, 1, 2, 3, 4, 5]) {
  const moment = step < 3 ? `before write ${step + 1}` : `after write ${step - 2}`;
  Deno.test(`a node killed ${moment} of a SunSpec limit: after its start all is as before`, async () => {
    const unit: Unit = { words: new Map(MAP) };
    await using it = node(unit, "sunspec");
    await it.bench.clock.until(it.bench.inverter.poll());
    const before = REGISTERS.map((address) => it.held(address));
    const dies = (address: number) => address === REGISTERS[step % 3];
    if (step < 3) {
      it.bench.trouble = (address) => {
        if (!dies(address)) return undefined;
        it.die();
        return { fault: silence, effect: false };
      };
    } else it.bench.written = (address) => void (dies(address) && it.die());
    assert.equal((await it.order(power(40, 3_600))).kind, "stopped");
    delete it.bench.trouble;
    delete it.bench.written;
    const written = it.bench.writes.length;
    await it.startAgain();
    await it.pass(30_000);
    // The switch goes first: the inverter never obeys a limit of which only a part is there.
    const back = it.bench.writes.slice(written).map(({ address }) => address);
    assert.deepEqual(back, REGISTERS.filter((address) => back.includes(address)).toReversed());
    assert.deepEqual([REGISTERS.map((address) => it.held(address)), it.journal.leases()], [before, []]);
  });
}

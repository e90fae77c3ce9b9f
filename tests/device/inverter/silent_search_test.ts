import assert from "node:assert/strict";
import { createInverter } from "../../../device/inverter/inverter.ts";
import { busFault } from "../../../device/modbus/fault.ts";
import { searchSilent } from "../../../device/inverter/silent_search.ts";
import { type Block, blockOf } from "../../../device/inverter/read_plan.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { answerOf, rightAnswer, virtualDevice } from "../modbus/virtual_device.ts";
import { common, sunSpecWords, threePhase } from "./fake_unit.ts";
import { shown } from "./inverter_bench.ts";

const NO_ANSWER = busFault.exception("test", 1, 0);
const words = sunSpecWords([common(66), threePhase]);
const CABINET = 40_070 + 33, SINK = 40_070 + 34;

/** So many registers, one after the other. */
function block(count: number): Block {
  return blockOf(Array.from({ length: count }, (_, address) => ({ table: "holding" as const, address, words: 1 })));
}

/** Searches a block of a unit that does not answer reads of some registers. */
async function searched(count: number, isSilent: (address: number) => boolean) {
  let silences = 0;
  const reading = await searchSilent(block(count), ({ address, count }) => {
    const silent = Array.from({ length: count }, (_, i) => address + i).some(isSilent);
    if (silent) silences++;
    const fault = busFault.timeout("test", 1, 1000, 2);
    return Promise.resolve(silent ? { ok: false, fault } : { ok: true, value: new Array<number>(count).fill(7) });
  }, NO_ANSWER);
  return { silences, refused: reading.refused.map(({ span }) => span.address), reading };
}

Deno.test("one register in thirty-two that is not answered is found by one search, and the others read", async () => {
  const { refused, reading } = await searched(32, (address) => address === 19);
  assert.deepEqual(refused, [19]);
  assert.equal(reading.fault, undefined);
  assert.equal(reading.answered.reduce((sum, { words }) => sum + words.length, 0), 31);
});

Deno.test("the seventh silence ends a search, and what it found until then is kept", async () => {
  const { silences, refused, reading } = await searched(32, (address) => address % 2 === 1);
  assert.equal(silences, 7);
  assert.deepEqual(refused, [1]);
  assert.equal(reading.fault?.kind, "timeout");
});

Deno.test("a unit that goes silent during a search loses no register", async () => {
  const { refused, reading } = await searched(8, () => true);
  assert.deepEqual(refused, []);
  assert.equal(reading.fault?.kind, "timeout");
});

for (
  const [name, behave] of [
    ["is not answered, beside one that is refused with exception 4", "silence"],
    ["makes the device hang up, beside one that is refused with exception 4", "hang up"],
    ["is answered by another unit, beside one that is refused with exception 4", "another"],
  ] as const
) {
  Deno.test(`a register that ${name} is left out, and the rest read`, async () => {
    const device = virtualDevice(new FakeClock(), (asked) => {
      const { request } = asked;
      assert.ok(request.fc === 3);
      const has = (address: number) => request.address <= address && address < request.address + request.count;
      if (has(SINK)) {
        if (behave === "hang up") asked.hangUp();
        if (behave === "another") asked.send(asked.frame(rightAnswer(request), { unit: 9 }));
        return;
      }
      asked.send(
        asked.frame(has(CABINET) ? { fc: "exception", function: 3, code: 4 } : answerOf(words, request)),
      );
    });
    await using bus = device.bus("tcp");
    const inverter = createInverter({ unit: 1, profile: "sunspec", registers: [] }, { bus, clock: device.clock });
    let poll = await device.clock.until(inverter.poll());
    for (let polls = 0; polls < 12; polls++) {
      await device.clock.advance(5000);
      poll = await device.clock.until(inverter.poll());
    }
    assert.equal(shown(poll)["103.W"], 2345.6);
    assert.deepEqual(inverter.quarantined().map(({ register }) => register), ["103.TmpCab", "103.TmpSnk"]);
  });
}

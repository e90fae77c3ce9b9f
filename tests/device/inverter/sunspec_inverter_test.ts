import assert from "node:assert/strict";
import { common, type FakeModel, sunSpecWords, threePhase, type Unit } from "./fake_unit.ts";
import { read, setUp, shown } from "./inverter_bench.ts";

Deno.test("a SunSpec inverter is found, named and read with its scale factors in one request", async () => {
  const { inverter, requests } = setUp({ words: sunSpecWords([common(66, "Fronius"), threePhase]) }, {
    profile: "sunspec",
  });
  const poll = await inverter.poll();
  assert.equal(inverter.profile()?.id, "sunspec:1@40002/66,103@40070/50");
  assert.equal(inverter.identity()?.manufacturer, "Fronius");
  const values = shown(poll);
  assert.equal(values["103.W"], 2345.6);
  assert.equal(values["103.PhVphA"], 230.1);
  assert.equal(values["103.Hz"], 50.01);
  assert.equal(values["103.WH"], 1234567);
  assert.equal(values["103.TmpCab"], 41.5);
  assert.equal(values["103.A"], undefined);
  assert.equal(values["103.DCW"], undefined);
  requests.length = 0;
  await inverter.poll();
  assert.deepEqual(requests, [{ address: 40070, count: 42 }]);
});

Deno.test("a point whose scale factor is unusable is dropped, raw value and all", async () => {
  const words = sunSpecWords([common(66), { ...threePhase, words: { ...threePhase.words, 15: 0x8000, 13: 11 } }]);
  const { inverter } = setUp({ words }, { profile: "sunspec", registers: ["103.W", "103.PhVphA", "103.Hz"] });
  const poll = read(await inverter.poll());
  assert.deepEqual(poll.columns, ["103.W", "103.W_SF", "103.PhVphA", "103.V_SF", "103.Hz", "103.Hz_SF"]);
  assert.deepEqual(poll.values, [undefined, undefined, undefined, undefined, 5001, -2]);
  assert.deepEqual(poll.withheld, { absent: 3, missing: 0, range: 1, step: 0 });
});

Deno.test("an answer that starts one register late is not believed", async () => {
  const unit: Unit = { words: sunSpecWords([common(66), threePhase]) };
  const { inverter } = setUp(unit, { profile: "sunspec" });
  await inverter.poll();
  let late = true;
  unit.garbles = (words, { count }) => late && count > 3 ? [...words.slice(1), 0] : words;
  const shifted = await inverter.poll();
  assert.ok(shifted.kind === "nothing" && shifted.fault.kind === "map_changed");
  late = false;
  assert.equal(shown(await inverter.poll())["103.W"], 2345.6);
  assert.equal(inverter.profile()?.id, "sunspec:1@40002/66,103@40070/50");
});

Deno.test("a map that moves is found again, and series are told apart by their profile", async () => {
  const unit: Unit = { words: sunSpecWords([common(66), threePhase]) };
  const { inverter } = setUp(unit, { profile: "sunspec" });
  const before = read(await inverter.poll());
  unit.words = sunSpecWords([common(65), threePhase]);
  const moved = await inverter.poll();
  assert.ok(moved.kind === "nothing" && moved.fault.kind === "map_changed");
  const after = read(await inverter.poll());
  assert.deepEqual([before.profile.id, after.profile.id], [
    "sunspec:1@40002/66,103@40070/50",
    "sunspec:1@40002/65,103@40069/50",
  ]);
  assert.equal(shown(after)["103.W"], 2345.6);
});

Deno.test("inverters behind a unit id are counted before the meter among them; a fourth device is missed by name", async () => {
  const second: FakeModel = { ...threePhase, words: { ...threePhase.words, 14: 100, 15: 0 } };
  const meter: FakeModel = { id: 203, length: 105, words: { 18: 0xfb2e } };
  const words = sunSpecWords([common(66), threePhase, common(66), meter, common(66), second]);
  const { inverter } = setUp({ words }, { profile: "sunspec", device: 1 });
  assert.equal(shown(await inverter.poll())["103.W"], 100);
  const third = setUp({ words }, { profile: "sunspec", device: 2 }).inverter;
  assert.equal(shown(await third.poll())["203.W"], -1234);
  assert.equal(third.profile()?.class, "meter");
  const missing = await setUp({ words }, { profile: "sunspec", device: 3 }).inverter.poll();
  assert.ok(missing.kind === "nothing" && missing.fault.kind === "not_sunspec");
});

Deno.test("a discovery that fails is tried again with the next poll", async () => {
  const unit: Unit = { words: sunSpecWords([common(66), threePhase]), silent: () => true };
  const { inverter } = setUp(unit, { profile: "sunspec" });
  const poll = await inverter.poll();
  assert.ok(poll.kind === "nothing" && poll.fault.kind === "timeout");
  delete unit.silent;
  assert.equal(shown(await inverter.poll())["103.W"], 2345.6);
});

Deno.test("an inverter that gives only not-implemented values gives nothing to store", async () => {
  const asleep: FakeModel = {
    id: 103,
    length: 50,
    words: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [i + 2, i % 2 ? 0x8000 : 0xffff])),
  };
  const words = sunSpecWords([common(66), asleep]);
  for (const offset of [14, 15]) words.set(40070 + offset, 0x8000);
  const { inverter } = setUp({ words }, { profile: "sunspec", registers: ["103.W"] });
  const poll = await inverter.poll();
  assert.ok(poll.kind === "nothing" && poll.fault.kind === "no_values");
  assert.equal(poll.withheld.absent, 2);
});

/** The 50 words of model 101 of a SolarEdge SE5000H, as its owner published them (evcc-io/evcc#15445). */
const SOLAREDGE =
  ("0250 0250 ffff ffff fffe 0935 ffff ffff 0935 ffff ffff ffff 367e ffff c343 fffd 369e ffff db1e fffe d907 fffe " +
    "00df f1da 0000 0d7a fffd 1009 ffff 3753 ffff 8000 1049 8000 8000 fffe 0004 0000 ffff ffff ffff ffff 0000 0000 " +
    "ffff ffff ffff ffff 0000 0000").split(" ").map((word) => Number.parseInt(word, 16));

Deno.test("an inverter without a cabinet sensor is polled for its heat sink's", async () => {
  const words = Object.fromEntries(SOLAREDGE.map((word, offset) => [offset + 2, word]));
  const unit: Unit = { words: sunSpecWords([common(65, "SolarEdge"), { id: 101, length: 50, words }]) };
  const { inverter } = setUp(unit, { profile: "sunspec" });
  const values = shown(await inverter.poll());
  assert.equal(values["101.TmpSnk"], 41.69);
  assert.equal(values["101.TmpCab"], undefined);
  assert.equal(values["101.W"], 1395);
});

Deno.test("a map whose end was not seen at night is looked up again by day, once, and only grows", async () => {
  const mppt: FakeModel = { id: 160, length: 28, words: { 8: 1 } };
  const whole = sunSpecWords([common(66), threePhase, mppt], { end: [] });
  const night = sunSpecWords([common(66), threePhase], { end: [] });
  const unit: Unit = { words: night };
  const { inverter, requests } = setUp(unit, { profile: "sunspec" });
  const idAfterPoll = async () => {
    await inverter.poll();
    return inverter.profile()?.id;
  };
  const short = "sunspec:1@40002/66,103@40070/50", long = `${short},160@40122/28`;
  assert.equal(await idAfterPoll(), short);
  unit.words = whole;
  assert.equal(await idAfterPoll(), short, "nothing says that it is day");
  inverter.relearn();
  assert.equal(await idAfterPoll(), long);
  unit.words = night;
  inverter.relearn();
  assert.equal(await idAfterPoll(), long);
  unit.silent = () => true;
  inverter.relearn();
  assert.equal(await idAfterPoll(), long);
  delete unit.silent;
  requests.length = 0;
  await inverter.poll();
  assert.ok(!requests.some(({ address }) => address === 40_000), "it is not looked up with every poll");
});

Deno.test("a map that has an end is not looked up again in the morning", async () => {
  const { inverter, requests } = setUp({ words: sunSpecWords([common(66), threePhase]) }, { profile: "sunspec" });
  await inverter.poll();
  requests.length = 0;
  inverter.relearn();
  await inverter.poll();
  assert.deepEqual(requests, [{ address: 40070, count: 42 }]);
});

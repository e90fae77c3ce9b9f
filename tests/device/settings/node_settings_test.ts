import assert from "node:assert/strict";
import { countingInverter } from "../../e2e/counting_inverter.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { localFetch as fetch } from "../../fakes/http.ts";
import "../../fakes/sockets.ts";
import { start as startSimulator } from "../simulator/running.ts";
import { type ChoosyAnswer, choosyInverter } from "./choosy_inverter.ts";
import { Site, type Told } from "./site.ts";

/** Waits until a version is in force; when that was, unix milliseconds. */
async function inForce(site: Site, clock: FakeClock, version: number): Promise<number> {
  await clock.reach(() => site.inForce === version, `version ${version} in force`);
  return clock.now();
}

/** Whether the node has taken as many samples as the inverter answered polls. */
function isTaken(site: Site, answered: number): boolean {
  return site.node.status().inverters[0]?.samples === answered;
}

/** Whether the samples of a stretch lie on a grid, one at each of its points. */
function assertGrid(samples: readonly Told[], periodMs: number, name: string): void {
  const times = samples.map(({ at }) => at);
  assert.ok(times.length > 5, `${name}: ${times.length} samples`);
  assert.deepEqual(times, times.map((_, i) => (times[0] ?? 0) + i * periodMs), name);
}

Deno.test("settings that change while polling at 0.1 s cost no poll and double none, and survive a restart", async () => {
  const clock = new FakeClock();
  await using inverter = countingInverter();
  await using site = new Site({ clock, fetch }, inverter.port);
  await site.startGateway();
  await site.startNode();
  await clock.advance(1_000);
  const changes = [
    { values: { poll_interval_s: 0.2 }, periodMs: 200 },
    { values: { poll_interval_s: 0.2, registers: ["Vpv1", "Pac"] }, periodMs: 200 },
    { values: { poll_interval_s: 0.1, upload_interval_s: 2, registers: ["Pac", "Vpv1", "Vac1"] }, periodMs: 100 },
  ];
  const times: number[] = [];
  for (const [index, { values }] of changes.entries()) {
    await site.set(values);
    times.push(await inForce(site, clock, index + 1));
    await clock.reach(async () => (await site.settings()).state === "in_sync", "applied, as the gateway has it");
    await clock.reach(() => site.node.status().settings.trial === null, "good");
  }
  const { missed, failures } = site.node.status().inverters[0] ?? {};
  assert.deepEqual([missed, failures], [0, 0]);
  assert.deepEqual((await site.settings()).reported?.registers, ["Pac", "Vpv1", "Vac1"]);
  const done = inverter.answered(); // a stop gives up a poll that is on its way: let one be over
  await clock.reach(() => inverter.answered() > done && isTaken(site, inverter.answered()), "a poll just over");
  await site.stopNode();
  const polled = inverter.answered();
  const { settings, inverters } = (await site.startNode()).status();
  assert.deepEqual([settings.inForce?.version, settings.inForce?.poll_interval_s], [3, 0.1]);
  assert.deepEqual(settings.configured, { poll_interval_s: 0.1, upload_interval_s: 1 });
  assert.equal(inverters[0]?.samples, 0);
  await clock.reach(async () => (await site.samples()).length > polled + 5, "all samples at the gateway");
  const samples = await site.samples();
  assert.deepEqual(samples.map(({ pac }) => pac), samples.map((_, i) => i), "every poll once, in order");
  const bounds = [samples[0]?.at ?? 0, ...times, samples[polled]?.at ?? 0];
  for (const [index, periodMs] of [100, ...changes.map(({ periodMs }) => periodMs)].entries()) {
    const stretch = samples.filter(({ at }) => at >= (bounds[index] ?? 0) && at < (bounds[index + 1] ?? 0));
    assertGrid(stretch, periodMs, `stretch ${index}`);
    if (index === 0) continue; // nothing is before it
    const before = samples[samples.findIndex((sample) => sample === stretch[0]) - 1];
    assert.equal((stretch[0]?.at ?? 0) - (before?.at ?? 0), periodMs, `the pause before stretch ${index}`);
  }
});

Deno.test("registers that the inverter refuses one and all are taken back, and the gateway knows why", async () => {
  const clock = new FakeClock();
  const refuse: ChoosyAnswer = { kind: "exception", code: 2 };
  await using inverter = choosyInverter((address, count) =>
    address <= 2 && address + count > 2
      ? refuse
      : { kind: "values", values: [2300, 20, 5000, 3000, 3000, 30, 30, 353, 100, 500].slice(address, address + count) }
  );
  await using site = new Site({ clock, fetch }, inverter.port, { inverter: { registers: ["Vac1", "Pac"] } });
  await site.startGateway();
  await site.startNode();
  await site.set({ registers: ["Vac1"] });
  await inForce(site, clock, 1);
  await clock.reach(() => site.node.status().settings.good?.version === 1, "the first are good");
  await site.set({ registers: ["Fac1"] });
  const applied = await inForce(site, clock, 2);
  const reverted = await inForce(site, clock, 1);
  assert.equal(reverted - applied, 3_000);
  await clock.reach(async () => (await site.settings()).state === "reverted", "the gateway knows");
  const { progress } = await site.settings();
  assert.match(progress.registers?.reason ?? "", /inverter inverter did not work for \d upload intervals/);
  const before = site.node.status().inverters[0]?.samples ?? 0;
  await clock.reach(() => (site.node.status().inverters[0]?.samples ?? 0) > before + 5, "polls again");
  await clock.advance(6_000);
  assert.equal(site.inForce, 1, "what was reverted is not applied again");
});

Deno.test("a poll interval at which the inverter falls silent is taken back", async () => {
  const clock = new FakeClock();
  let last = -Infinity;
  let hangsUntil = 0;
  await using inverter = choosyInverter((address, count) => {
    if (clock.monotonic() - last < 250) hangsUntil = clock.monotonic() + 10_000;
    last = clock.monotonic();
    if (last < hangsUntil) return { kind: "silence" };
    return {
      kind: "values",
      values: [2300, 20, 5000, 3000, 3000, 30, 30, 353, 100, 500].slice(address, address + count),
    };
  });
  await using site = new Site({ clock, fetch }, inverter.port, {
    node: { poll_interval: "500ms", upload_interval: "2s" },
    timeout: "200ms",
  });
  await site.startGateway();
  await site.startNode();
  await site.set({ poll_interval_s: 0.1 });
  await inForce(site, clock, 1);
  await inForce(site, clock, 0);
  await clock.reach(async () => (await site.settings()).state === "reverted", "the gateway knows");
  const before = site.node.status().inverters[0]?.samples ?? 0;
  await clock.reach(() => (site.node.status().inverters[0]?.samples ?? 0) > before + 3, "polls again");
});

Deno.test("an inverter that was silent before is not held against new settings", async () => {
  const clock = new FakeClock();
  await using simulator = await startSimulator({ port: 0 }, clock);
  await using site = new Site({ clock, fetch }, simulator.addresses.tcp?.port ?? 0, { timeout: "200ms" });
  await site.startGateway();
  await site.startNode();
  await clock.reach(() => (site.node.status().inverters[0]?.samples ?? 0) > 3, "samples");
  simulator.inject({ kind: "timeout" }, { probability: 1, untilSeconds: 20 });
  await clock.reach(() => (site.node.status().inverters[0]?.failuresInRow ?? 0) > 3, "silence");
  await site.set({ poll_interval_s: 0.3 });
  const applied = await inForce(site, clock, 1);
  await clock.reach(() => site.node.status().settings.good?.version === 1, "good when it is back");
  assert.ok(clock.now() - applied > 4_000, "after more than three upload intervals");
  assert.equal((await site.settings()).state, "in_sync");
});

Deno.test("a gateway that is away right after it gave settings loses none of their outcome", async () => {
  const clock = new FakeClock();
  await using simulator = await startSimulator({ port: 0 }, clock);
  await using site = new Site({ clock, fetch }, simulator.addresses.tcp?.port ?? 0, {
    node: { upload_interval: "3s" },
  });
  await site.startGateway();
  await site.startNode();
  await site.set({ poll_interval_s: 0.2 });
  await clock.reach(() => site.node.status().settings.pending?.version === 1, "accepted");
  await site.stopGateway();
  await inForce(site, clock, 1);
  await site.stopNode();
  await site.startGateway();
  await site.startNode();
  await clock.reach(async () => (await site.settings()).state === "in_sync", "the gateway knows");
  assert.equal((await site.settings()).reported?.poll_interval_s, 0.2);
});

import assert from "node:assert/strict";
import type { Outcome } from "../../../gateway/rollout/effect.ts";
import { memberOf } from "../../../gateway/rollout/member.ts";
import { mayBegin, mayGoOn, next, startRollout } from "../../../gateway/rollout/rollout.ts";
import type { FirmwareRollout } from "../../../gateway/store/port/firmware_rollout.ts";
import { isOver, type RolloutPolicy } from "../../../gateway/store/port/rollout.ts";
import { openFleet, seeded } from "./fleet.ts";

const WAVES = [{ size: { devices: 10 } }, { size: { percent: 10 } }, { size: { percent: 50 } }];

Deno.test("a thousand nodes: a bad image stops at the first wave, and reaches exactly its devices", async () => {
  await using fleet = await openFleet({ size: 1_000, seed: 1, boots: () => false });
  const careful = [{ size: { devices: 10 }, successes: { devices: 1 } }, ...WAVES.slice(1)];
  const id = await fleet.start({ waves: careful, pauseAfter: 10 });
  for (let round = 0; round < 5; round++) await fleet.round(60);
  const { rollout } = fleet.rollouts.find(id);
  assert.equal(rollout.phase, "paused");
  assert.equal(fleet.exposed(), 10, "exposure is the size of the first wave");
  assert.ok(fleet.nodes.every(({ version, trials }) => version === "1.0.0" && trials <= 1));
});

Deno.test("a thousand nodes: a threshold of one stops a bad image after the first that fails", async () => {
  await using fleet = await openFleet({ size: 1_000, seed: 2, boots: () => false });
  const id = await fleet.start({ waves: WAVES, abortAfter: 1 });
  for (let round = 0; round < 3; round++) await fleet.round(60);
  assert.equal(fleet.rollouts.find(id).rollout.phase, "aborted");
  assert.equal(fleet.exposed(), 1);
});

Deno.test("a thousand nodes on a bad network: a good image reaches all, wave by wave, with retries", async () => {
  await using fleet = await openFleet({ size: 1_000, seed: 3, boots: () => true, loss: 0.3 });
  const id = await fleet.start({ waves: WAVES, attempts: 20, jitterMs: 3_600_000 });
  const reached: number[] = [];
  for (let round = 0; round < 60 && fleet.rollouts.find(id).rollout.phase === "running"; round++) {
    await fleet.round(60);
    const { wave } = fleet.rollouts.find(id).rollout;
    const bound = [10, 110, 610, 1_000][wave] ?? 0;
    assert.ok(fleet.exposed() <= bound, `wave ${wave + 1}: ${fleet.exposed()} of ${bound}`);
    reached.push(fleet.exposed());
  }
  assert.equal(fleet.rollouts.find(id).rollout.phase, "done");
  assert.ok(fleet.nodes.every(({ version, trials }) => version === "1.1.0" && trials === 1));
  assert.ok(reached.length > 3, "not all at once");
});

Deno.test("a thousand nodes: paused nobody moves, resumed they go on, aborted it ends", async () => {
  await using fleet = await openFleet({ size: 1_000, seed: 4, boots: () => true, loss: 0.2 });
  const id = await fleet.start({ waves: WAVES, attempts: 20 });
  await fleet.round(60);
  await fleet.rollouts.change(id, { kind: "pause", by: "op" });
  const before = fleet.exposed();
  for (let round = 0; round < 3; round++) await fleet.round(600);
  assert.equal(fleet.exposed(), before);
  await fleet.rollouts.change(id, { kind: "resume", by: "op" });
  while (fleet.rollouts.find(id).rollout.wave < 1) await fleet.round(60);
  await fleet.round(60);
  assert.ok(fleet.exposed() > 10);
  await fleet.rollouts.change(id, { kind: "abort", by: "op", restore: true });
  const after = fleet.exposed();
  for (let round = 0; round < 3; round++) await fleet.round(600);
  assert.equal(fleet.exposed(), after);
  assert.equal(fleet.rollouts.find(id).rollout.phase, "aborted");
});

/** How successes count: firmware reports them once, settings have to do well for so long. */
const WAYS = { firmware: undefined, settings: 3_600_000 } as const;

interface Simulated {
  rollout: FirmwareRollout;
  readonly exposed: Set<string>;
  /** What is to be seen of devices whose success has to last. */
  readonly said: Map<string, Outcome>;
}

interface Scenario {
  readonly seed: number;
  readonly bad: boolean;
  readonly holdMs: number | undefined;
  readonly between?: (state: Simulated, round: number, now: number) => void;
}

/** One rollout over a thousand devices by the state machine alone, with reports that are late, lost, repeated and forged. */
function simulate({ seed, bad, holdMs, between = () => {} }: Scenario): Simulated {
  const random = seeded(seed);
  const first = 1 + Math.floor(random() * 50);
  const policy: RolloutPolicy = {
    waves: [{ devices: first, successes: first }, { devices: 300, successes: 250 }, {
      devices: 700 - first,
      successes: 0,
    }],
    ...(holdMs === undefined ? { timeoutMs: 7_200_000 } : { holdMs }),
    ...(random() < 0.5 ? { pauseAfter: first } : {}),
    attempts: 1 + Math.floor(random() * 4),
    backoffMs: 60_000,
    maxBackoffMs: 3_600_000,
    jitterMs: Math.floor(random() * 3_600_000),
  };
  const devices = Array.from({ length: 1_000 }, (_, i) => `d${i}`);
  const goal = { model: "m", version: "2.0.0" };
  const rollout: FirmwareRollout = startRollout({ goal, by: "t", policy, devices }, 0);
  const state: Simulated = { rollout, exposed: new Set(), said: new Map() };
  for (let now = 0, round = 0; round < 40 && !isOver(state.rollout); round++, now += 3_600_000) {
    between(state, round, now);
    step(state, {
      now,
      bad,
      random,
      devices: devices.slice(0, first + 300 * state.rollout.wave + 400 * Math.max(0, state.rollout.wave - 1)),
    });
    state.rollout = next(state.rollout, { kind: "tick", seen: state.said }, now);
  }
  return state;
}

function step(
  state: Simulated,
  { now, bad, random, devices }: { now: number; bad: boolean; random: () => number; devices: readonly string[] },
): void {
  const outcome = bad
    ? { kind: "failed", reason: { code: "rolled_back" }, final: true } as const
    : { kind: "succeeded" } as const;
  const tell = (device: string) => {
    if (state.rollout.policy.holdMs !== undefined) state.said.set(device, outcome);
    else state.rollout = next(state.rollout, { kind: "outcome", device, outcome }, now);
  };
  for (const device of devices) {
    if (random() < 0.1 || state.said.has(device) || !mayBegin(state.rollout, device, now)) continue;
    state.rollout = next(state.rollout, { kind: "begun", device }, now);
    if (!mayGoOn(state.rollout, device) || random() < 0.1) continue;
    state.exposed.add(device);
    tell(device);
    if (random() < 0.2) tell(device); // said twice
    tell("a stranger");
  }
}

for (const [kind, holdMs] of Object.entries(WAYS)) {
  Deno.test(`${kind}, a hundred seeds: nothing bad ever leaves the first wave, and devices are each in one place`, () => {
    for (let seed = 0; seed < 100; seed++) {
      const { rollout, exposed } = simulate({ seed, holdMs, bad: true });
      const first = rollout.policy.waves[0]?.devices ?? 0;
      assert.ok(exposed.size <= first, `seed ${seed}: ${exposed.size} exposed, the wave has ${first}`);
      assert.equal(rollout.wave, 0, `seed ${seed}`);
      assert.notEqual(rollout.phase, "done");
      const outside = rollout.members.slice(first).filter(({ stage, attempts }) => stage !== "waiting" || attempts > 0);
      assert.deepEqual(outside, [], `seed ${seed}: begun outside of the wave`);
      if (rollout.policy.pauseAfter === first && exposed.size === first) assert.equal(rollout.phase, "paused");
    }
  });

  Deno.test(`${kind}, a hundred seeds: what is good counts every device that took it, once`, () => {
    for (let seed = 0; seed < 100; seed++) {
      const { rollout, exposed, said } = simulate({ seed, holdMs, bad: false });
      const good = rollout.members.filter(({ stage, device }) =>
        stage === "succeeded" || (stage === "begun" && said.has(device))
      );
      if (holdMs === undefined) assert.equal(good.length, exposed.size, `seed ${seed}`);
      assert.ok(good.every(({ device }) => exposed.has(device) && memberOf(rollout, device)?.attempts !== 0));
      if (rollout.wave > 0) assert.ok(good.length >= (rollout.policy.waves[0]?.successes ?? 0));
      assert.ok(isOver(rollout) || rollout.phase === "paused" || rollout.phase === "running");
    }
  });

  Deno.test(`${kind}, a hundred seeds: paused nobody is begun on, resumed it goes on, aborted it is over for good`, () => {
    for (let seed = 0; seed < 100; seed++) {
      const halves = seeded(seed + 1_000);
      const pausedAt = Math.floor(halves() * 6);
      const abortedAt = pausedAt + 1 + Math.floor(halves() * 20);
      const exposedAt: number[] = [];
      const between: Scenario["between"] = (state, round, now) => {
        exposedAt[round] = state.exposed.size;
        if (round === pausedAt) state.rollout = next(state.rollout, { kind: "pause", by: "op" }, now);
        if (round === pausedAt + 1) {
          assert.equal(state.exposed.size, exposedAt[pausedAt], `seed ${seed}: begun while paused`);
          state.rollout = next(state.rollout, { kind: "resume", by: "op" }, now);
        }
        const abort = { kind: "abort", by: "op", restore: true } as const;
        if (round === abortedAt) state.rollout = next(state.rollout, abort, now);
      };
      const { rollout, exposed } = simulate({ seed, holdMs, bad: false, between });
      if (rollout.phase !== "aborted") assert.ok(isOver(rollout), `seed ${seed}: ${rollout.phase}`);
      else assert.equal(exposed.size, exposedAt[abortedAt], `seed ${seed}: begun after the end`);
    }
  });
}

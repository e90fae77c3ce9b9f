import type { RolloutChange } from "../../../gateway/rollout/rollouts.ts";
import type { Rollout } from "../../../gateway/store/port/rollout.ts";
import { openFleet } from "../firmware/fleet.ts";
import { fleet, NAMES, PARAMETERS, pass, polls } from "../settings/rollout_fleet.ts";

/** A rollout to the devices 0 to 3, of which 0 and 1 go first, over real stores and the kind's own effect. */
export interface RunningRollout extends AsyncDisposable {
  rollout(): Rollout;
  change(change: RolloutChange): Promise<unknown>;
  /** A while passes in which these devices are heard of, and the rollouts are looked at. */
  round(...alive: readonly number[]): Promise<void>;
  /** The devices that have now what is rolled out. */
  reached(): Promise<readonly number[]>;
}

/** What one kind of rollout does. */
export interface Kind {
  /** `isGood`: whether devices do well with it. */
  start(isGood: boolean): Promise<RunningRollout>;
  /** Whether a device has it before it was heard of. */
  readonly pushes: boolean;
}

async function startFirmware(isGood: boolean): Promise<RunningRollout> {
  const f = await openFleet({ size: 4, seed: 1, boots: () => isGood });
  const id = await f.start({ waves: [{ size: { devices: 2 } }], pauseAfter: 1 });
  return {
    rollout: () => f.rollouts.find(id).rollout,
    change: (change) => f.rollouts.change(id, change),
    round: (...alive) => f.round(60, alive),
    reached: () => Promise.resolve(f.nodes.flatMap(({ trials }, place) => trials > 0 ? [place] : [])),
    [Symbol.asyncDispose]: () => f[Symbol.asyncDispose](),
  };
}

async function startSettings(isGood: boolean): Promise<RunningRollout> {
  const f = await fleet();
  const { id } = await f.rollouts.start({
    settings: { poll_interval_s: 10 },
    devices: NAMES,
    canary: { devices: 2, healthyForMs: 60_000 },
    by: "test",
  });
  const refuse = async (name: string) => {
    const { version } = await f.changes(name);
    await f.report(name, ...PARAMETERS.map((parameter) => ({ parameter, status: "rejected", version, error: "no" })));
  };
  return {
    rollout: () => f.rollouts.find(id).rollout,
    change: (change) => f.rollouts.change(id, change),
    async round(...alive) {
      const names = NAMES.filter((_, place) => alive.includes(place));
      if (!isGood) { for (const name of names) await refuse(name); }
      await pass(f, ...names);
    },
    reached: async () => (await polls(f)).flatMap((poll, place) => poll === 10 ? [place] : []),
    [Symbol.asyncDispose]: () => f[Symbol.asyncDispose](),
  };
}

export const KINDS: Readonly<Record<string, Kind>> = {
  firmware: { start: startFirmware, pushes: false },
  settings: { start: startSettings, pushes: true },
};

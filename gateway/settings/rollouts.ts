import type { Clock } from "../../platform/clock.ts";
import { Fault } from "../fault.ts";
import type { GroupCommit } from "../store/group_commit.ts";
import type { StoredRollout } from "../store/settings_rollouts.ts";
import { healthOf } from "./health.ts";
import { firstOf, type Health, next, type RolloutStep } from "./rollout.ts";
import { isOver, type Rollout } from "../store/port/settings_rollout.ts";
import { keep } from "./rollout_effects.ts";
import { type Outlook, outlooks, planned, type RolloutPlan, type RolloutPlanIo } from "./rollout_plan.ts";

/** Settings for many devices at once. */
export interface SettingsRollouts {
  /** What `start` would do, device by device; nothing is set. Throws `Fault`: `not_found`, `refused` when no device is meant. */
  preview(plan: RolloutPlan): readonly Outlook[];
  /**
   * Sets those who go first and resolves when that is on disk. Throws `Fault`: `refused` with every reason of every device, then
   * nothing is set; `conflict` when a device is in another rollout; `not_found` for a template or device.
   */
  start(plan: RolloutPlan): Promise<StoredRollout>;
  find(id: number): StoredRollout;
  latest(limit: number): readonly StoredRollout[];
  /** Ends a rollout and, with `restore`, puts back what it set. `conflict` when it is over. */
  abort(id: number, options: { readonly by: string; readonly restore: boolean }): Promise<StoredRollout>;
  /** Looks at every running rollout and does what follows. */
  tick(): Promise<void>;
}

interface SettingsRolloutsIo extends RolloutPlanIo {
  readonly commit: Pick<GroupCommit, "run">;
  readonly clock: Pick<Clock, "now">;
  /** When the newest samples of a device were received, unix milliseconds. */
  readonly lastUploadAt: (deviceId: string) => number | undefined;
}

export function createSettingsRollouts(io: SettingsRolloutsIo): SettingsRollouts {
  const upSince = io.clock.now();
  const find = (id: number): StoredRollout => {
    const found = io.rolloutStates.find(id);
    if (!found) throw new Fault("not_found", `There is no rollout ${id}`);
    return found;
  };
  const look = ({ rollout }: StoredRollout, now: number): RolloutStep =>
    next(rollout, { kind: "observed", now, health: observe(rollout, io, now, upSince) });
  return {
    preview: (plan) => outlooks(plan, io),
    start: (plan) => io.commit.run(() => start(plan, io, io.clock.now())),
    find,
    latest: (limit) => io.rolloutStates.latest(limit),
    abort: (id, { by, restore }) =>
      io.commit.run(() => {
        const { rollout } = find(id);
        if (isOver(rollout)) throw new Fault("conflict", `Cannot abort rollout ${id}: it is ${rollout.phase} already`);
        return keep(id, next(rollout, { kind: "abort", by, restore }), io, io.clock.now());
      }),
    async tick() {
      const failures: unknown[] = [];
      for (const running of io.rolloutStates.running()) {
        try {
          // Looked at twice, so that the many times without news take no transaction.
          if (look(running, io.clock.now()).rollout === running.rollout) continue;
          await io.commit.run(() => keep(running.id, look(find(running.id), io.clock.now()), io, io.clock.now()));
        } catch (error) {
          failures.push(error); // one rollout in trouble does not hold up the others
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, `${failures.length} rollouts could not be led on`);
    },
  };
}

/** Those who go first are set with it. */
function start(plan: RolloutPlan, io: SettingsRolloutsIo, now: number): StoredRollout {
  const rollout = planned(plan, io, now);
  const id = io.rolloutStates.add(rollout);
  return keep(id, { rollout, set: firstOf(rollout), back: [] }, io, now);
}

function observe(
  rollout: Rollout,
  io: SettingsRolloutsIo,
  now: number,
  upSince: number,
): ReadonlyMap<string, Health> {
  return new Map(
    rollout.members.filter(({ stage }) => stage === "set").map((member) => {
      const device = io.devices.find(member.device);
      if (!device) return [member.device, { kind: "left", reason: "is no longer registered" }];
      const lastUploadAt = io.lastUploadAt(member.device);
      return [
        member.device,
        healthOf(member, rollout, { device, twin: io.twins.load(device), lastUploadAt, now, upSince }),
      ];
    }),
  );
}

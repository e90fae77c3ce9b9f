import type { Clock } from "../../platform/clock.ts";
import { next, type RolloutEvent } from "../rollout/rollout.ts";
import { isOver, type Rollout } from "../store/port/firmware_rollout.ts";
import { Fault } from "../fault.ts";
import type { StoredRollout } from "../store/firmware_rollouts.ts";
import type { GroupCommit } from "../store/group_commit.ts";
import { type FirmwarePlan, type FirmwarePlanIo, planned } from "./rollout_plan.ts";
import type { UpdateLogIo } from "./update_log.ts";

/** Firmware for many devices. Changes resolve when they are on disk. */
export interface FirmwareRolloutService {
  /** Throws `Fault`: `not_found`, `refused` with every reason of every device, `conflict` for one in another rollout. */
  start(plan: FirmwarePlan): Promise<StoredRollout>;
  /** Throws `Fault` `not_found`. */
  find(id: number): StoredRollout;
  latest(limit: number): readonly StoredRollout[];
  /** Throws `Fault` `conflict` when it is in no state for that. */
  change(id: number, kind: "pause" | "resume" | "abort", by: string): Promise<StoredRollout>;
  /** Whether a rollout that is not over has the firmware. */
  uses(model: string, version: string): boolean;
  /** Lets time pass for every rollout: late devices, devices that are gone, waves. */
  tick(): Promise<void>;
}

interface RolloutDeskIo extends FirmwarePlanIo, UpdateLogIo {
  readonly commit: Pick<GroupCommit, "run">;
  readonly clock: Pick<Clock, "now">;
}

export function createFirmwareRolloutService(io: RolloutDeskIo): FirmwareRolloutService {
  const { commit, clock, firmwareRollouts: store, log } = io;
  const find = (id: number): StoredRollout => {
    const found = store.find(id);
    if (!found) throw new Fault("not_found", `There is no rollout ${id}`);
    return found;
  };
  const keep = (id: number, before: Rollout, after: Rollout): StoredRollout => {
    store.save(id, before, after);
    const { phase, wave, reason } = after;
    if (phase !== before.phase || wave !== before.wave) {
      log.info("firmware rollout {id} {phase} wave {wave} {reason}", { id, phase, wave: wave + 1, reason });
    }
    return { id, rollout: after };
  };
  return {
    start: (plan) =>
      commit.run(() => {
        const rollout = planned(plan, io, clock.now());
        const id = store.add(rollout);
        log.info("firmware rollout {id} started by {by}", { id, by: plan.by, version: rollout.version });
        return { id, rollout };
      }),
    find,
    latest: (limit) => store.latest(limit),
    change: (id, kind, by) =>
      commit.run(() => {
        const { rollout } = find(id);
        const after = next(rollout, { kind, by }, clock.now());
        if (after === rollout) throw new Fault("conflict", `Cannot ${kind} rollout ${id}: it is ${rollout.phase}`);
        return keep(id, rollout, after);
      }),
    uses: (model, version) =>
      store.running().some(({ rollout }) => rollout.model === model && rollout.version === version),
    async tick() {
      for (const { id, rollout } of store.running()) {
        if (ticked(rollout, io) === rollout) continue; // most of the time there is no news, and no transaction
        await commit.run(() => {
          const { rollout } = find(id);
          keep(id, rollout, ticked(rollout, io));
        });
      }
    },
  };
}

function ticked(rollout: Rollout, { devices, clock }: RolloutDeskIo): Rollout {
  if (isOver(rollout)) return rollout;
  const gone = rollout.members.filter(({ stage, device }) =>
    (stage === "waiting" || stage === "offered") && !devices.find(device)
  );
  const events: readonly RolloutEvent[] = [
    ...gone.map(({ device }) => ({ kind: "left", device, reason: "is no longer registered" } as const)),
    { kind: "tick" },
  ];
  return events.reduce((rollout, event) => next(rollout, event, clock.now()), rollout);
}

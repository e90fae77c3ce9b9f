import { createRollouts, type Rollouts, type RolloutsIo } from "../rollout/rollouts.ts";
import type { Effect } from "../rollout/effect.ts";
import type { Devices } from "../store/devices.ts";
import type { FirmwareGoal } from "../store/port/firmware_rollout.ts";
import { type FirmwarePlan, type FirmwarePlanIo, planned } from "./rollout_plan.ts";

/** Firmware for many devices. */
export type FirmwareRollouts = Rollouts<FirmwareGoal, never, FirmwarePlan>;

interface FirmwareRolloutsIo
  extends FirmwarePlanIo, Pick<RolloutsIo<FirmwareGoal, never, FirmwarePlan>, "commit" | "clock" | "log"> {}

export function createFirmwareRollouts(io: FirmwareRolloutsIo): FirmwareRollouts {
  const { rollouts, commit, clock, log } = io;
  return createRollouts({
    store: rollouts.firmware,
    effect: firmwareEffect(io),
    planned: (plan: FirmwarePlan, now) => planned(plan, io, now),
    commit,
    clock,
    log,
  });
}

/**
 * Devices ask for their firmware, so it is begun where it is offered (offer.ts), and reports say what became of it. An image is
 * not taken back: an offer ends with its rollout.
 */
function firmwareEffect({ devices }: { readonly devices: Pick<Devices, "find"> }): Effect<FirmwareGoal, never> {
  return {
    kind: "firmware",
    phaseOf: ({ phase }) => phase,
    outcomeOf: ({ device }) =>
      devices.find(device) ? { kind: "pending" } : { kind: "left", reason: { code: "unregistered" } },
  };
}

/** Whether a rollout that is not over has the firmware. */
export function isRolledOut(
  { model, version }: FirmwareGoal,
  rollouts: Pick<FirmwareRollouts, "running">,
): boolean {
  return rollouts.running().some(({ rollout: { goal } }) => goal.model === model && goal.version === version);
}

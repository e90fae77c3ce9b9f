import { isOver, type Member, type Rollout } from "../store/port/settings_rollout.ts";

/** How a device that was set is doing. */
export type Health =
  | { readonly kind: "healthy" }
  /** It has time left to report and to upload. */
  | { readonly kind: "waiting" }
  /** It did not apply the settings in time: it may be away. */
  | { readonly kind: "overdue"; readonly reason: string }
  /** It refused the settings, took them back, or fell silent with them. */
  | { readonly kind: "sick"; readonly reason: string }
  /** It is no longer the rollout's. */
  | { readonly kind: "left"; readonly reason: string };

export type RolloutEvent =
  /** How the devices that are set are doing, by name. */
  | { readonly kind: "observed"; readonly now: number; readonly health: ReadonlyMap<string, Health> }
  /** Somebody ends it; `restore` puts everything back. */
  | { readonly kind: "abort"; readonly by: string; readonly restore: boolean };

/** What is to be done, in one transaction with keeping the new state. */
export interface RolloutStep {
  readonly rollout: Rollout;
  /** Devices to set, and devices to put back. */
  readonly set: readonly Member[];
  readonly back: readonly Member[];
}

/** Those who go first. */
export function firstOf(rollout: Rollout): readonly Member[] {
  return rollout.members.slice(0, rollout.canaries);
}

/** What follows from an event. The same rollout and nothing to do when it is over, or when there is no news. */
export function next(rollout: Rollout, event: RolloutEvent): RolloutStep {
  if (isOver(rollout)) return { rollout, set: [], back: [] };
  switch (event.kind) {
    case "abort":
      return end(rollout, "aborted", `stopped by ${event.by}`, event.restore);
    case "observed":
      return observed(withoutLeavers(rollout, event.health), event.health, event.now);
    default:
      return event satisfies never;
  }
}

function observed(rollout: Rollout, health: ReadonlyMap<string, Health>, now: number): RolloutStep {
  const watched = rollout.members.filter(({ stage }) => stage === "set");
  const of = ({ device }: Member): Health => health.get(device) ?? { kind: "waiting" };
  for (const member of watched) {
    const state = of(member);
    const fails = state.kind === "sick" || (state.kind === "overdue" && rollout.phase === "canary");
    if (fails) return end(rollout, "failed", `${member.device}: ${state.reason}`, true);
  }
  if (rollout.phase === "canary") {
    if (watched.length === 0) return end(rollout, "failed", "none of those who went first is left", true);
    if (watched.some((member) => of(member).kind !== "healthy")) return idle(rollout, undefined);
  }
  // A clock set back behind the beginning starts the time anew, or it would have to catch up first; one set back by less
  // makes the time look shorter, never longer.
  const since = rollout.healthySince === undefined || rollout.healthySince > now ? now : rollout.healthySince;
  return now - since < rollout.healthyForMs ? idle(rollout, since) : advance(rollout);
}

/** The first are through: the rest follow, and are watched for as long. Who is away gets the settings when it comes back. */
function advance(rollout: Rollout): RolloutStep {
  const set = rollout.members.filter(({ stage }) => stage === "waiting");
  const { healthySince: _, ...kept } = rollout;
  return { rollout: { ...kept, phase: set.length > 0 ? "rest" : "done" }, set, back: [] };
}

function idle(rollout: Rollout, healthySince: number | undefined): RolloutStep {
  if (rollout.healthySince === healthySince) return { rollout, set: [], back: [] };
  const { healthySince: _, ...kept } = rollout;
  return { rollout: { ...kept, ...(healthySince === undefined ? {} : { healthySince }) }, set: [], back: [] };
}

function end(rollout: Rollout, phase: "failed" | "aborted", reason: string, restore: boolean): RolloutStep {
  const back = restore ? rollout.members.filter(({ stage }) => stage === "set") : [];
  return { rollout: { ...rollout, phase, reason }, set: [], back };
}

function withoutLeavers(rollout: Rollout, health: ReadonlyMap<string, Health>): Rollout {
  if (![...health.values()].some(({ kind }) => kind === "left")) return rollout;
  const members = rollout.members.map((member): Member => {
    const state = health.get(member.device);
    return state?.kind === "left" ? { ...member, stage: "left", reason: state.reason } : member;
  });
  return { ...rollout, members };
}

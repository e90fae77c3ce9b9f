import { isOver, type Member, type Rollout } from "../store/port/rollout.ts";
import type { DeviceReason } from "../store/port/rollout_reason.ts";
import type { Outcome } from "./effect.ts";
import { advanced, opened, openMembers } from "./gate.ts";
import { isOpen as isInWindow } from "./maintenance_window.ts";
import { back, begun, changed, failed, left, memberOf, succeeded } from "./member.ts";

export type RolloutEvent<Mark = never> =
  /** Time has passed, and so devices are doing; who is not among them is pending. */
  | { readonly kind: "tick"; readonly seen: ReadonlyMap<string, Outcome> }
  /** A device was begun on. */
  | { readonly kind: "begun"; readonly device: string; readonly mark?: Mark | undefined }
  /** What became of it there. */
  | { readonly kind: "outcome"; readonly device: string; readonly outcome: Outcome }
  /** What was begun was taken back; or, with a reason, it was not the rollout's any more. */
  | { readonly kind: "back"; readonly device: string; readonly reason?: DeviceReason | undefined }
  | { readonly kind: "pause" | "resume"; readonly by: string }
  /** `restore`: everything that was begun is to be taken back. */
  | { readonly kind: "abort"; readonly by: string; readonly restore: boolean };

/** What is asked for, before anything is begun. */
interface RolloutPlan<Goal> extends Pick<Rollout<Goal>, "goal" | "by" | "policy"> {
  readonly devices: readonly string[];
}

/** A rollout that has just begun: its first wave is open. */
export function startRollout<Goal, Mark>(
  { devices, ...plan }: RolloutPlan<Goal>,
  now: number,
): Rollout<Goal, Mark> {
  const members = devices.map((device): Member<Mark> => ({ device, stage: "waiting", attempts: 0, notBefore: now }));
  return opened({ ...plan, phase: "running", createdAt: now, wave: 0, members }, now);
}

/** The devices that are to be begun on now. */
export function dueMembers<Goal, Mark>(rollout: Rollout<Goal, Mark>, now: number): readonly Member<Mark>[] {
  return openMembers(rollout).filter((member) => isDue(member, rollout, now));
}

/** Whether a device that asks may be begun on now, or was and goes on. */
export function mayBegin(rollout: Rollout, device: string, now: number): boolean {
  const member = openMembers(rollout).find((member) => member.device === device);
  return member !== undefined && (isDue(member, rollout, now) || mayGoOn(rollout, device));
}

function isDue({ stage, notBefore }: Member, { phase, policy }: Rollout, now: number): boolean {
  return phase === "running" && stage === "waiting" && notBefore <= now && isInWindow(policy.window, now);
}

/** Whether a device that was begun on may go on: not when the rollout was paused or ended since. */
export function mayGoOn(rollout: Rollout, device: string): boolean {
  return rollout.phase === "running" && memberOf(rollout, device)?.stage === "begun";
}

/** The devices on which an event that made `after` of `before` wants back what was begun: a rollout that failed, or as it says. */
export function membersToTakeBack<Goal, Mark>(
  before: Rollout<Goal, Mark>,
  after: Rollout<Goal, Mark>,
  event: RolloutEvent<Mark>,
): readonly Member<Mark>[] {
  if (isOver(before) || after.phase !== "aborted" || (event.kind === "abort" && !event.restore)) return [];
  return after.members.filter(({ stage }) => stage === "begun" || stage === "failed");
}

/** What follows from an event at a moment (unix milliseconds). The same rollout when nothing does. */
export function next<Goal, Mark>(
  rollout: Rollout<Goal, Mark>,
  event: RolloutEvent<Mark>,
  now: number,
): Rollout<Goal, Mark> {
  switch (event.kind) {
    case "tick":
      return looked(rollout, event.seen, now);
    case "begun":
      return changed(rollout, event.device, (member) => begun(member, event.mark, now));
    case "outcome":
      return advanced(stopped(came(rollout, event.device, event.outcome, now)), undefined, now);
    case "back":
      return changed(rollout, event.device, (member) => back(member, event.reason));
    case "pause":
      return rollout.phase === "running" ? paused(rollout, event.by) : rollout;
    case "resume":
      return rollout.phase === "paused" ? resumed(rollout, now) : rollout;
    case "abort":
      return isOver(rollout) ? rollout : { ...rollout, phase: "aborted", reason: { code: "aborted_by", by: event.by } };
    default:
      return event satisfies never;
  }
}

/** Everything that was seen counts before anybody else is begun on. */
function looked<Goal, Mark>(
  rollout: Rollout<Goal, Mark>,
  seen: ReadonlyMap<string, Outcome>,
  now: number,
): Rollout<Goal, Mark> {
  const after = [...seen].reduce((before, [device, outcome]) => {
    const after = came(before, device, outcome, now);
    return after === before ? before : stopped(after);
  }, rollout);
  return advanced(stopped(expired(after, now)), seen, now);
}

function came<Goal, Mark>(
  rollout: Rollout<Goal, Mark>,
  device: string,
  outcome: Outcome,
  now: number,
): Rollout<Goal, Mark> {
  const { policy, phase } = rollout;
  switch (outcome.kind) {
    case "pending":
      return rollout;
    case "succeeded": // where it has to last, it is seen again
      return policy.holdMs === undefined ? changed(rollout, device, succeeded) : rollout;
    case "failed":
      if (policy.holdMs !== undefined && phase !== "running") return rollout;
      return changed(rollout, device, (member) => failed(member, policy, outcome, now));
    case "left":
      return changed(rollout, device, (member) => left(member, outcome.reason));
    default:
      return outcome satisfies never;
  }
}

/** Who did not succeed in time has failed this attempt. */
function expired<Goal, Mark>(rollout: Rollout<Goal, Mark>, now: number): Rollout<Goal, Mark> {
  const { policy } = rollout;
  const { timeoutMs } = policy;
  if (rollout.phase !== "running" || timeoutMs === undefined) return rollout;
  const late = rollout.members.filter(({ stage, begunAt = now }) => stage === "begun" && now - begunAt >= timeoutMs);
  const outcome = { kind: "failed", reason: { code: "no_report_in_time" }, final: false } as const;
  return late.reduce((rollout, { device }) => came(rollout, device, outcome, now), rollout);
}

/** Aborts or pauses when so many failed as the policy says. */
function stopped<Goal, Mark>(rollout: Rollout<Goal, Mark>): Rollout<Goal, Mark> {
  const { pauseAfter = Infinity, abortAfter = Infinity } = rollout.policy;
  const failures = rollout.members.filter(({ stage, forgiven }) => stage === "failed" && !forgiven);
  const last = failures.at(-1);
  if (rollout.phase !== "running" || !last || failures.length < Math.min(pauseAfter, abortAfter)) return rollout;
  const { device, reason: why } = last;
  const phase = failures.length >= abortAfter ? "aborted" : "paused";
  return { ...rollout, phase, reason: { code: "devices_failed", failed: failures.length, device, why } };
}

function paused<Goal, Mark>(rollout: Rollout<Goal, Mark>, by: string): Rollout<Goal, Mark> {
  return { ...rollout, phase: "paused", reason: { code: "paused_by", by } };
}

/** Failures so far are forgiven, and whoever was interrupted gets its whole time again. */
function resumed<Goal, Mark>(rollout: Rollout<Goal, Mark>, now: number): Rollout<Goal, Mark> {
  const { reason: _, heldSince: __, ...rest } = rollout;
  const members = rollout.members.map((member): Member<Mark> => {
    if (member.stage === "failed") return { ...member, forgiven: true };
    return member.stage === "begun" ? { ...member, begunAt: now } : member;
  });
  return advanced({ ...rest, phase: "running", members }, undefined, now);
}

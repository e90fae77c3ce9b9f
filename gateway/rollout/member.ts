import { backoffMs } from "../../platform/backoff.ts";
import type { Member, Rollout, RolloutPolicy } from "../store/port/rollout.ts";
import type { DeviceReason } from "../store/port/rollout_reason.ts";
import { spread } from "./spread.ts";

export function memberOf<Goal, Mark>({ members }: Rollout<Goal, Mark>, device: string): Member<Mark> | undefined {
  return members.find((member) => member.device === device);
}

/** Whether something is still to come of it. */
export function isOpen({ stage }: Pick<Member, "stage">): boolean {
  return stage === "waiting" || stage === "begun";
}

/** The rollout with one of its devices changed; the same one when nothing was, or when it is not among them. */
export function changed<Goal, Mark>(
  rollout: Rollout<Goal, Mark>,
  device: string,
  change: (member: Member<Mark>) => Member<Mark>,
): Rollout<Goal, Mark> {
  const index = rollout.members.findIndex((member) => member.device === device);
  const before = rollout.members[index];
  if (before === undefined) return rollout;
  const after = change(before);
  return after === before ? rollout : { ...rollout, members: rollout.members.with(index, after) };
}

/** One attempt more. */
export function begun<Mark>(member: Member<Mark>, mark: Mark | undefined, now: number): Member<Mark> {
  if (member.stage !== "waiting") return member;
  const { device, attempts, notBefore } = member;
  return { device, stage: "begun", attempts: attempts + 1, notBefore, begunAt: now, ...marked(mark) };
}

/** A device that says late that it succeeded is believed, and its failure forgotten. */
export function succeeded<Mark>(member: Member<Mark>): Member<Mark> {
  return member.stage === "succeeded" ? member : ended(member, "succeeded");
}

export function left<Mark>(member: Member<Mark>, reason: DeviceReason): Member<Mark> {
  return isOpen(member) ? ended(member, "left", reason) : member;
}

/** What was begun on it was taken back; with a reason, it had left before. */
export function back<Mark>(member: Member<Mark>, reason?: DeviceReason): Member<Mark> {
  return ended(member, reason === undefined ? "back" : "left", reason);
}

/** Waits for another attempt, if it has one left. */
export function failed<Mark>(
  member: Member<Mark>,
  policy: RolloutPolicy,
  { reason, final }: { readonly reason: DeviceReason; readonly final: boolean },
  now: number,
): Member<Mark> {
  if (member.stage !== "begun") return member;
  const { device, attempts, mark } = member;
  if (final || attempts >= policy.attempts) {
    return { device, attempts, notBefore: now, stage: "failed", reason, ...marked(mark) };
  }
  const pause = backoffMs({ firstMs: policy.backoffMs, longestMs: policy.maxBackoffMs }, attempts);
  const jitter = Math.round(spread(`${device}/${attempts}`) * pause / 4);
  return { device, attempts, notBefore: now + pause + jitter, stage: "waiting", reason };
}

function ended<Mark>(
  { device, attempts, notBefore, mark }: Member<Mark>,
  stage: "succeeded" | "left" | "back",
  reason?: DeviceReason,
): Member<Mark> {
  return { device, attempts, notBefore, stage, ...marked(mark), ...(reason === undefined ? {} : { reason }) };
}

function marked<Mark>(mark: Mark | undefined): { readonly mark?: Mark } {
  return mark === undefined ? {} : { mark };
}

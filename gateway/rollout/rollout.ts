import { backoffMs } from "../../platform/backoff.ts";
import { isOver, type Member, type Rollout } from "../store/port/firmware_rollout.ts";
import { isOpen } from "./maintenance_window.ts";
import { spread } from "./spread.ts";

export type RolloutEvent =
  /** Time has passed. */
  | { readonly kind: "tick" }
  /** A device was told of the firmware. */
  | { readonly kind: "offered"; readonly device: string }
  /** A device runs it: said by the new image. */
  | { readonly kind: "updated"; readonly device: string }
  /** `final`: it will not try this image again, whoever asks. */
  | { readonly kind: "failed"; readonly device: string; readonly reason: string; readonly final: boolean }
  | { readonly kind: "left"; readonly device: string; readonly reason: string }
  | { readonly kind: "pause" | "resume" | "abort"; readonly by: string };

/** A rollout that has just begun: its first wave is open. */
export function startRollout(
  plan: Pick<Rollout, "model" | "version" | "by" | "policy"> & { readonly devices: readonly string[] },
  now: number,
): Rollout {
  const { devices, ...rest } = plan;
  const members = devices.map((device): Member => ({ device, stage: "waiting", attempts: 0, notBefore: now }));
  return opened({ ...rest, phase: "running", createdAt: now, wave: 0, members }, now);
}

/** Whether a device may be told of the firmware now, or go on with it. */
export function mayOffer(rollout: Rollout, device: string, now: number): boolean {
  const member = openMembers(rollout).find((member) => member.device === device);
  if (rollout.phase !== "running" || !member) return false;
  if (member.stage === "offered") return true;
  return member.stage === "waiting" && member.notBefore <= now && isOpen(rollout.policy.window, now);
}

/** Whether a device that was told of the firmware may fetch it: not when the rollout was paused or ended since. */
export function mayFetch(rollout: Rollout, device: string): boolean {
  return rollout.phase === "running" && memberOf(rollout, device)?.stage === "offered";
}

export function memberOf({ members }: Rollout, device: string): Member | undefined {
  return members.find((member) => member.device === device);
}

/** What follows from an event at a moment (unix milliseconds). The same rollout when nothing does. */
export function next(rollout: Rollout, event: RolloutEvent, now: number): Rollout {
  switch (event.kind) {
    case "tick":
      return settled(expired(rollout, now), now);
    case "offered":
      return offered(rollout, event.device, now);
    case "updated":
      return settled(changed(rollout, event.device, (member) => ended(member, "updated")), now);
    case "failed":
      return settled(changed(rollout, event.device, (member) => failed(member, rollout, event, now)), now);
    case "left":
      return settled(changed(rollout, event.device, (member) => ended(member, "left", event.reason)), now);
    case "pause":
      return rollout.phase === "running" ? { ...rollout, phase: "paused", reason: `paused by ${event.by}` } : rollout;
    case "resume":
      return rollout.phase === "paused" ? resumed(rollout, now) : rollout;
    case "abort":
      return isOver(rollout) ? rollout : { ...rollout, phase: "aborted", reason: `aborted by ${event.by}` };
    default:
      return event satisfies never;
  }
}

/** The members of the waves that have begun. */
function openMembers(rollout: Rollout): readonly Member[] {
  return rollout.members.slice(0, endOf(rollout, rollout.wave));
}

/** The place in the list behind the last member of a wave. */
function endOf({ policy }: Rollout, wave: number): number {
  return policy.waves.slice(0, wave + 1).reduce((sum, { devices }) => sum + devices, 0);
}

function changed(rollout: Rollout, device: string, change: (member: Member) => Member): Rollout {
  const index = rollout.members.findIndex((member) => member.device === device);
  const before = rollout.members[index];
  if (before === undefined) return rollout;
  const after = change(before);
  return after === before ? rollout : { ...rollout, members: rollout.members.with(index, after) };
}

function offered(rollout: Rollout, device: string, now: number): Rollout {
  return changed(rollout, device, (member) => {
    if (member.stage !== "waiting") return member;
    return { device, stage: "offered", attempts: member.attempts + 1, notBefore: member.notBefore, offeredAt: now };
  });
}

/** A device that says late that it runs the firmware is believed, and its failure forgotten. */
function ended(member: Member, stage: "updated" | "left", reason?: string): Member {
  if (member.stage === stage || (stage === "left" && member.stage !== "waiting" && member.stage !== "offered")) {
    return member;
  }
  const { device, attempts, notBefore } = member;
  return { device, attempts, notBefore, stage, ...(reason === undefined ? {} : { reason }) };
}

function failed(
  member: Member,
  { policy }: Rollout,
  { reason, final }: { readonly reason: string; readonly final: boolean },
  now: number,
): Member {
  if (member.stage !== "offered") return member;
  const { device, attempts } = member;
  if (final || attempts >= policy.attempts) return { device, attempts, notBefore: now, stage: "failed", reason };
  const pause = backoffMs({ firstMs: policy.backoffMs, longestMs: policy.maxBackoffMs }, attempts);
  const jitter = Math.round(spread(`${device}/${attempts}`) * pause / 4);
  return { device, attempts, notBefore: now + pause + jitter, stage: "waiting", reason };
}

/** Who did not come back in time has failed this attempt. */
function expired(rollout: Rollout, now: number): Rollout {
  if (rollout.phase !== "running") return rollout;
  const late = rollout.members.filter((m) =>
    m.stage === "offered" && now - (m.offeredAt ?? now) >= rollout.policy.timeoutMs
  );
  return late.reduce(
    (rollout, { device }) =>
      changed(
        rollout,
        device,
        (member) => failed(member, rollout, { reason: "did not report in time", final: false }, now),
      ),
    rollout,
  );
}

/** Pauses, aborts, opens the next wave or ends, as the policy says. */
function settled(rollout: Rollout, now: number): Rollout {
  if (rollout.phase !== "running") return rollout;
  const { policy } = rollout;
  const failures = rollout.members.filter((member) => member.stage === "failed" && !member.forgiven);
  if (policy.abortAfter !== undefined && failures.length >= policy.abortAfter) {
    return { ...rollout, phase: "aborted", reason: reasonOf(failures) };
  }
  if (policy.pauseAfter !== undefined && failures.length >= policy.pauseAfter) {
    return { ...rollout, phase: "paused", reason: reasonOf(failures) };
  }
  return advanced(rollout, now);
}

function reasonOf(failures: readonly Member[]): string {
  const last = failures.at(-1);
  return `${failures.length} failed, the last one ${last?.device}: ${last?.reason}`;
}

function advanced(rollout: Rollout, now: number): Rollout {
  const wave = rollout.policy.waves[rollout.wave];
  if (!wave) return rollout;
  const members = rollout.members.slice(endOf(rollout, rollout.wave - 1), endOf(rollout, rollout.wave));
  const count = (test: (member: Member) => boolean) => members.filter(test).length;
  const gone = count(({ stage, forgiven }) => stage === "left" || forgiven === true);
  const needed = Math.min(wave.successes, members.length - gone);
  const updated = count(({ stage }) => stage === "updated");
  const pending = count(({ stage }) => stage === "waiting" || stage === "offered");
  const last = rollout.wave === rollout.policy.waves.length - 1;
  if (updated + pending < needed) {
    return { ...rollout, phase: "paused", reason: `wave ${rollout.wave + 1}: ${updated} updated, ${needed} needed` };
  }
  if (last) return isThrough(rollout) ? { ...rollout, phase: "done" } : rollout;
  return updated < needed ? rollout : settled(opened({ ...rollout, wave: rollout.wave + 1 }, now), now);
}

function isThrough({ members }: Rollout): boolean {
  return members.every(({ stage }) => stage !== "waiting" && stage !== "offered");
}

/** Spreads the devices of the wave that begins, each at its own place, the same after a restart. */
function opened(rollout: Rollout, now: number): Rollout {
  const { policy, createdAt } = rollout;
  const [start, end] = [endOf(rollout, rollout.wave - 1), endOf(rollout, rollout.wave)];
  const members = rollout.members.map((member, i) => {
    if (i < start || i >= end || member.stage !== "waiting") return member;
    return { ...member, notBefore: now + Math.round(spread(`${createdAt}/${member.device}`) * policy.jitterMs) };
  });
  return { ...rollout, members };
}

/** Failures so far are forgiven, and whoever was interrupted gets its whole time again. */
function resumed(rollout: Rollout, now: number): Rollout {
  const { reason: _, ...rest } = rollout;
  const members = rollout.members.map((member): Member => {
    if (member.stage === "failed") return { ...member, forgiven: true };
    return member.stage === "offered" ? { ...member, offeredAt: now } : member;
  });
  return settled({ ...rest, phase: "running", members }, now);
}

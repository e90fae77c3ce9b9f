import type { Member, Rollout, RolloutPolicy } from "../store/port/rollout.ts";
import type { Outcome } from "./effect.ts";
import { isOpen } from "./member.ts";
import { spread } from "./spread.ts";

/** The members of the waves that have begun. */
export function openMembers<Goal, Mark>({ members, policy, wave }: Rollout<Goal, Mark>): readonly Member<Mark>[] {
  return members.slice(0, endOf(policy, wave));
}

/** Spreads the devices of the wave that begins, each at its own place, the same after a restart. */
export function opened<Goal, Mark>(rollout: Rollout<Goal, Mark>, now: number): Rollout<Goal, Mark> {
  const { policy, createdAt, wave } = rollout;
  const [start, end] = [endOf(policy, wave - 1), endOf(policy, wave)];
  const members = rollout.members.map((member, i) => {
    if (i < start || i >= end || member.stage !== "waiting") return member;
    return { ...member, notBefore: now + Math.round(spread(`${createdAt}/${member.device}`) * policy.jitterMs) };
  });
  return { ...rollout, members };
}

/**
 * What the gate behind the wave makes of a rollout that is running: it stays as it is, the next wave begins, or the rollout ends;
 * it is paused when the wave cannot have its successes any more. `seen`: how the devices are doing; `undefined`: nobody looked,
 * which decides nothing where successes have to last.
 */
export function advanced<Goal, Mark>(
  rollout: Rollout<Goal, Mark>,
  seen: ReadonlyMap<string, Outcome> | undefined,
  now: number,
): Rollout<Goal, Mark> {
  const { policy, wave: index } = rollout;
  const wave = policy.waves[index];
  if (rollout.phase !== "running" || !wave || (policy.holdMs !== undefined && !seen)) return rollout;
  const members = rollout.members.slice(endOf(policy, index - 1), endOf(policy, index));
  const { gone, good, pending, waiting } = counted(members, seen);
  if (policy.holdMs !== undefined && wave.successes > 0 && gone === members.length) {
    return { ...rollout, phase: "aborted", reason: { code: "nobody_left" } };
  }
  const needed = Math.min(wave.successes, members.length - gone);
  if (good + pending < needed) {
    return { ...rollout, phase: "paused", reason: { code: "too_few", wave: index, succeeded: good, needed } };
  }
  if (good < needed || (policy.holdMs !== undefined && waiting > 0)) return heldSince(rollout, undefined);
  // A clock set back behind the beginning starts the time anew, or it would have to catch up first; one set back by less
  // makes the time look shorter, never longer.
  const since = rollout.heldSince === undefined || rollout.heldSince > now ? now : rollout.heldSince;
  if (policy.holdMs !== undefined && now - since < policy.holdMs) return heldSince(rollout, since);
  return through(heldSince(rollout, undefined), seen, now);
}

/** The wave is through. */
function through<Goal, Mark>(
  rollout: Rollout<Goal, Mark>,
  seen: ReadonlyMap<string, Outcome> | undefined,
  now: number,
): Rollout<Goal, Mark> {
  const { policy, wave, members } = rollout;
  if (wave < policy.waves.length - 1) return advanced(opened({ ...rollout, wave: wave + 1 }, now), seen, now);
  const isDone = policy.holdMs !== undefined || !members.some(isOpen);
  return isDone ? { ...rollout, phase: "done" } : rollout;
}

/** The place in the list behind the last member of a wave. */
function endOf({ waves }: RolloutPolicy, wave: number): number {
  return waves.slice(0, wave + 1).reduce((sum, { devices }) => sum + devices, 0);
}

/** In one pass: every report of every device is counted. */
function counted(members: readonly Member[], seen: ReadonlyMap<string, Outcome> | undefined) {
  const counts = { gone: 0, good: 0, pending: 0, waiting: 0 };
  for (const { device, stage, forgiven } of members) {
    if (stage === "left" || forgiven === true) counts.gone++;
    if (stage === "waiting") counts.waiting++;
    if (stage === "succeeded" || (stage === "begun" && seen?.get(device)?.kind === "succeeded")) counts.good++;
    else if (stage === "waiting" || stage === "begun") counts.pending++;
  }
  return counts;
}

function heldSince<Goal, Mark>(rollout: Rollout<Goal, Mark>, since: number | undefined): Rollout<Goal, Mark> {
  if (rollout.heldSince === since) return rollout;
  const { heldSince: _, ...rest } = rollout;
  return since === undefined ? rest : { ...rest, heldSince: since };
}

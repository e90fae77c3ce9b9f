import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { Fault } from "../fault.ts";
import type { GroupCommit } from "../store/group_commit.ts";
import type { Rollout, StoredRollout } from "../store/port/rollout.ts";
import type { RolloutStore } from "../store/rollouts.ts";
import type { Effect, Outcome } from "./effect.ts";
import { isOpen } from "./member.ts";
import { rolloutReasonText } from "./reason_text.ts";
import { dueMembers, membersToTakeBack, next, type RolloutEvent } from "./rollout.ts";

/** Something for many devices, led from wave to wave. Changes resolve when they are on disk. */
export interface Rollouts<Goal, Mark, Plan> {
  /**
   * Begins on those who go first. Throws `Fault`: `refused` with every reason of every device, then nothing is begun; `conflict`
   * when a device is in another rollout; `not_found` for what is not there.
   */
  start(plan: Plan): Promise<StoredRollout<Goal, Mark>>;
  /** Throws `Fault` `not_found`. */
  find(id: number): StoredRollout<Goal, Mark>;
  running(): readonly StoredRollout<Goal, Mark>[];
  /** Those that are not over and have the device, the newest first. */
  runningFor(device: string): readonly StoredRollout<Goal, Mark>[];
  /** The newest first. */
  latest(limit: number): readonly StoredRollout<Goal, Mark>[];
  /** Throws `Fault` `conflict` when it is in no state for that. */
  change(id: number, change: RolloutChange): Promise<StoredRollout<Goal, Mark>>;
  /** What happened on a device, told inside a transaction. */
  tell(id: number, event: Extract<RolloutEvent<Mark>, { kind: "begun" | "outcome" }>, now: number): void;
  /** Looks at every rollout that is not over and does what follows. */
  tick(): Promise<void>;
}

/** What somebody decides about a rollout. */
export type RolloutChange = Extract<RolloutEvent, { by: string }>;

/** `planned`: the rollout that a plan asks for, before anything is begun; throws what `start` throws. */
export interface RolloutsIo<Goal, Mark, Plan> {
  readonly store: RolloutStore<Goal, Mark>;
  readonly effect: Effect<Goal, Mark>;
  readonly planned: (plan: Plan, now: number) => Rollout<Goal, Mark>;
  readonly commit: Pick<GroupCommit, "run">;
  readonly clock: Pick<Clock, "now">;
  readonly log: Logger;
}

export function createRollouts<Goal, Mark, Plan>(io: RolloutsIo<Goal, Mark, Plan>): Rollouts<Goal, Mark, Plan> {
  const { store, effect, commit, clock } = io;
  const find = (id: number): StoredRollout<Goal, Mark> => {
    const found = store.find(id);
    if (!found) throw new Fault("not_found", `There is no rollout ${id}`);
    return found;
  };
  return {
    start: (plan) => commit.run(() => started(io.planned(plan, clock.now()), io, clock.now())),
    find,
    running: () => store.running(),
    runningFor: (device) => store.runningFor(device),
    latest: (limit) => store.latest(limit),
    change: (id, change) =>
      commit.run(() => {
        const stored = find(id);
        const now = clock.now();
        if (next(stored.rollout, change, now) !== stored.rollout) return led(stored, change, io, now);
        throw new Fault("conflict", `Cannot ${change.kind} rollout ${id}: it is ${effect.phaseOf(stored.rollout)}`);
      }),
    tell(id, event, now) {
      const found = store.find(id);
      if (found) led(found, event, io, now);
    },
    async tick() {
      const failures: unknown[] = [];
      for (const { id, rollout } of store.running()) {
        try {
          // Looked at twice, so that the many times without news take no transaction.
          const now = clock.now();
          if (next(rollout, look(rollout, io, now), now) === rollout && !isAnyDue(rollout, io, now)) continue;
          await commit.run(() => {
            const stored = find(id);
            led(stored, look(stored.rollout, io, clock.now()), io, clock.now());
          });
        } catch (error) {
          failures.push(error); // one rollout in trouble does not hold up the others
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, `${failures.length} rollouts could not be led on`);
    },
  };
}

type LeadIo<Goal, Mark> = Pick<RolloutsIo<Goal, Mark, never>, "store" | "effect" | "log">;

/** Where nobody has to prove anything, it is done with that. */
function started<Goal, Mark>(
  rollout: Rollout<Goal, Mark>,
  io: LeadIo<Goal, Mark>,
  now: number,
): StoredRollout<Goal, Mark> {
  const id = io.store.add(rollout);
  io.log.info("{kind} rollout {id} started by {by}", { kind: io.effect.kind, id, by: rollout.by });
  const begun = beginDue(id, rollout, io, now);
  return keep(id, rollout, next(begun, { kind: "tick", seen: new Map() }, now), io);
}

/** The rollout after an event, with everything done that follows from it. Inside a transaction. */
function led<Goal, Mark>(
  { id, rollout: before }: StoredRollout<Goal, Mark>,
  event: RolloutEvent<Mark>,
  io: LeadIo<Goal, Mark>,
  now: number,
): StoredRollout<Goal, Mark> {
  const after = next(before, event, now);
  const restored = membersToTakeBack(before, after, event).reduce((rollout, member) => {
    const taken = io.effect.takeBack?.(member, { id, rollout }, now);
    if (!taken) return rollout;
    const reason = taken.kind === "left" ? taken.reason : undefined;
    return next(rollout, { kind: "back", device: member.device, reason }, now);
  }, after);
  return keep(id, before, beginDue(id, restored, io, now), io);
}

function beginDue<Goal, Mark>(
  id: number,
  rollout: Rollout<Goal, Mark>,
  { effect }: Pick<LeadIo<Goal, Mark>, "effect">,
  now: number,
): Rollout<Goal, Mark> {
  return (effect.begin ? dueMembers(rollout, now) : []).reduce((rollout, { device }) => {
    const begun = effect.begin?.(device, { id, rollout }, now);
    if (!begun) return rollout;
    const event = begun.kind === "begun"
      ? { kind: "begun", device, mark: begun.mark } as const
      : { kind: "outcome", device, outcome: begun } as const;
    return next(rollout, event, now);
  }, rollout);
}

function isAnyDue<Goal, Mark>(
  rollout: Rollout<Goal, Mark>,
  { effect }: Pick<LeadIo<Goal, Mark>, "effect">,
  now: number,
): boolean {
  return effect.begin !== undefined && dueMembers(rollout, now).length > 0;
}

function look<Goal, Mark>(
  rollout: Rollout<Goal, Mark>,
  { effect }: Pick<LeadIo<Goal, Mark>, "effect">,
  now: number,
): Extract<RolloutEvent<Mark>, { kind: "tick" }> {
  const seen = rollout.members.filter(isOpen).map((member): readonly [string, Outcome] => {
    return [member.device, effect.outcomeOf(member, rollout, now)];
  });
  return { kind: "tick", seen: new Map(seen.filter(([, { kind }]) => kind !== "pending")) };
}

function keep<Goal, Mark>(
  id: number,
  before: Rollout<Goal, Mark>,
  after: Rollout<Goal, Mark>,
  { store, effect, log }: LeadIo<Goal, Mark>,
): StoredRollout<Goal, Mark> {
  store.save(id, before, after);
  const { phase, wave, reason } = after;
  if (phase !== before.phase || wave !== before.wave) {
    const fields = { kind: effect.kind, id, phase: effect.phaseOf(after), wave: wave + 1 };
    const text = reason && rolloutReasonText(reason, effect.kind);
    log.info("{kind} rollout {id} {phase} wave {wave} {reason}", { ...fields, reason: text });
  }
  return { id, rollout: after };
}

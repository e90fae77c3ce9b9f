import type { InverterState } from "../../protocol/messages/node_health.ts";
import {
  FADED_W,
  type Fading,
  hadFaded,
  LONGEST_SLEEP_MS,
  NEVER_SEEN,
  nextFading,
} from "../../protocol/night/night.ts";
import type { Glimpse } from "./glimpse.ts";

/** Silent polls in a row, and milliseconds, after which silence counts: a lost answer is no change of state. */
const SILENT_POLLS = 3;
const SILENT_MS = 30_000;

/** SunSpec's states that mean something here: off, sleeping, fault. */
const OFF = 1, SLEEPING = 2, FAULT = 7;

/** Whether an inverter is awake, and since when; times in unix milliseconds. A value, replaced by `nextWakefulness`. */
export interface Wakefulness {
  readonly state: InverterState;
  readonly since: number;
  /** One sentence for people. */
  readonly reason: string;
  readonly fading: Fading;
  /** It has answered, now or before a restart. */
  readonly known: boolean;
  /** Its last answer said that it is off or asleep. */
  readonly saidSo: boolean;
  /** Polls in a row without an answer, and when the first of them was. */
  readonly silent: { readonly polls: number; readonly since: number };
}

/** What the surroundings are like. */
export interface Surroundings {
  /** Whether an inverter may be asleep now; `undefined`: nobody said where it stands. */
  readonly sleepingTime: boolean | undefined;
  /** Whether its way ends at this machine: a serial adapter does not go to sleep with the sun, a network stick may. */
  readonly serial: boolean;
}

/** Before the first poll. */
export function newWakefulness(now: number): Wakefulness {
  return {
    state: "ok",
    since: now,
    reason: "it was not asked yet",
    fading: NEVER_SEEN,
    known: false,
    saidSo: false,
    silent: { polls: 0, since: now },
  };
}

/** What is known after one more poll. */
export function nextWakefulness(before: Wakefulness, glimpse: Glimpse, around: Surroundings): Wakefulness {
  return glimpse.kind === "seen" ? afterAnswer(before, glimpse, around) : afterSilence(before, glimpse, around);
}

/** Whether it would be no surprise if it were silent now. */
export function maySleep(before: Wakefulness, at: number, { sleepingTime }: Surroundings): boolean {
  if (sleepingTime !== undefined) return sleepingTime;
  if (before.state === "asleep") return at - before.since < LONGEST_SLEEP_MS;
  return before.saidSo || hadFaded(before.fading);
}

function afterAnswer(
  before: Wakefulness,
  { at, power, status }: Extract<Glimpse, { kind: "seen" }>,
  { sleepingTime }: Surroundings,
): Wakefulness {
  const fading = power === undefined ? before.fading : nextFading(before.fading, power, at);
  const saidSo = status === OFF || status === SLEEPING;
  const next = { ...before, fading, known: true, saidSo, silent: { polls: 0, since: at } };
  if (status === FAULT) return inState(next, "fault", at, "it reports a fault (SunSpec state 7)");
  if (saidSo) return inState(next, "asleep", at, `it says so itself (SunSpec state ${status})`);
  if (sleepingTime === true && power !== undefined && power <= FADED_W) {
    return inState(next, "asleep", at, `it is night, and it gives no more than ${FADED_W} W`);
  }
  return inState(next, "ok", at, "it answers");
}

function afterSilence(
  before: Wakefulness,
  { at, message, line }: Extract<Glimpse, { kind: "silent" }>,
  around: Surroundings,
): Wakefulness {
  const { polls, since } = before.silent;
  const silent = { polls: polls + 1, since: polls === 0 ? at : Math.min(since, at) };
  const next = { ...before, silent };
  if (silent.polls < SILENT_POLLS || at - silent.since < SILENT_MS) return next;
  if (line && around.serial) return inState(next, "fault", silent.since, message);
  if (mayBeNew(before, at, around)) {
    return inState(
      next,
      "stale",
      silent.since,
      `it has not answered yet, and may sleep (no location is set): ${message}`,
    );
  }
  if (!maySleep(before, at, around)) return inState(next, "fault", silent.since, message);
  const why = around.sleepingTime === undefined ? "after its power faded away" : "and it is night";
  return inState(next, "asleep", silent.since, `it does not answer, ${why}`);
}

/** Whether it was never heard, and nobody can tell whether there was a day since it was set up. */
function mayBeNew({ known, state, since, silent }: Wakefulness, at: number, { sleepingTime }: Surroundings): boolean {
  if (known || sleepingTime !== undefined || state === "fault") return false;
  return at - (state === "stale" ? since : silent.since) < LONGEST_SLEEP_MS;
}

function inState(next: Wakefulness, state: InverterState, since: number, reason: string): Wakefulness {
  return { ...next, state, reason, since: next.state === state ? next.since : since };
}

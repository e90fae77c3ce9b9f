import { type Outcome, refusal, success } from "../outcome.ts";
import type { ReportStatus } from "./device_messages.ts";

export const COMMAND_STATES = ["pending", "executing", "completed", "failed", "expired", "cancelled"] as const;
type CommandState = typeof COMMAND_STATES[number];

/** Where a command is, as the gateway knows it (contract/1-link §6). Times are unix milliseconds. */
export type Life =
  | { readonly state: "pending" }
  /** Handed out `handOuts` times, first at `startedAt`; nobody else gets it before `leaseUntil`. */
  | {
    readonly state: "executing";
    readonly startedAt: number;
    readonly leaseUntil: number;
    readonly handOuts: number;
  }
  /** `reported`: the device said so. What the gateway only concluded gives way to a report that comes later. */
  | {
    readonly state: "completed" | "failed" | "expired" | "cancelled";
    readonly startedAt: number | undefined;
    readonly finishedAt: number;
    readonly handOuts: number;
    readonly reported: boolean;
  };

/** What was agreed when the command was queued, and what the kind of device allows. */
export interface Terms {
  readonly notBefore?: number;
  /** Never handed out from this time on. */
  readonly expiresAt?: number;
  /** Hand-outs without a report after which it has failed: for boards, which would write again each time. */
  readonly maxHandOuts?: number;
}

export type LifeEvent =
  /** The device asks. `lost`: it does not have the command, whatever the lease says. */
  | { readonly kind: "hand_out"; readonly at: number; readonly leaseMs: number; readonly lost: boolean }
  /** The device has it and is at work. */
  | { readonly kind: "renew"; readonly at: number; readonly leaseMs: number }
  | { readonly kind: "report"; readonly at: number; readonly status: ReportStatus }
  | { readonly kind: "cancel"; readonly at: number }
  /** A later command did what this one might undo if it came again. */
  | { readonly kind: "supersede"; readonly at: number }
  | { readonly kind: "tick"; readonly at: number };

/** Why an event changes nothing. */
type LifeFault = "not_due" | "leased" | "not_handed_out" | "finished";

type Finished = Extract<Life, { reported: boolean }>;

/**
 * The life of a command after an event; an outcome equal to `life` changes nothing. Pure, total.
 *
 * @example
 * ```ts
 * const handedOut = next({ state: "pending" }, { kind: "hand_out", at: 5, leaseMs: 45_000, lost: false }, {});
 * handedOut; // => { ok: true, value: { state: "executing", startedAt: 5, leaseUntil: 45_005, handOuts: 1 } }
 * ```
 */
export function next(life: Life, event: LifeEvent, terms: Terms): Outcome<Life, LifeFault> {
  switch (event.kind) {
    case "hand_out":
      return handOut(life, event, terms);
    case "renew":
      if (life.state !== "executing") return refusalOf(life);
      return success({ ...life, leaseUntil: event.at + event.leaseMs });
    case "report":
      if (isFinished(life) && (life.reported || life.handOuts === 0)) return refusalOf(life);
      return success(ended(life, event.status, event.at, true));
    case "cancel":
      if (isFinished(life)) return refusalOf(life);
      if (life.state === "executing" && event.at < life.leaseUntil) {
        return refusal("leased", "The device has the command");
      }
      return success(ended(life, "cancelled", event.at, false));
    case "supersede":
      if (life.state !== "executing") return refusalOf(life);
      return success(ended(life, "failed", event.at, false));
    case "tick":
      return success(overdue(life, event.at, terms) ? ended(life, "expired", event.at, false) : life);
    default:
      return event satisfies never;
  }
}

function handOut(
  life: Life,
  { at, leaseMs, lost }: Extract<LifeEvent, { kind: "hand_out" }>,
  terms: Terms,
): Outcome<Life, LifeFault> {
  if (isFinished(life)) return refusalOf(life);
  if (isLeased(life, at, leaseMs) && !lost) return refusal("leased", "The device has the command");
  if (hasExpired(at, terms)) return success(ended(life, "expired", at, false));
  if (life.state === "pending") {
    if (at < (terms.notBefore ?? 0)) return refusal("not_due", "The command is not due yet");
    return success({ state: "executing", startedAt: at, leaseUntil: at + leaseMs, handOuts: 1 });
  }
  if (life.handOuts >= (terms.maxHandOuts ?? Infinity)) return success(ended(life, "failed", at, false));
  return success({ ...life, leaseUntil: at + leaseMs, handOuts: life.handOuts + 1 });
}

/**
 * Whether a lease of `leaseMs` runs. One that ends later than it could was given before the clock was set back.
 *
 * @example
 * ```ts
 * isLeased({ state: "executing", startedAt: 0, leaseUntil: 45_000, handOuts: 1 }, 10_000, 45_000); // => true
 * isLeased({ state: "pending" }, 10_000, 45_000); // => false
 * ```
 */
export function isLeased(life: Life, at: number, leaseMs: number): boolean {
  return life.state === "executing" && at < life.leaseUntil && life.leaseUntil - at <= leaseMs;
}

/** Time alone ends what nobody has, or had and did not report while the lease ran. */
function overdue(life: Life, at: number, terms: Terms): boolean {
  if (isFinished(life) || !hasExpired(at, terms)) return false;
  return life.state === "pending" || at >= life.leaseUntil;
}

function hasExpired(at: number, { expiresAt }: Terms): boolean {
  return expiresAt !== undefined && at >= expiresAt;
}

function ended(life: Life, state: Finished["state"], at: number, reported: boolean): Finished {
  const startedAt = life.state === "pending" ? (reported ? at : undefined) : life.startedAt;
  return { state, startedAt, finishedAt: at, handOuts: life.state === "pending" ? 0 : life.handOuts, reported };
}

/**
 * Whether a command has come to an end.
 *
 * @example
 * ```ts
 * isFinished({ state: "pending" }); // => false
 * isFinished({ state: "cancelled", startedAt: undefined, finishedAt: 9, handOuts: 0, reported: false }); // => true
 * ```
 */
export function isFinished(life: Life): life is Finished {
  return "reported" in life;
}

function refusalOf(life: Life): Outcome<never, LifeFault> {
  return life.state === "pending"
    ? refusal("not_handed_out", "The device never got the command")
    : refusal("finished", `The command is ${life.state}`);
}

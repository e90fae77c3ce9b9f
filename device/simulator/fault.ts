import { z } from "zod";
import { uniform } from "./noise.ts";

/**
 * How an answer goes wrong.
 * `timeout`: none comes. `exception`: the inverter refuses. `garbage`: random bytes instead.
 * `crc`: damaged on the way (on TCP, which has no CRC, a header that is not Modbus).
 * `late`: after `delayMs`; meanwhile a serial line stands still, as its inverter does one thing at a time, while TCP
 * answers what else is asked.
 * `disconnect`: the connection is closed, the serial adapter unplugged and plugged in again.
 * `wrong_tid`: for another transaction; on a serial line, from another unit.
 */
export const SimulatorFault = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("timeout") }),
  z.strictObject({ kind: z.literal("exception"), code: z.number().int().min(1).max(255) }),
  z.strictObject({ kind: z.literal("crc") }),
  z.strictObject({ kind: z.literal("late"), delayMs: z.number().min(0).max(3_600_000) }),
  z.strictObject({ kind: z.literal("garbage"), bytes: z.number().int().min(1).max(512).default(16) }),
  z.strictObject({ kind: z.literal("disconnect") }),
  z.strictObject({ kind: z.literal("wrong_tid") }),
]);
export type SimulatorFault = z.infer<typeof SimulatorFault>;

/** Over which interface a request came. */
export const Interface = z.enum(["tcp", "rtu", "http"]);
export type Interface = z.infer<typeof Interface>;

/** A fault and when it strikes: all conditions that are given must hold. */
export const FaultRule = z.strictObject({
  fault: SimulatorFault,
  unit: z.number().int().min(0).max(255).optional(),
  /** Only requests that reach this register or coil, by its address. */
  register: z.number().int().min(0).max(65_535).optional(),
  over: Interface.optional(),
  /** Chance for each request, 0 to 1. */
  probability: z.number().min(0).max(1).optional(),
  /** Only from and until so many seconds after the simulator's start, real time. */
  fromSeconds: z.number().min(0).optional(),
  untilSeconds: z.number().min(0).optional(),
  /** Strikes so many times, then no more. */
  times: z.number().int().min(1).optional(),
});
export type FaultRule = z.infer<typeof FaultRule>;

/** A request that might go wrong. */
export interface Asked {
  readonly over: Interface;
  readonly unit: number;
  /** The addresses that it reaches; left out when it reaches none. */
  readonly reach?: { readonly from: number; readonly count: number } | undefined;
}

/** Decides for each request whether its answer goes wrong. */
export interface FaultPlan {
  /** Adds a rule, ahead of the others. */
  inject(rule: FaultRule): void;
  next(asked: Asked): SimulatorFault | undefined;
  /** Random bytes, from the plan's seed. */
  garbage(length: number): Uint8Array;
}

const CHANNEL = 90;

/** A plan over `elapsedMs` since the start; the same seed and requests give the same faults. */
export function createFaultPlan(seed: number, rules: readonly FaultRule[], elapsedMs: () => number): FaultPlan {
  let draws = 0;
  const draw = () => uniform(seed, CHANNEL, draws++);
  let pending = rules.map((rule) => ({ rule, left: rule.times ?? Number.POSITIVE_INFINITY }));
  return {
    inject(rule) {
      pending = [{ rule, left: rule.times ?? Number.POSITIVE_INFINITY }, ...pending];
    },
    next(asked) {
      const hit = pending.find(({ rule }) => strikes(rule, asked, elapsedMs() / 1000, draw));
      if (!hit) return undefined;
      hit.left--;
      if (hit.left === 0) pending = pending.filter((entry) => entry !== hit);
      return hit.rule.fault;
    },
    garbage: (length) => Uint8Array.from({ length }, () => Math.floor(draw() * 256)),
  };
}

function reaches({ reach }: Asked, address: number): boolean {
  return reach !== undefined && address >= reach.from && address < reach.from + reach.count;
}

function strikes(rule: FaultRule, asked: Asked, seconds: number, draw: () => number): boolean {
  if (rule.unit !== undefined && rule.unit !== asked.unit) return false;
  if (rule.register !== undefined && !reaches(asked, rule.register)) return false;
  if (rule.over !== undefined && rule.over !== asked.over) return false;
  if (seconds < (rule.fromSeconds ?? 0) || seconds >= (rule.untilSeconds ?? Number.POSITIVE_INFINITY)) return false;
  return rule.probability === undefined || draw() < rule.probability;
}

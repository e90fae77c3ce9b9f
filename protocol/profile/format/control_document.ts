import { z } from "zod";
import { duration } from "../../../platform/quantity.ts";
import { once } from "../../../platform/once.ts";
import { fields } from "./register_document.ts";
import { UNITS } from "./unit.ts";

/** What is written, and what has to hold first. */
const steps = once(() => {
  const { Name, RawSet } = fields();
  /** A number, or arithmetic over registers, `value` (what is ordered) and, in `undo`, `before` (what stood there). */
  const Amount = z.union([z.number(), z.string().min(1).max(200)]);

  /** One write (`{ Limit: value }`), or a pause (`{ wait: 2s }`). */
  const Step = z.union([
    z.strictObject({ wait: duration("10ms", "60s") }),
    z.record(Name, Amount).refine(
      (step) => Object.keys(step).length === 1,
      "must be one register with what is written to it",
    ),
  ]);

  /** What has to hold first: raw values, or a comparison of the value: `"< 100"`. */
  const Need = z.union([
    RawSet,
    z.string().regex(/^(<|<=|>|>=|=)\s*-?\d+(\.\d+)?$/, 'must be values, or such as "< 100"'),
  ]);
  return { Amount, Step, Need };
});

/** Something that the device can be told to do, until it is told otherwise or the node stops renewing it. */
export const controlDocument = once(() => {
  const { Name } = fields();
  const { Amount, Step, Need } = steps();
  return z.strictObject({
    title: z.string().min(1).max(80).optional(),
    takes: z.strictObject({
      unit: z.enum(UNITS),
      range: z.tuple([Amount, Amount]).describe("numbers, or registers that hold them"),
      step: z.number().positive().optional().describe("smallest difference that it takes"),
    }).optional().describe("the value that is ordered; without it the control is on or off"),
    choices: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,31}$/), z.number()).optional().describe(
      "names for values, instead of a range",
    ),
    needs: z.record(Name, Need).optional().describe("what has to hold before anything is written"),
    set: z.array(Step).min(1).max(16).describe("writes in order, in the registers' units"),
    check: z.array(Name).max(16).default([]).describe("registers that are read back and must show what was written"),
    undo: z.array(Step).max(16).default([]).describe("writes that take it back"),
    device_reverts: z.union([
      z.literal("never"),
      z.literal("unknown"),
      z.strictObject({
        after: z.union([duration("1s", "24h"), z.strictObject({ seconds_in: Name })]).describe(
          "of silence, or a register that holds the seconds",
        ),
        renew: duration("1s", "24h").describe("how often it is written again"),
      }),
    ]).default("unknown").describe("whether the device gives it up by itself"),
    node_reverts: duration("10s", "24h").default(900_000).describe(
      "undone without renewal after so long, also by a node that starts",
    ),
    writes_per_day: z.int().min(1).max(100_000).optional().describe("most writes that its memory should see"),
    memory: z.enum(["flash", "ram", "unknown"]).default("unknown").describe("what a write wears"),
    hardware: z.enum(["unverified", "verified"]).default("unverified").describe(
      "unverified: refused unless the operator insists",
    ),
    confidence: z.enum(["high", "medium", "low"]).optional(),
    safety: z.array(z.string().min(1).max(400)).max(8).default([]).describe("what an operator must know"),
  });
});
export type ControlDocument = Readonly<z.infer<ReturnType<typeof controlDocument>>>;

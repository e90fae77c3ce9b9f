import { z } from "zod";
import { type Chain, chainSchema, type Mend, mendSchema } from "./chain.ts";
import { type EncoderMemory, FRESH_ENCODER } from "./encoder_memory.ts";
import { NEW_HABITS } from "./habits.ts";
import { QUALITIES } from "../../protocol/sample.ts";

/** All that is remembered of one board between its uploads. Plain JSON: keep it with the samples, in one transaction. */
export interface BoardState {
  /** Counts the boots of this board that were seen, from 1; 0 before its first upload. */
  readonly boot: number;
  /** Uptime (board's clock with its wraps counted, ms) of the newest body, and when that arrived (unix ms). */
  readonly bodyAt: number | null;
  readonly heardAt: number | null;
  /** Uptimes of the newest packets taken in this boot, oldest first: as many as a board can send again. */
  readonly taken: readonly number[];
  /** Number since boot, from 1, of the newest packet taken, and how many behind it were cut off its body. */
  readonly batches: number | null;
  readonly cutOff: number;
  /** Believed time between two polls, and what the last two batches suggest. */
  readonly pollMs: number;
  readonly lastPollMs: number | null;
  readonly encoder: EncoderMemory;
  /** `null` before the first batch. */
  readonly chain: Chain | null;
  /** What is still to be corrected of what is stored, oldest first. */
  readonly mends: readonly Mend[];
}

/** A board that was never heard of. */
export const NEW_BOARD: BoardState = {
  boot: 0,
  bodyAt: null,
  heardAt: null,
  taken: [],
  batches: null,
  cutOff: 0,
  pollMs: 2000,
  lastPollMs: null,
  encoder: FRESH_ENCODER,
  chain: null,
  mends: [],
};

const whole = z.int();
const reading = z.object({ values: z.array(whole), qualities: z.array(z.enum(QUALITIES)) });

const level = z.object({ level: z.number().nullable(), spread: z.number().positive() });
const flicker = z.object({ still: z.number().gt(0).lt(1), jump: z.number().positive() });
const habits = z.object({
  batches: whole,
  voltage: level,
  temperature: level,
  power: z.object({
    step: z.number().positive(),
    slope: z.number(),
    gain: z.number(),
    seen: whole,
    scatter: z.number(),
  }),
  flicker: z.tuple([flicker, flicker, flicker]).readonly(),
  currents: z.object({
    perWatt: z.tuple([z.number(), z.number()]).readonly().nullable(),
    samples: whole,
    certain: z.boolean(),
  }),
});

const schema = z.object({
  boot: whole,
  bodyAt: whole.nullable(),
  heardAt: z.number().nullable(),
  taken: z.array(whole),
  batches: whole.nullable(),
  cutOff: whole,
  pollMs: z.number(),
  lastPollMs: z.number().nullable(),
  encoder: z.object({
    overwritten: z.boolean(),
    learned: z.array(reading),
    last: reading.nullable(),
    ring: z.array(reading.nullable()).length(8),
    ringIndex: whole.min(0).max(7),
    ringFull: z.boolean(),
    ids: z.array(whole),
    // A state of version 0.1 has neither.
    stillFor: whole.default(0),
    habits: habits.default(NEW_HABITS),
  }),
  chain: chainSchema.nullable().default(null),
  mends: z.array(mendSchema).default([]),
});

/** Reads a state back from its JSON text; `undefined` when it is none (start anew then: only continuity is lost). */
export function parseBoardState(json: string): BoardState | undefined {
  try {
    return schema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

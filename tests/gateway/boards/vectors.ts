import { z } from "zod";
import { reference } from "../../needs.ts";
import { fromHex } from "../../../crypto/bytes.ts";

/** Frames that the boards' own encoder made (the original C++ run on a host), with the state it was in. */
export const vectorFile = reference("esp32/vectors-shared.json");

const Row = z.array(z.int());
const Schema = z.array(z.object({
  id: z.string(),
  sequence: z.string(),
  hex: z.string().transform((hex, context) => fromHex(hex) ?? context.addIssue("not hex") ?? new Uint8Array()),
  base64_as_device_prints: z.string(),
  method: z.string(),
  register_ids: Row,
  samples: z.array(Row),
  lossless: z.boolean(),
  loss: z.string().optional(),
  recovered: z.array(Row).optional(),
  best_guess: z.array(Row).optional(),
  decode: z.object({
    bits: z.int().optional(),
    base: Row.optional(),
    base_source: z.string().optional(),
    prev1: Row.optional(),
    prev2: Row.optional(),
    lost_low_bits: z.array(Row).optional(),
  }).optional(),
}));

export type Vector = z.infer<typeof Schema>[number];

/** All vectors, in their order. */
export function readVectors(): readonly Vector[] {
  return Schema.parse(JSON.parse(Deno.readTextFileSync(vectorFile.url)));
}

/** The family of a vector: its sequence without the number. */
export function familyOf(vector: Vector): string {
  return vector.sequence.replace(/-?\d+$/, "");
}

/** Single calls of one encoder function: each starts from an encoder that remembers nothing. */
export function isSingleCall(vector: Vector): boolean {
  return /^(dict30|dict6|bin|raw|sem)/.test(vector.sequence);
}

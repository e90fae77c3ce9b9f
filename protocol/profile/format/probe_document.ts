import { z } from "zod";
import { once } from "../../../platform/once.ts";
import { fields } from "./register_document.ts";

/** One thing that a device must answer: of a register by its name, or of an address that is not polled. */
export const probeDocument = once(() => {
  const { Address, Bytes, Name, Order, RawSet, Table, Type } = fields();
  const expectation = {
    any: RawSet.optional().describe("the raw value is one of these"),
    between: z.tuple([z.number(), z.number()]).optional().describe("the value lies between, both ends included"),
    matches: z.string().min(1).max(120).optional().describe("a string fits this regular expression"),
    or_absent: z.boolean().optional().describe("it may also be absent"),
    means: z.string().max(200).optional().describe("what it tells, for people"),
  };
  return z.union([
    z.strictObject({ register: Name, ...expectation }),
    z.strictObject({
      table: Table.optional(),
      unit_id: Name.optional(),
      address: Address,
      type: Type,
      words: z.int().min(1).max(64).optional(),
      order: Order.optional(),
      bytes: Bytes.optional(),
      ...expectation,
    }),
  ]);
});
export type ProbeDocument = Readonly<z.infer<ReturnType<typeof probeDocument>>>;

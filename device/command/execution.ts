import type { ReadBack } from "../../protocol/command/device_messages.ts";

/** What a command came to. */
export type Execution =
  /** `notes`: what an operator should know besides. */
  | { readonly kind: "completed"; readonly registers: readonly ReadBack[]; readonly notes?: readonly string[] }
  | { readonly kind: "failed"; readonly message: string; readonly registers: readonly ReadBack[] }
  | { readonly kind: "expired" }
  /** The node stops: nothing is known to have happened, or the journal knows what may have. */
  | { readonly kind: "stopped" };

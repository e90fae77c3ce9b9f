/** What the gateway says to a device's request, read by the schema of its answer. */
export type GatewayReply<T> =
  | { readonly kind: "ok"; readonly value: T }
  /** The gateway itself declines what was sent, for good: asking again is no use. */
  | { readonly kind: "refused"; readonly status: number; readonly reason: string }
  /** There is no such path: an older gateway. */
  | { readonly kind: "unsupported"; readonly reason: string }
  /** Try again, not before `waitMs`. `drips`: an answer came, so slowly that it was not waited for. */
  | { readonly kind: "later"; readonly reason: string; readonly waitMs: number; readonly drips?: true };

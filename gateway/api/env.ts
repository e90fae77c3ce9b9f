import type { Token } from "../store/tokens.ts";

/** What Hono hands through to the routes. */
export interface ApiEnv {
  /** From the server: the client's address, without the port. */
  readonly Bindings: { readonly address: string };
  /** Set by a guard (access.ts): whose request it is. */
  readonly Variables: { token: Token };
}

import type { Bytes } from "../../crypto/bytes.ts";

/** An answer of bytes. Its signature proves `octets`, not the header fields (by lower-case name). */
export interface OctetBody {
  readonly octets: Bytes;
  readonly fields: Readonly<Record<string, string>>;
}

/** What a request to the gateway came to. */
export type Exchange =
  /** The gateway's own answer, its signature verified. `body`: parsed JSON, or an `OctetBody`; undefined when it is neither. */
  | {
    readonly kind: "answer";
    readonly status: number;
    readonly body: unknown;
    readonly retryAfterMs?: number;
    /** The request was sent more than once, and may have had its effect before. */
    readonly again?: true;
  }
  /** Somebody answered, but not provably the gateway: nothing of it is to be believed. */
  | { readonly kind: "unproven"; readonly status: number; readonly message: string }
  /** No answer, or not all of it. `drips`: it came, below the least speed. */
  | { readonly kind: "unreachable"; readonly message: string; readonly drips?: true };

/** The way to the gateway. */
export interface Poster {
  post(path: string, message: unknown, signal: AbortSignal): Promise<Exchange>;
}

/** An exchange that is over. */
export interface ExchangeReport {
  readonly path: string;
  readonly exchange: Exchange;
  /** When it began, on the monotonic clock, and how long it took. Milliseconds. */
  readonly beganAt: number;
  readonly tookMs: number;
  /** When the gateway answered, by its own clock and with proof; unix milliseconds, give or take half a second. */
  readonly gatewayTime?: number;
  /** Others used numbers of this device; it goes on from this one. */
  readonly advancedTo?: number;
  /** The gateway's answer is good for whatever request has that number, not for this one only. */
  readonly unbound?: true;
}

/** Hears of every exchange with the gateway, once, when it is over; of none that ends because the program does. Never throws. */
export interface GatewayObserver {
  exchanged(report: ExchangeReport): void;
}

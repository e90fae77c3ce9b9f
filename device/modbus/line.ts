import type { Quirks } from "./quirks.ts";
import type { LineTiming } from "./line_timing.ts";
import type { Request, Response } from "./pdu.ts";

/** One request to one unit, ready to be sent. */
export interface Ask {
  readonly unit: number;
  readonly request: Request;
  /** `request`, encoded. */
  readonly pdu: Uint8Array;
  /** Milliseconds that the unit may take to answer. */
  readonly timeoutMs: number;
  /** Milliseconds to which that may grow when an earlier answer is seen to come late; default: it does not. */
  readonly longestMs?: number;
  /** Monotonic ms at which it was asked for first: an earlier try's answer, sent since then, is as good. */
  readonly askedAt?: number;
  /** Silence does not count against the unit. */
  readonly mayBeSilent?: boolean;
}

/** An answer that came after its time was over: of which unit, and how long after its request. */
export interface LateAnswer {
  readonly unit: number;
  readonly tookMs: number;
}

/** What every exchange tells. */
interface Exchanged {
  /** Frames that were passed over because they answered something else. */
  readonly foreign: number;
  readonly late?: LateAnswer;
}

/** What one exchange came to. */
export type ExchangeOutcome =
  & Exchanged
  & (
    /** The unit's own answer, an exception included; `tookMs` from request sent to answer complete. */
    | { readonly kind: "response"; readonly response: Response; readonly tookMs: number }
    /** Nothing came that answers the request. */
    | { readonly kind: "silence" }
    /** An answer came that is not whole: the unit is there. */
    | { readonly kind: "damaged" }
    /**
     * Only answers to something else came; `detail` says what. `alive`: they show that the unit is there; `from`: the unit
     * that an answer to this request names instead.
     */
    | { readonly kind: "foreign"; readonly detail: string; readonly alive: boolean; readonly from?: number }
    /** A broadcast went out: nobody answers. */
    | { readonly kind: "sent" }
  );

/** An open line on which requests go out one at a time. */
export interface Link {
  /** Sends one request and takes its answer. Rejects with `LineClosed` only. The next call comes after this one ended. */
  exchange(ask: Ask): Promise<ExchangeOutcome>;
  /** Whether the next request has to go out on a new link: what still comes on this one could be taken for its answer. */
  readonly spent?: boolean;
  close(): void;
}

/** A line that can be opened: what a bus is built on. */
export interface Line {
  /** For messages and metrics: "/dev/ttyUSB0", "192.168.1.20:502". */
  readonly name: string;
  readonly timing: LineTiming;
  /** Whether unit 0 means everybody and is never answered: so on serial lines, not on TCP. */
  readonly broadcasts: boolean;
  /** Opened again after this many requests in a row without an answer of their own: a half-dead connection looks so. */
  readonly reopenAfterMisses?: number;
  /** Milliseconds without requests after which the connection is given back, for devices that serve one client. */
  readonly idleCloseMs?: number;
  /** Milliseconds after which the connection is opened anew. */
  readonly maxAgeMs?: number;
  /** What of the protocol is not insisted on. */
  readonly quirks?: Quirks;
  /** Opens the line. Rejects with `LineClosed`. Aborting `signal` ends the attempt. */
  connect(signal: AbortSignal): Promise<Link>;
}

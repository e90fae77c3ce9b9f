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
}

/** What one exchange came to. `foreign`: frames that were passed over because they answered something else. */
export type Reply =
  /** The unit's own answer, an exception included; `tookMs` from request sent to answer complete. */
  | { readonly kind: "response"; readonly response: Response; readonly tookMs: number; readonly foreign: number }
  /** Nothing came that answers the request. */
  | { readonly kind: "silence"; readonly foreign: number }
  /** An answer came that is not whole. */
  | { readonly kind: "damaged"; readonly foreign: number }
  /** Only answers to something else came; `detail` says what. */
  | { readonly kind: "foreign"; readonly detail: string; readonly foreign: number }
  /** A broadcast went out: nobody answers. */
  | { readonly kind: "sent"; readonly foreign: number };

/** An open line on which requests go out one at a time. */
export interface Link {
  /** Sends one request and takes its answer. Rejects with `LineClosed` only. The next call comes after this one ended. */
  exchange(ask: Ask): Promise<Reply>;
  close(): void;
}

/** A line that can be opened: what a bus is built on. */
export interface Line {
  /** For messages and metrics: "/dev/ttyUSB0", "192.168.1.20:502". */
  readonly name: string;
  readonly timing: LineTiming;
  /** Whether unit 0 means everybody and is never answered: so on serial lines, not on TCP. */
  readonly broadcasts: boolean;
  /** Opened again after this many requests in a row without any answer: a half-dead connection looks so. */
  readonly reopenAfterSilences?: number;
  /** Milliseconds without requests after which the connection is given back, for devices that serve one client. */
  readonly idleCloseMs?: number;
  /** Milliseconds after which the connection is opened anew. */
  readonly maxAgeMs?: number;
  /** Opens the line. Rejects with `LineClosed`. Aborting `signal` ends the attempt. */
  connect(signal: AbortSignal): Promise<Link>;
}

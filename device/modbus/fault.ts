import { exceptionName } from "./exception.ts";

/** Why a request on the bus gave no value. `message` is for people: what happened, and what to look at. */
export type BusFault =
  /** No answer in time, `attempts` times. */
  | { readonly kind: "timeout"; readonly message: string; readonly waitedMs: number; readonly attempts: number }
  /**
   * The unit is known to be dead and was not asked, or a gateway said so of it: then `code` is its exception, 0A or 0B.
   * `retryAt`: unix ms from which the next request goes out.
   */
  | { readonly kind: "offline"; readonly message: string; readonly retryAt: number; readonly code?: number }
  /** The device refused. 1, 2, 3: function, address or value; 6: still busy after all retries. */
  | { readonly kind: "exception"; readonly message: string; readonly code: number; readonly name: string }
  /** An answer arrived damaged. */
  | { readonly kind: "crc"; readonly message: string; readonly attempts: number }
  /** Something arrived that does not answer the request. `from`: the unit that it names instead of the one asked. */
  | { readonly kind: "foreign"; readonly message: string; readonly detail: string; readonly from?: number }
  /**
   * The serial port or connection is gone or cannot be opened. `retryAt`: unix ms of the next try to open it. `broke`: it was
   * open, and broke under this very request.
   */
  | {
    readonly kind: "line";
    readonly message: string;
    readonly detail: string;
    readonly retryAt: number;
    readonly broke?: true;
  }
  /** The request itself breaks the protocol's limits and was not sent. */
  | { readonly kind: "refused"; readonly message: string; readonly detail: string }
  /** The caller gave up or the bus was closed. A write may have taken effect. */
  | { readonly kind: "aborted"; readonly message: string };

/** What a request on the bus comes to. */
export type BusOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: BusFault };

/** The words for each fault in one place. `bus` is the line's name, `attempts` counts requests sent. */
export const busFault = {
  timeout(bus: string, unit: number, waitedMs: number, attempts: number, lateMs?: number): BusFault {
    const times = attempts === 1 ? "one request" : `${attempts} requests`;
    const check = lateMs === undefined
      ? "Check its power, its unit id, the baud rate and parity, and whether A and B are swapped"
      : `It answered too late before, after up to ${seconds(lateMs)}: set timing.timeout above that`;
    const message = `Unit ${unit} on ${bus} did not answer ${times} of ${Math.round(waitedMs)} ms each. ${check}`;
    return { kind: "timeout", message, waitedMs, attempts };
  },
  offline(bus: string, unit: number, reason: string, retryAt: number, now: number): BusFault & { kind: "offline" } {
    const seconds = Math.max(0, Math.ceil((retryAt - now) / 1000));
    return {
      kind: "offline",
      message: `Unit ${unit} on ${bus} is offline (${reason}); next try in ${seconds} s`,
      retryAt,
    };
  },
  /** It lives, but others wait for the line. */
  yielding(bus: string, unit: number, reason: string, retryAt: number, now: number): BusFault & { kind: "offline" } {
    const pause = seconds(Math.max(0, retryAt - now));
    const message = `Unit ${unit} on ${bus} is left alone for ${pause} (${reason}), as others share its line`;
    return { kind: "offline", message, retryAt };
  },
  exception(bus: string, unit: number, code: number): BusFault {
    const name = exceptionName(code);
    return { kind: "exception", message: `Unit ${unit} on ${bus} refused: ${name} (exception ${code})`, code, name };
  },
  crc(bus: string, unit: number, attempts: number): BusFault {
    const message = `The answer of unit ${unit} on ${bus} arrived damaged (CRC), ${attempts} of ${attempts} times. ` +
      "Check parity, line termination and cable, or two devices with the same unit id";
    return { kind: "crc", message, attempts };
  },
  foreign(
    bus: string,
    unit: number,
    { detail, from }: { readonly detail: string; readonly from?: number },
    lateMs?: number,
  ): BusFault {
    const late = lateMs === undefined
      ? ""
      : `. It answers late, after up to ${seconds(lateMs)}: set timing.timeout above that`;
    const message = `What arrived on ${bus} does not answer the request to unit ${unit}: ${detail}${late}`;
    return { kind: "foreign", message, detail, ...(from === undefined ? {} : { from }) };
  },
  line(bus: string, detail: string, retryAt: number, broke = false): BusFault {
    const message = detail.includes(bus) ? detail : `Cannot use ${bus}: ${detail}`;
    return { kind: "line", message, detail, retryAt, ...(broke && { broke }) };
  },
  refused(detail: string): BusFault {
    return { kind: "refused", message: `Cannot send the request: ${detail}`, detail };
  },
  aborted(detail: string): BusFault {
    return { kind: "aborted", message: `The request was given up: ${detail}` };
  },
};

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

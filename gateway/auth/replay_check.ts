import type { Replay } from "../store/replay.ts";
import type { SecurityLog, Validation } from "../store/security_log.ts";
import type { DeviceRequest, Identity, Unauthenticated } from "./identity.ts";

/** A device's clock may be off by this much before the log says so, in seconds (contract/1-link §2.2). */
const CLOCK_TOLERANCE_S = 300;

/** What came of the number of an authentic request. `line`: what the log is to note when its effect is on disk. `undo`: to be called at
 * once when the transaction is taken back. */
type Claim =
  | { readonly used: false; readonly line: Validation; readonly undo?: () => void }
  | { readonly used: true; readonly nextSequence?: number };

/** A replayed upload of a board, as the log shows it. */
const BOARD_REPLAY = {
  reason: "replay",
  detail: "legacy: this number was accepted with this HMAC before, or lies ten or more below the highest",
} as const;

/** Uses the request's sequence number and logs that it was used before: part of the transaction of the effect. */
export function claimNumber(
  identity: Identity,
  request: DeviceRequest,
  io: { readonly replay: Replay; readonly log: Pick<SecurityLog, "append">; readonly now: number },
): Claim {
  const { deviceId, row } = identity.device;
  const validation = { at: io.now, deviceId, path: request.path, address: request.address };
  switch (identity.kind) {
    case "signed": {
      const { sequence, created, key } = identity.request;
      const undo = io.replay.claim(row, key.number, sequence);
      if (undo === undefined) {
        io.log.append({ ...validation, sequence, reason: "replay" });
        const nextSequence = io.replay.next(row, key.number);
        return { used: true, ...(nextSequence !== undefined && { nextSequence }) };
      }
      const line = { ...validation, sequence, reason: "ok", ...clockDetail(created - io.now / 1000) } as const;
      return { used: false, line, undo };
    }
    case "board": {
      const { sequence, mac, key } = identity;
      if (!io.replay.claimBoard(key.fingerprint, sequence, mac)) {
        io.log.append({ ...validation, sequence, ...BOARD_REPLAY });
        return { used: true };
      }
      return { used: false, line: { ...validation, sequence, reason: "ok", detail: "legacy" } };
    }
    case "address":
      return { used: false, line: { ...validation, reason: "ok", detail: "unsigned, by address" } };
    default:
      return identity satisfies never;
  }
}

/** The log's line on a request that was refused. */
export function refusalOf(unauthenticated: Unauthenticated, request: DeviceRequest, now: number): Validation {
  const { kind: _, ...known } = unauthenticated;
  return { ...known, at: now, path: request.path, address: request.address };
}

function clockDetail(offBySeconds: number): { readonly detail?: string } {
  if (Math.abs(offBySeconds) <= CLOCK_TOLERANCE_S) return {};
  return { detail: `the device's clock is ${Math.round(offBySeconds)} s off` };
}

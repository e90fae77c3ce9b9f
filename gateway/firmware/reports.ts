import type { CompleteRequest, OtaReportAnswer, VerifyRequest } from "../../ota/manifest/messages.ts";
import type { RolloutEvent } from "../rollout/rollout.ts";
import type { DeviceCall } from "../auth/identity.ts";
import { Fault } from "../fault.ts";
import type { Device } from "../store/devices.ts";
import type { Session, SessionState } from "../store/firmware_sessions.ts";
import { noteProgress, tellRollout, type UpdateLogIo } from "./update_log.ts";

/** What a report makes of a session. */
interface Verdict {
  readonly state: SessionState;
  readonly kind: string;
  readonly detail?: string | undefined;
  /** Left out: nothing is decided yet. */
  readonly event?: RolloutEvent;
}

/** Takes what a device says of its checks. Inside a transaction. Throws `Fault` `conflict` for a version it was not offered. */
export function takeVerify(call: DeviceCall<VerifyRequest>, io: UpdateLogIo): OtaReportAnswer {
  const { body: { verified, error }, device: { deviceId } } = call;
  const reason = `its checks failed: ${error ?? "no reason given"}`;
  return take(
    call,
    verified
      ? { state: "verified", kind: "verified" }
      : { state: "failed", kind: "verify_failed", detail: reason, event: failure(deviceId, reason, false) },
    io,
  );
}

/** Takes how an update ended. Inside a transaction. Throws `Fault` `conflict` for a version it was not offered. */
export function takeComplete(call: DeviceCall<CompleteRequest>, io: UpdateLogIo): OtaReportAnswer {
  return take(call, verdictOf(call), io);
}

function verdictOf(
  { body: { boot_status, reason, log = [] }, device: { deviceId } }: DeviceCall<CompleteRequest>,
): Verdict {
  const why = reason ?? "no reason given";
  const detail = [why, ...log].join("\n");
  switch (boot_status) {
    case "success":
      return { state: "confirmed", kind: "confirmed", event: { kind: "updated", device: deviceId } };
    case "rolled_back":
      return {
        state: "rolled_back",
        kind: "rolled_back",
        detail,
        event: failure(deviceId, `rolled back: ${why}`, true),
      };
    case "failed":
      return { state: "failed", kind: "failed", detail, event: failure(deviceId, why, false) };
    default:
      return boot_status satisfies never;
  }
}

function failure(device: string, reason: string, final: boolean): RolloutEvent {
  return { kind: "failed", device, reason, final };
}

/** A report that comes again is answered as the first one was, and changes nothing. */
function take(
  { device, body: { version }, now }: DeviceCall<VerifyRequest | CompleteRequest>,
  { state, kind, detail, event }: Verdict,
  io: UpdateLogIo,
): OtaReportAnswer {
  const answer: OtaReportAnswer = { status: "success", message: "The report is noted" };
  const session = io.firmwareSessions.find(device);
  if (!session || session.version !== version) {
    throw new Fault("conflict", "This device was not offered this version");
  }
  if (session.state === state) return answer;
  if (isDecided(session)) throw new Fault("conflict", `This update is over: it is ${session.state}`);
  const next = proves(device) ? { ...session, state, changed_at: now, reason: detail?.slice(0, 500) ?? null } : session;
  noteProgress(device, next, { version, kind: proves(device) ? kind : `${kind}_unproven`, detail }, io, now);
  if (event && proves(device)) tellRollout(session.rollout, event, io, now);
  return answer;
}

/** Anyone at a board's address can send its unsigned requests: such a report is kept, and decides nothing. */
function proves({ auth }: Device): boolean {
  return auth === "signed";
}

function isDecided({ state }: Session): boolean {
  return state === "confirmed" || state === "rolled_back";
}

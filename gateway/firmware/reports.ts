import type { CompleteRequest, OtaReportAnswer, VerifyRequest } from "../../ota/manifest/messages.ts";
import type { Outcome } from "../rollout/effect.ts";
import type { DeviceCall } from "../auth/identity.ts";
import { Fault } from "../fault.ts";
import { deviceReasonText } from "../rollout/reason_text.ts";
import type { Device } from "../store/devices.ts";
import type { DeviceReason } from "../store/port/rollout_reason.ts";
import type { Session, SessionState } from "../store/firmware_sessions.ts";
import { noteProgress, tellRollout, type UpdateLogIo } from "./update_log.ts";

/** What a report makes of a session. */
interface Verdict {
  readonly state: SessionState;
  readonly kind: string;
  readonly detail?: string | undefined;
  /** Left out: nothing is decided yet. */
  readonly outcome?: Outcome;
}

/** Takes what a device says of its checks. Inside a transaction. Throws `Fault` `conflict` for a version it was not offered. */
export function takeVerify(call: DeviceCall<VerifyRequest>, io: UpdateLogIo): OtaReportAnswer {
  const { verified, error: text } = call.body;
  if (verified) return take(call, { state: "verified", kind: "verified" }, io);
  const reason: DeviceReason = { code: "checks_failed", text: text ?? undefined };
  const outcome: Outcome = { kind: "failed", reason, final: false };
  return take(call, { state: "failed", kind: "verify_failed", detail: deviceReasonText(reason), outcome }, io);
}

/** Takes how an update ended. Inside a transaction. Throws `Fault` `conflict` for a version it was not offered. */
export function takeComplete(call: DeviceCall<CompleteRequest>, io: UpdateLogIo): OtaReportAnswer {
  return take(call, verdictOf(call), io);
}

function verdictOf({ body: { boot_status, reason, log = [] } }: DeviceCall<CompleteRequest>): Verdict {
  const text = reason ?? undefined;
  const detail = [text ?? "no reason given", ...log].join("\n");
  switch (boot_status) {
    case "success":
      return { state: "confirmed", kind: "confirmed", outcome: { kind: "succeeded" } };
    case "rolled_back": {
      const outcome: Outcome = { kind: "failed", reason: { code: "rolled_back", text }, final: true };
      return { state: "rolled_back", kind: "rolled_back", detail, outcome };
    }
    case "failed": {
      const outcome: Outcome = { kind: "failed", reason: { code: "update_failed", text }, final: false };
      return { state: "failed", kind: "failed", detail, outcome };
    }
    default:
      return boot_status satisfies never;
  }
}

/** A report that comes again is answered as the first one was, and changes nothing. */
function take(
  { device, body: { version }, now }: DeviceCall<VerifyRequest | CompleteRequest>,
  { state, kind, detail, outcome }: Verdict,
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
  if (outcome && proves(device)) tellRollout(session, device, outcome, io, now);
  return answer;
}

/** Anyone at a board's address can send its unsigned requests: such a report is kept, and decides nothing. */
function proves({ auth }: Device): boolean {
  return auth === "signed";
}

function isDecided({ state }: Session): boolean {
  return state === "confirmed" || state === "rolled_back";
}

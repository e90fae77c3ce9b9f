import type { CheckAnswer, CheckRequest } from "../../ota/manifest/messages.ts";
import type { Firmware } from "../../ota/manifest/firmware.ts";
import { memberOf } from "../rollout/member.ts";
import { deviceReasonText } from "../rollout/reason_text.ts";
import { mayBegin } from "../rollout/rollout.ts";
import { compareVersions } from "../../ota/manifest/version.ts";
import type { DeviceCall } from "../auth/identity.ts";
import { Fault } from "../fault.ts";
import type { Device } from "../store/devices.ts";
import type { Session } from "../store/firmware_sessions.ts";
import type { StoredFirmwareRollout } from "../store/port/firmware_rollout.ts";
import type { DeviceReason } from "../store/port/rollout_reason.ts";
import { misfit } from "./eligibility.ts";
import { chunkTotal, noChunks } from "./progress.ts";
import type { FirmwareImages } from "../../ota/repository/firmware_repository.ts";
import { note, noteProgress, tellRollout, type UpdateLogIo } from "./update_log.ts";

export interface OfferIo extends UpdateLogIo {
  /** Since when this gateway can be reached, unix milliseconds: no board is to blame for a download that it broke off. */
  readonly upSince: number;
  readonly firmware: FirmwareImages;
}

type Check = DeviceCall<CheckRequest>;

/** The session states in which a board has begun and not ended. */
const UNDER_WAY = ["downloading", "downloaded"];

/** Takes a check: first what it says about the last update, then what there is for the device. Inside a transaction. */
export function check(call: Check, io: OfferIo): Firmware | undefined {
  const { device, body: { current_version }, now } = call;
  const before = io.firmwareSessions.find(device) ?? newSession(current_version, now);
  const session = boardOutcome(device, { ...before, current_version, checked_at: now }, io, now);
  io.firmwareSessions.save(device, session);
  for (const stored of io.firmwareRollouts.runningFor(device.deviceId)) {
    const firmware = offerable(call, stored, io);
    if (!firmware) continue;
    offer(call, session, stored, firmware, io);
    return firmware;
  }
  return undefined;
}

/**
 * The answer to a check. One to a node of version 0.1 may take work, after the transaction; that throws a `Fault` when such a
 * node cannot have the firmware.
 */
export function answerTo(
  { image_signature }: CheckRequest,
  firmware: Firmware | undefined,
  io: Pick<OfferIo, "firmware" | "log">,
): CheckAnswer | (() => Promise<CheckAnswer>) {
  if (firmware === undefined) return { update_available: false, message: "No update is due" };
  if (image_signature !== false && firmware.signature === null) return () => olderAnswer(firmware, io);
  return offered(firmware);
}

function newSession(current_version: string, now: number): Session {
  const empty = { received: noChunks(0), total_chunks: 0 };
  return {
    current_version,
    checked_at: now,
    rollout: null,
    version: null,
    state: "none",
    ...empty,
    changed_at: now,
    reason: null,
  };
}

/** Boards report nothing: the version they run says how it ended (contract/2-boards §8). */
function boardOutcome(device: Device, session: Session, io: OfferIo, now: number): Session {
  const { version, state, current_version } = session;
  if (device.auth !== "legacy" || version === null) return session;
  if (current_version === version) {
    if (state === "confirmed") return session;
    const confirmed: Session = { ...session, state: "confirmed", changed_at: now, reason: null };
    noteProgress(device, confirmed, { version, kind: "confirmed", detail: "it runs the new version" }, io, now);
    tellRollout(confirmed, device, { kind: "succeeded" }, io, now);
    return confirmed;
  }
  if (!UNDER_WAY.includes(state)) return session;
  if (state === "downloading" && session.changed_at < io.upSince) return interrupted(device, session, io, now);
  const reason: DeviceReason = state === "downloaded"
    ? { code: "version_unchanged", version: current_version }
    : { code: "download_broke_off", received: chunkTotal(session.received), total: session.total_chunks };
  const detail = deviceReasonText(reason);
  const failed: Session = { ...session, state: "failed", changed_at: now, reason: detail };
  noteProgress(device, failed, { version, kind: "failed", detail }, io, now);
  tellRollout(failed, device, { kind: "failed", reason, final: false }, io, now);
  return failed;
}

/** The gateway was away in the middle of a download: the board begins anew, and has no attempt less. */
function interrupted(device: Device, session: Session, io: OfferIo, now: number): Session {
  const { version, received, total_chunks } = session;
  const again: Session = { ...session, state: "offered", received: noChunks(total_chunks), changed_at: now };
  const detail = `broke off after ${chunkTotal(received)} of ${total_chunks} chunks: the gateway was restarted`;
  noteProgress(device, again, { version: version ?? "", kind: "offered", detail }, io, now);
  return again;
}

/** The firmware that a rollout has for the device now. What can never fit takes the device out of the rollout. */
function offerable(
  { device, body, now }: Check,
  { id, rollout }: StoredFirmwareRollout,
  io: OfferIo,
): Firmware | undefined {
  if (!mayBegin(rollout, device.deviceId, now)) return undefined;
  const { model, version } = rollout.goal;
  const firmware = io.firmware.find(model, version);
  if (!firmware) {
    io.log.error("firmware {version} of {model} is not there, rollout {id} waits", { model, version, id });
    return undefined;
  }
  const order = compareVersions(version, body.current_version);
  const isBegun = memberOf(rollout, device.deviceId)?.stage === "begun";
  if (order === 0 && !isBegun) tellRollout({ rollout: id }, device, { kind: "succeeded" }, io, now);
  if (order === 0) return undefined; // a node says itself when its trial is over
  const reason: DeviceReason | undefined = order < 0
    ? { code: "runs_newer", version: body.current_version }
    : misfit(device, body, firmware);
  if (reason === undefined) return firmware;
  note(device, { version, kind: "not_offered", detail: deviceReasonText(reason) }, io, now);
  tellRollout({ rollout: id }, device, { kind: "left", reason }, io, now);
  return undefined;
}

/** A node goes on where it was; a board begins anew each time. */
function offer(
  { device, now }: Check,
  session: Session,
  { id }: StoredFirmwareRollout,
  firmware: Firmware,
  io: OfferIo,
): void {
  const { version, total_chunks } = firmware;
  const goesOn = session.version === version && session.rollout === id &&
    ["offered", "downloading", "downloaded", "verified"].includes(session.state);
  if (!goesOn) {
    const received = noChunks(total_chunks);
    const offered: Session = {
      ...session,
      rollout: id,
      version,
      state: "offered",
      received,
      total_chunks,
      changed_at: now,
      reason: null,
    };
    noteProgress(device, offered, { version, kind: "offered", detail: `rollout ${id}` }, io, now);
  }
  io.firmwareRollouts.tell(id, { kind: "begun", device: device.deviceId }, now);
}

async function olderAnswer(firmware: Firmware, io: Pick<OfferIo, "firmware" | "log">): Promise<CheckAnswer> {
  const { model, version } = firmware;
  const older = await io.firmware.forOlderNodes(firmware);
  if (older.ok) return offered(older.value);
  io.log.error("nodes of version 0.1 cannot have {version} of {model}: {reason}", {
    model,
    version,
    reason: older.detail,
  });
  throw new Fault("refused", older.detail);
}

function offered(firmware: Firmware): CheckAnswer {
  const { version, original_size, encrypted_size, total_chunks, chunk_size, sha256_hash, signature, iv } = firmware;
  const { manifest, manifest_signature } = firmware;
  return {
    update_available: true,
    version,
    original_size,
    encrypted_size,
    total_chunks,
    chunk_size,
    sha256_hash,
    ...(signature === null ? {} : { signature }),
    iv,
    ...(manifest === null || manifest_signature === null ? {} : { manifest, manifest_signature }),
  };
}

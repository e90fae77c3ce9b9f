import { toBase64 } from "../../crypto/bytes.ts";
import type { Firmware } from "../../ota/manifest/firmware.ts";
import { CHUNK_HEADERS, type ChunkAnswer, type ChunkRequest } from "../../ota/manifest/messages.ts";
import { mayFetch } from "../rollout/rollout.ts";
import { type Answer, type DeviceCall, jsonAnswer, type Reply } from "../http/device_route.ts";
import { Fault } from "../fault.ts";
import type { Device } from "../store/devices.ts";
import type { Session } from "../store/firmware_sessions.ts";
import type { OfferIo } from "./offer.ts";
import { chunkTotal, quarterReached, withChunk } from "./progress.ts";
import { noteProgress } from "./update_log.ts";

/**
 * Counts a chunk as fetched, inside a transaction, and gives it after that: any of the session's version, again and in any
 * order. Throws `Fault`: `conflict` when no such update is under way for the device, `refused` for a number beyond the last.
 */
export function chunk(call: DeviceCall<ChunkRequest>, binary: boolean, io: OfferIo): Reply {
  const { device, body: { chunk_number: number }, now } = call;
  const session = sessionOf(call, io);
  if (number >= session.total_chunks) {
    throw new Fault("refused", `There is no chunk ${number}: the image has ${session.total_chunks}`);
  }
  const firmware = io.firmware.find(device.model, call.body.version);
  if (!firmware) throw new Fault("conflict", "The firmware was taken away");
  const progress = counted(device, session, number, io, now);
  return async () => {
    const found = await io.firmware.chunk(firmware, number);
    if (!found) throw new Fault("conflict", "The firmware was taken away");
    return binary
      ? binaryAnswer(firmware, number, found)
      : jsonAnswer(200, answerOf(firmware, number, found, progress));
  };
}

/** The device's own session, and only while its rollout goes on. */
function sessionOf({ device, body }: DeviceCall<ChunkRequest>, io: OfferIo): Session {
  const session = io.firmwareSessions.find(device);
  const rollout = session?.rollout == null ? undefined : io.firmwareRollouts.find(session.rollout)?.rollout;
  if (!session || session.version !== body.version || !rollout || !mayFetch(rollout, device.deviceId)) {
    throw new Fault("conflict", "No update to this version is under way for this device: ask /ota/check");
  }
  return session;
}

function counted(device: Device, session: Session, number: number, io: OfferIo, now: number): number {
  const before = chunkTotal(session.received);
  const received = withChunk(session.received, number);
  if (received === session.received) return before;
  const { total_chunks, version } = session;
  const state = before + 1 === total_chunks ? "downloaded" : "downloading";
  const next: Session = { ...session, received, state, changed_at: now };
  const quarter = quarterReached(before, before + 1, total_chunks);
  if (quarter === undefined) io.firmwareSessions.save(device, next);
  else noteProgress(device, next, { version: version ?? "", kind: "downloading", detail: `${quarter} %` }, io, now);
  return before + 1;
}

type Chunk = { readonly data: Uint8Array<ArrayBuffer>; readonly hmac: string };

function answerOf({ total_chunks }: Firmware, number: number, { data, hmac }: Chunk, received: number): ChunkAnswer {
  const percentage = Math.round(1000 * received / total_chunks) / 10;
  return {
    chunk: { chunk_number: number, data: toBase64(data), size: data.length, hmac, total_chunks },
    progress: { chunks_received: received, total_chunks, percentage },
  };
}

function binaryAnswer({ total_chunks }: Firmware, number: number, { data, hmac }: Chunk): Answer {
  const headers = {
    [CHUNK_HEADERS.number]: String(number),
    [CHUNK_HEADERS.hmac]: hmac,
    [CHUNK_HEADERS.total]: String(total_chunks),
  };
  return { status: 200, type: "application/octet-stream", body: data, headers };
}

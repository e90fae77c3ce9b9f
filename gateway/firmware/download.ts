import type { ChunkRequest } from "../../ota/manifest/messages.ts";
import type { ReadyChunk } from "../../ota/repository/ready_chunks.ts";
import { mayGoOn } from "../rollout/rollout.ts";
import type { DeviceCall } from "../auth/identity.ts";
import { Fault } from "../fault.ts";
import type { Device } from "../store/devices.ts";
import type { Session } from "../store/firmware_sessions.ts";
import type { OfferIo } from "./offer.ts";
import { chunkTotal, quarterReached, withChunk } from "./progress.ts";
import { noteProgress } from "./update_log.ts";

/** A piece of an image. */
export interface FetchedChunk extends ReadyChunk {
  readonly number: number;
  /** Chunks that the device has fetched so far, of all that there are. */
  readonly received: number;
  readonly total: number;
}

/**
 * Counts a chunk as fetched, inside a transaction, and gives it after that: any of the session's version, again and in any
 * order. Throws `Fault`: `conflict` when no such update is under way for the device, `refused` for a number beyond the last.
 */
export function fetchChunk(call: DeviceCall<ChunkRequest>, io: OfferIo): () => Promise<FetchedChunk> {
  const { device, body: { chunk_number: number }, now } = call;
  const session = sessionOf(call, io);
  if (number >= session.total_chunks) {
    throw new Fault("refused", `There is no chunk ${number}: the image has ${session.total_chunks}`);
  }
  const firmware = io.firmware.find(device.model, call.body.version);
  if (!firmware) throw new Fault("conflict", "The firmware was taken away");
  const received = counted(device, session, number, io, now);
  return async () => {
    const found = await io.firmware.chunk(firmware, number);
    if (!found) throw new Fault("conflict", "The firmware was taken away");
    return { ...found, number, received, total: firmware.total_chunks };
  };
}

/** The device's own session, and only while its rollout goes on. */
function sessionOf({ device, body }: DeviceCall<ChunkRequest>, io: OfferIo): Session {
  const session = io.firmwareSessions.find(device);
  const running = io.firmwareRollouts.runningFor(device.deviceId).find(({ id }) => id === session?.rollout);
  if (!session || session.version !== body.version || !running || !mayGoOn(running.rollout, device.deviceId)) {
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

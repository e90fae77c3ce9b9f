import type { Logger } from "@logtape/logtape";
import { processAnswer } from "../boards/answers.ts";
import { type BoardState, NEW_BOARD, parseBoardState } from "../boards/board_state.ts";
import { decodeUpload } from "../boards/upload.ts";
import type { UploadBody } from "../boards/upload_body.ts";
import { ONLY_INVERTER } from "../store/inverters.ts";
import type { BoardStates } from "../store/board_states.ts";
import type { Device } from "../store/devices.ts";
import type { SampleBatch, SampleReviser, SampleSink } from "../store/port/sample_batch.ts";
import type { Quarantine } from "../store/quarantine.ts";
import { createMending } from "./board_mends.ts";
import type { StoredUpload } from "./stored_upload.ts";

/** What a board's upload writes to. */
export interface BoardUploadIo {
  readonly samples: SampleSink & SampleReviser;
  readonly boards: BoardStates;
  readonly quarantine: Quarantine;
  readonly log: Logger;
}

/**
 * Stores what can be decoded, sets aside what cannot, and corrects some of what was stored before it was known better, inside
 * the transaction of the caller.
 */
export function takeBoardUpload(
  device: Device,
  body: UploadBody,
  { samples, boards, quarantine, log }: BoardUploadIo,
  receivedAt: number,
): StoredUpload {
  const { row, deviceId } = device;
  const { state, upload } = decodeUpload(boardState(boards.load(row)), body, receivedAt);
  const batches = upload.batches.map(({ registers, samples, quality }): SampleBatch => {
    const series = { profile: "ecowatt", registers, samples };
    return { device: deviceId, inverter: ONLY_INVERTER, series, quality, receivedAt };
  });
  if (upload.lost > 0) log.warn("board lost {lost} batches {device}", { lost: upload.lost, device: deviceId });
  for (const { fault, detail, source } of upload.undecodable) {
    quarantine.keep({ at: receivedAt, deviceId, fault, detail, content: source });
    log.warn("item set aside {device} {fault}", { device: deviceId, fault });
  }
  const mending = createMending(state.mends, device, samples);
  for (const [i, batch] of batches.entries()) {
    // Before it is stored: its energy goes on from that of the corrected ones.
    const mend = upload.batches[i]?.mend;
    if (mend !== undefined) mending.begin(mend);
    samples.append(batch);
  }
  boards.save(row, JSON.stringify({ ...state, mends: mending.finish() }));
  return { batches, answer: (published) => processAnswer(body.wireId ?? deviceId, upload, published) };
}

/** That of a new board when there is none or it cannot be read: then only continuity is lost. */
function boardState(text: string | undefined): BoardState {
  return (text === undefined ? undefined : parseBoardState(text)) ?? NEW_BOARD;
}

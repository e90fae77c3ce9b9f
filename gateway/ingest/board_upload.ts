import type { Logger } from "@logtape/logtape";
import { processAnswer } from "../boards/answers.ts";
import { decodeUpload } from "../boards/upload.ts";
import type { UploadBody } from "../boards/upload_body.ts";
import { ONLY_INVERTER } from "../store/inverters.ts";
import type { Device } from "../store/devices.ts";
import type { SampleBatch, SampleSink } from "../store/port/sample_batch.ts";
import type { Quarantine } from "../store/quarantine.ts";
import type { BoardMemory } from "./board_memory.ts";
import { withMends } from "./board_mends.ts";
import type { StoredUpload } from "./stored_upload.ts";

/** What a board's upload writes to. */
export interface BoardUploadIo {
  readonly samples: SampleSink;
  readonly boards: BoardMemory;
  readonly quarantine: Quarantine;
  readonly log: Logger;
}

/** What a board's upload brought, and whether corrections of its samples wait (board_mender.ts). */
interface StoredBoardUpload extends StoredUpload {
  readonly mends: boolean;
}

/** Stores what can be decoded, sets aside what cannot, and notes what is to be corrected, inside the transaction of the caller. */
export function takeBoardUpload(
  device: Device,
  body: UploadBody,
  { samples, boards, quarantine, log }: BoardUploadIo,
  receivedAt: number,
): StoredBoardUpload {
  const { row, deviceId } = device;
  const { state, upload } = decodeUpload(boards.load(row), body, receivedAt);
  const batches = upload.batches.map(({ registers, samples, quality }): SampleBatch => {
    const series = { profile: "ecowatt", registers, samples };
    return { device: deviceId, inverter: ONLY_INVERTER, series, quality, receivedAt };
  });
  if (upload.lost > 0) log.warn("board lost {lost} batches {device}", { lost: upload.lost, device: deviceId });
  for (const { fault, detail, source } of upload.undecodable) {
    quarantine.keep({ at: receivedAt, deviceId, fault, detail, content: source });
  }
  const [first] = upload.undecodable;
  if (first) {
    log.warn("items set aside {device} {items} {fault}", {
      device: deviceId,
      items: upload.undecodable.length,
      fault: first.fault,
    });
  }
  samples.append(...batches);
  const mends = withMends(state.mends, upload.batches.flatMap(({ mend }) => mend ?? []));
  boards.save(row, { ...state, mends });
  return {
    batches,
    mends: mends.length > 0,
    answer: (published) => processAnswer(body.wireId ?? deviceId, upload, published),
  };
}

import { parseUploadBody, type UploadBody } from "../boards/upload_body.ts";
import { SampleBlocksUpload } from "../../protocol/messages/sample_blocks.ts";
import type { Identity } from "../auth/identity.ts";
import { Fault } from "../fault.ts";
import { type BoardUploadIo, takeBoardUpload } from "../ingest/board_upload.ts";
import type { BoardMender } from "../ingest/board_mender.ts";
import type { ColumnsOf } from "../ingest/columns.ts";
import { decodeBlocks } from "../ingest/node_blocks.ts";
import { type NodeUploadIo, takeNodeUpload } from "../ingest/node_upload.ts";
import type { SampleFeed } from "../ingest/sample_feed.ts";
import type { StoredUpload } from "../ingest/stored_upload.ts";
import { type UploadPace, workOf } from "../ingest/upload_bounds.ts";
import { isShallow, MAX_JSON_DEPTH, parseJson } from "../json_text.ts";
import { type Answer, checkBody, type DeviceRoute, type Effect, jsonAnswer, requireOwnName } from "./device_route.ts";

interface ProcessIo extends NodeUploadIo, BoardUploadIo {
  readonly mender: BoardMender;
  /** Hears of the samples when they are on disk. */
  readonly feed: SampleFeed;
  /** Whether what is stored goes out over MQTT. */
  readonly publishes: boolean;
  readonly columnsOf: ColumnsOf;
  /** How much each device may bring. */
  readonly pace: UploadPace;
}

/** `POST /process` (contract/1-link §4): blocks of a node, and every body that a board sends. */
export function createProcessRoute(io: ProcessIo): DeviceRoute {
  return {
    path: "/process",
    prepare(identity, { body }) {
      const json = parseJson(body);
      if (identity.kind === "signed" && json.ok && isNodeUpload(json.value)) {
        return storeBlocks(io, identity, json.value);
      }
      if (!json.ok && json.fault !== "json") throw new Fault("malformed", json.detail);
      return storeBoardUpload(io, identity, readBoardBody(identity, body));
    },
  };
}

function isNodeUpload(value: unknown): boolean {
  return typeof value === "object" && value !== null && "data_type" in value && value.data_type === "sample_blocks";
}

async function storeBlocks(io: ProcessIo, { device }: Identity, value: unknown): Promise<Effect> {
  const upload = checkBody(SampleBlocksUpload, value);
  requireOwnName(device, upload.device_id);
  const blocks = await decodeBlocks(upload.blocks, io.columnsOf);
  const work = workOf(blocks);
  io.pace.take(device.row, work);
  const store = (receivedAt: number) => told(io, takeNodeUpload(device, blocks, io, receivedAt));
  return Object.assign(store, { work });
}

/** A cut body passes here: its HMAC was verified, or a signature, before it is believed. */
function readBoardBody({ device }: Identity, body: Uint8Array): UploadBody {
  if (!isShallow(body, MAX_JSON_DEPTH)) throw new Fault("malformed", "The body nests too deeply");
  const upload = parseUploadBody(body);
  if (!upload.ok) throw new Fault("malformed", upload.detail);
  const { wireId } = upload.value;
  if (wireId === undefined) {
    throw new Fault("malformed", "The body names no device", {
      fields: [{ path: "device_id", message: "is required" }],
    });
  }
  requireOwnName(device, wireId);
  return upload.value;
}

function storeBoardUpload(io: ProcessIo, { device }: Identity, body: UploadBody): Effect {
  return (receivedAt) => {
    const stored = takeBoardUpload(device, body, io, receivedAt);
    return told(io, stored, stored.mends ? () => io.mender.wake(device) : undefined);
  };
}

/** Tells of the samples once they are on disk, and does what is `next`. `mqtt_published`: they are handed to the publisher then. */
function told(
  { feed, publishes }: ProcessIo,
  { batches, answer }: StoredUpload,
  next?: () => void,
): Answer {
  const done = jsonAnswer(200, answer(publishes && batches.length > 0));
  if (batches.length === 0 && next === undefined) return done;
  const stored = () => {
    if (batches.length > 0) feed.stored(batches);
    next?.();
  };
  return { ...done, stored };
}

import type { Logger } from "@logtape/logtape";
import { processAnswer } from "../boards/answers.ts";
import { type BoardState, NEW_BOARD, parseBoardState } from "../boards/board_state.ts";
import { decodeUpload } from "../boards/upload.ts";
import { parseUploadBody, type UploadBody } from "../boards/upload_body.ts";
import { SampleBlocksUpload } from "../../protocol/messages/sample_blocks.ts";
import type { Identity } from "../auth/identity.ts";
import {
  checkBody,
  type DeviceRoute,
  type Effect,
  jsonAnswer,
  type Reply,
  requireOwnName,
} from "../http/device_route.ts";
import { Fault } from "../fault.ts";
import { isShallow, MAX_JSON_DEPTH, parseJson } from "../json_text.ts";
import type { BlockReceipts } from "../store/block_receipts.ts";
import type { BoardStates } from "../store/board_states.ts";
import type { Device } from "../store/devices.ts";
import type { Quarantine } from "../store/quarantine.ts";
import { blocksAnswer, decodeBlocks } from "./node_blocks.ts";
import type { SampleFeed } from "./sample_feed.ts";
import type { SampleBatch, SampleSink } from "../store/port/sample_batch.ts";

/** What an upload writes to, all in the one transaction. */
export interface ProcessIo {
  readonly samples: SampleSink;
  readonly receipts: BlockReceipts;
  readonly boards: BoardStates;
  readonly quarantine: Quarantine;
  /** Hears of the samples when they are on disk. */
  readonly feed: SampleFeed;
  /** Whether what is stored goes out over MQTT. */
  readonly publishes: boolean;
  readonly log: Logger;
}

/** The inverter of a board: it has one. */
const BOARD_INVERTER = "inverter";

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

function storeBlocks(io: ProcessIo, { device }: Identity, value: unknown): Effect {
  const upload = checkBody(SampleBlocksUpload, value);
  requireOwnName(device, upload.device_id);
  const blocks = decodeBlocks(upload.blocks);
  return (receivedAt) => {
    const accepted = blocks.filter((block) => io.receipts.claim(device.row, block.blockId));
    const batches = accepted.map(({ inverter, series, payload }): SampleBatch => {
      return { device: device.deviceId, inverter, series, quality: "exact", receivedAt, payload };
    });
    const duplicates = accepted.length === blocks.length ? [] : blocks.filter((block) => !accepted.includes(block));
    return store(io, batches, (published) => blocksAnswer(device.deviceId, accepted, duplicates, published));
  };
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
    const { state, upload } = decodeUpload(boardState(io.boards.load(device.row)), body, receivedAt);
    const batches = upload.batches.map(({ registers, samples, quality }): SampleBatch => {
      const series = { profile: "ecowatt", registers, samples };
      return { device: device.deviceId, inverter: BOARD_INVERTER, series, quality, receivedAt };
    });
    for (const { fault, detail, source } of upload.undecodable) {
      io.quarantine.keep({ at: receivedAt, deviceId: device.deviceId, fault, detail, content: source });
    }
    io.boards.save(device.row, JSON.stringify(state));
    report(io.log, device, upload);
    return store(io, batches, (published) => processAnswer(body.wireId ?? device.deviceId, upload, published));
  };
}

/** That of a new board when there is none or it cannot be read: then only continuity is lost. */
function boardState(text: string | undefined): BoardState {
  return (text === undefined ? undefined : parseBoardState(text)) ?? NEW_BOARD;
}

/** Stores the batches, and tells of them once they are on disk. `mqtt_published`: they are handed to the publisher then. */
function store(io: ProcessIo, batches: readonly SampleBatch[], answer: (published: boolean) => unknown): Reply {
  for (const batch of batches) io.samples.append(batch);
  const done = jsonAnswer(200, answer(io.publishes && batches.length > 0));
  if (batches.length === 0) return done;
  return () => {
    io.feed.stored(batches);
    return Promise.resolve(done);
  };
}

function report(
  log: Logger,
  { deviceId }: Device,
  { lost, undecodable }: { readonly lost: number; readonly undecodable: readonly { readonly fault: string }[] },
): void {
  if (lost > 0) log.warn("board lost {lost} batches {device}", { lost, device: deviceId });
  for (const { fault } of undecodable) log.warn("item set aside {device} {fault}", { device: deviceId, fault });
}

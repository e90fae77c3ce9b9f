import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import { closeCutJson } from "./cut_json.ts";

/** Boards write their JSON into a buffer of this size: a longer body arrives as its first 4096 bytes. */
const BOARD_BUFFER_BYTES = 4096;

/** Most items of one body. Boards hold 20 batches; other senders get some room. */
export const MAX_ITEMS = 200;

/** Why a body is no upload. `no_data` is answered with `No compressed data found in payload`. */
type UploadFault = "malformed" | "no_data" | "too_many";

/** One item of an upload, not decoded yet. */
export interface Packet {
  /** Base64 of a frame, or the values themselves; `undefined` when the item holds neither. */
  readonly content: string | readonly unknown[] | undefined;
  /** Length of the frame in bytes as the sender says. */
  readonly frameBytes: number | undefined;
  /** Board's clock when it closed the batch, uint32 milliseconds. */
  readonly timestamp: number | undefined;
  /** Register ids of the columns. */
  readonly layout: readonly number[] | undefined;
  /** The item as it came. */
  readonly source: unknown;
}

/** An upload body of a board, or of a script that speaks like one. */
export interface UploadBody {
  /** The name the sender gives itself: `device_id`, else `id`. Not checked. */
  readonly wireId: string | undefined;
  /** Board's clock when it sent, uint32 milliseconds. */
  readonly timestamp: number | undefined;
  readonly packets: readonly Packet[];
  /** How many packets the sender says it has sent. */
  readonly announced: number | undefined;
  /** Batches the board has made since its boot, the newest packet of this body included. */
  readonly batchesSinceBoot: number | undefined;
  /** The body ended at the size of the board's buffer: only its complete packets are here. */
  readonly cut: boolean;
}

/**
 * Reads the body of an upload. A body of exactly 4096 bytes that stops within its JSON is a board with a backlog: its
 * complete packets are taken (believe such a body only after its HMAC has been verified).
 */
export function parseUploadBody(body: Uint8Array): Outcome<UploadBody, UploadFault> {
  const text = decodeText(body, body.length === BOARD_BUFFER_BYTES);
  if (text === undefined) return refusal("malformed", "the body is not UTF-8");
  const whole = parseJson(text);
  const cut = whole === undefined && body.length === BOARD_BUFFER_BYTES;
  const parsed = cut ? parseJson(closeCutJson(text)) : whole;
  const root = fieldsOf(parsed);
  if (root === undefined) return refusal("malformed", "the body is not a JSON object");
  const items = findItems(root);
  if (items === undefined) return refusal("no_data", "No compressed data found in payload");
  if (items.length > MAX_ITEMS) return refusal("too_many", `${items.length} items, at most ${MAX_ITEMS} are taken`);
  return success({
    wireId: textOf(root["device_id"]) ?? textOf(root["id"]),
    timestamp: uint32Of(root["timestamp"]),
    packets: items.map(readPacket),
    announced: uint32Of(root["total_samples"]),
    batchesSinceBoot: batchesSinceBoot(root),
    cut,
  });
}

type Fields = Readonly<Record<string, unknown>>;

function findItems(root: Fields): readonly unknown[] | undefined {
  for (const key of ["compressed_data", "smart_data", "binary_data", "data"]) {
    const items = root[key];
    if (Array.isArray(items) && items.length > 0) return items;
    if (typeof items === "string" && items !== "") return [items];
  }
  return undefined;
}

function readPacket(item: unknown): Packet {
  const fields = fieldsOf(item);
  const metadata = fieldsOf(fields?.["decompression_metadata"]);
  return {
    content: fields === undefined ? contentOf(item) : contentOf(
      fields["compressed_binary"] ?? fields["binary_data"] ?? fields["data"],
    ),
    frameBytes: uint32Of(metadata?.["compressed_size_bytes"]),
    timestamp: uint32Of(metadata?.["timestamp"]),
    layout: layoutOf(metadata?.["register_layout"]),
    source: item,
  };
}

function contentOf(value: unknown): Packet["content"] {
  return typeof value === "string" || Array.isArray(value) ? value : undefined;
}

/** Boards count their batches by method; the sum is the number of the newest one, from 1. */
function batchesSinceBoot(root: Fields): number | undefined {
  const usage = fieldsOf(fieldsOf(root["session_summary"])?.["method_usage"]);
  const counts = ["dictionary", "temporal", "semantic", "bitpack"].map((method) =>
    uint32Of(usage?.[`${method}_count`])
  );
  return counts.reduce((sum, count) => sum === undefined || count === undefined ? undefined : sum + count, 0);
}

/** Six different register ids, or nothing. */
function layoutOf(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value) || value.length !== 6 || new Set(value).size !== 6) return undefined;
  const ids = value.filter((id): id is number => Number.isInteger(id) && id >= 0 && id <= 9);
  return ids.length === 6 ? ids : undefined;
}

function fieldsOf(value: unknown): Fields | undefined {
  return isFields(value) ? value : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function uint32Of(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffffffff ? value : undefined;
}

function decodeText(body: Uint8Array, mayBeCut: boolean): string | undefined {
  try {
    // Streaming leaves out a character that the cut went through.
    return new TextDecoder("utf-8", { fatal: true }).decode(body, { stream: mayBeCut });
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

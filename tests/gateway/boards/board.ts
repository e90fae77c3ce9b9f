import { toBase64, utf8 } from "../../../crypto/bytes.ts";
import { type BoardState, NEW_BOARD } from "../../../gateway/boards/board_state.ts";
import { type DecodedUpload, decodeUpload } from "../../../gateway/boards/upload.ts";
import { parseUploadBody } from "../../../gateway/boards/upload_body.ts";

/** One packet as a board sends it. */
export interface SentPacket {
  readonly frame: Uint8Array;
  readonly timestamp: number;
}

/** The body of a board with `packets` waiting, cut where its buffer ends. `made`: batches since boot. */
export function boardBody(timestamp: number, packets: readonly SentPacket[], made: number): Uint8Array {
  const text = JSON.stringify({
    device_id: "ESP32_EcoWatt_Smart",
    timestamp,
    data_type: "compressed_sensor_batch",
    total_samples: packets.length,
    compressed_data: packets.map((packet) => ({
      compressed_binary: toBase64(packet.frame).replaceAll("=", "A"),
      decompression_metadata: {
        method: "BATCH_BITPACK",
        register_count: 6,
        original_size_bytes: 12,
        compressed_size_bytes: packet.frame.length,
        timestamp: packet.timestamp >>> 0,
        register_layout: [0, 1, 5, 9, 6, 7],
      },
      performance_metrics: { academic_ratio: 0.800000012, compression_time_us: 4746, lossless_verified: true },
    })),
    session_summary: {
      method_usage: { dictionary_count: made, temporal_count: 0, semantic_count: 0, bitpack_count: 0 },
    },
  });
  return utf8(text).subarray(0, 4096);
}

/** A raw frame (exact) of five equal samples. */
export function rawFrame(sample: readonly number[]): Uint8Array {
  const values = [sample, sample, sample, sample, sample].flat();
  return Uint8Array.from([0x00, values.length, ...values.flatMap((value) => [value & 0xff, value >> 8])]);
}

/** A dictionary frame, as a board's encoder writes it (contract/2-boards §4.1). */
export function dictionaryFrame(index: number, pattern: readonly number[], values: readonly number[]): Uint8Array {
  const deltas = values.map((value, position) => value - (pattern[position % 6] ?? 0));
  const mask = deltas.slice(0, 16).reduce((bits, delta, position) => delta === 0 ? bits : bits | 1 << position, 0);
  const codes = deltas.filter((delta) => delta !== 0).flatMap((delta) => {
    if (Math.abs(delta) > 127) return [0, delta & 0xff, delta >> 8 & 0xff];
    return [0x80 | delta & 0x7f | (delta < 0 ? 0x40 : 0)];
  });
  return Uint8Array.from([0xd0, index, values.length, mask & 0xff, mask >> 8, ...codes]);
}

/** A dictionary frame that repeats the last sample of the batch before. */
export const REPEAT_FRAME = Uint8Array.from([0xd0, 5, 30, 0, 0]);

/** A gateway's view of one board: takes bodies, remembers the state. */
export class Listener {
  state: BoardState = NEW_BOARD;

  hear(body: Uint8Array, arrival: number): DecodedUpload {
    const parsed = parseUploadBody(body);
    if (!parsed.ok) throw new Error(parsed.detail);
    const { state, upload } = decodeUpload(this.state, parsed.value, arrival);
    this.state = state;
    return upload;
  }
}

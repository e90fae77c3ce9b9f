import type { Outcome } from "../../protocol/outcome.ts";
import { refusal, success } from "../../protocol/outcome.ts";
import { decodeBitpack, type Packed } from "./bitpack.ts";
import { resolveByContinuity } from "./continuity.ts";
import { decodeDictionary, movesPower } from "./dictionary.ts";
import { type EncoderMemory, patternOf, temporalPast } from "./encoder_memory.ts";
import { decodeHeaderless } from "./headerless.ts";
import { refineLostBits } from "./lost_bits.ts";
import { type Decoded, decodeRaw, type FrameFault } from "./raw.ts";
import { type Reading, readingOf } from "./reading.ts";
import { decodeSemantic } from "./semantic.ts";
import { decodeTemporalBase, decodeTemporalDelta } from "./temporal.ts";

/** The encodings of a board. */
export type Format = "dictionary" | "bitpack" | "raw" | "semantic" | "temporal" | "headerless";

/** A decoded frame: sample-major values, and the register of each where the frame says it itself. */
export interface Frame {
  readonly format: Format;
  readonly reading: Reading;
  readonly ids?: readonly number[];
  /** Its values are told as differences from the sample before it. */
  readonly chained?: boolean;
  /** It says for certain that power has moved. */
  readonly powerMoves?: boolean;
}

/** What is known of a frame from elsewhere. */
interface FrameHints {
  /** The frame has no header, and values of so many bits (16: little-endian words). */
  readonly headerlessWidth?: number;
}

/** Reads one frame of a board, given what its encoder remembers. One or two zero bytes may follow (Base64 filler). */
export function decodeFrame(
  frame: Uint8Array,
  memory: EncoderMemory,
  hints: FrameHints = {},
): Outcome<Frame, FrameFault> {
  if (hints.headerlessWidth !== undefined) return headerless(frame, memory, hints.headerlessWidth);
  const headed = decodeHeaded(frame, memory);
  if (headed.ok || headed.fault === "missing_base") return headed;
  if (headed.fault === "unknown_format") return headerless(frame, memory);
  return frame.length === RAW_SAMPLE_BYTES ? guessed(headerless(frame, memory, 16)) : headed;
}

/** A sample of six words without header, whose first byte can look like any header. */
const RAW_SAMPLE_BYTES = 12;

function guessed(frame: Outcome<Frame, FrameFault>): Outcome<Frame, FrameFault> {
  return frame.ok ? success({ ...frame.value, reading: readingOf(frame.value.reading.values, "estimated") }) : frame;
}

function decodeHeaded(frame: Uint8Array, memory: EncoderMemory): Outcome<Frame, FrameFault> {
  switch (frame[0]) {
    case 0xd0:
      return dictionary(frame, memory);
    case 0x01:
      return complete(
        frame,
        decodeBitpack(frame),
        (packed) => ({ format: "bitpack", reading: unpacked(packed, memory) }),
      );
    case 0x00:
      return complete(frame, decodeRaw(frame), (values) => ({ format: "raw", reading: readingOf(values, "exact") }));
    case 0x50:
      return complete(frame, decodeSemantic(frame), (reading) => ({ format: "semantic", reading }));
    case 0x70:
      return complete(frame, decodeTemporalBase(frame), ({ ids, values }) => ({
        format: "temporal",
        reading: readingOf(values, "exact"),
        ids,
      }));
    case 0x71:
      return temporalDelta(frame, memory);
    default:
      return refusal("unknown_format", "no frame format begins like this");
  }
}

function dictionary(frame: Uint8Array, memory: EncoderMemory): Outcome<Frame, FrameFault> {
  const decoded = decodeDictionary(frame);
  if (!decoded.ok) return decoded;
  const pattern = patternOf(memory, decoded.value.content.index);
  if (!pattern.ok) return pattern;
  const { base, chained } = pattern.value;
  const context = { base, chained, before: memory.last ?? undefined, habits: memory.habits };
  return complete(frame, decoded, (content) => ({
    format: "dictionary",
    reading: resolveByContinuity(content, context),
    chained,
    powerMoves: movesPower(content),
  }));
}

function temporalDelta(frame: Uint8Array, memory: EncoderMemory): Outcome<Frame, FrameFault> {
  const past = temporalPast(memory);
  if (!past.ok) return past;
  return complete(frame, decodeTemporalDelta(frame, past.value), (reading) => ({
    format: "temporal",
    reading,
    ids: past.value.ids,
  }));
}

function headerless(frame: Uint8Array, memory: EncoderMemory, width?: number): Outcome<Frame, FrameFault> {
  const packed = decodeHeaderless(frame, width);
  if (!packed.ok) return packed;
  return success({ format: "headerless", reading: unpacked(packed.value, memory) });
}

function unpacked(packed: Packed, memory: EncoderMemory): Reading {
  return refineLostBits(packed, memory.last ?? undefined);
}

/** The frame, when no more than filler follows it. */
function complete<T>(
  frame: Uint8Array,
  decoded: Outcome<Decoded<T>, FrameFault>,
  toFrame: (content: T) => Frame,
): Outcome<Frame, FrameFault> {
  if (!decoded.ok) return decoded;
  const rest = frame.subarray(decoded.value.length);
  if (rest.length > 2 || rest.some((byte) => byte !== 0)) {
    return refusal("length", `${rest.length} bytes follow the frame`);
  }
  return success(toFrame(decoded.value.content));
}

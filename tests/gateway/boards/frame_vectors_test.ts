import assert from "node:assert/strict";
import { testWith } from "../../needs.ts";
import { decodeBoardBase64 } from "../../../gateway/boards/base64.ts";
import { type EncoderMemory, FRESH_ENCODER, remember } from "../../../gateway/boards/encoder_memory.ts";
import { decodeFrame, type Frame } from "../../../gateway/boards/frame.ts";
import { readingOf, worst } from "../../../gateway/boards/reading.ts";
import { familyOf, isSingleCall, readVectors, type Vector, vectorFile } from "./vectors.ts";

/** Registers of the vectors, one id a value. */
function idsOf(vector: Vector): readonly number[] {
  return vector.samples.flatMap(() => vector.register_ids);
}

function decode(vector: Vector, memory: EncoderMemory): Frame {
  const width = vector.method === "raw-noheader" ? 16 : vector.decode?.bits;
  const hints = vector.method.endsWith("noheader") && width !== undefined ? { headerlessWidth: width } : {};
  const frame = decodeFrame(vector.hex, memory, hints);
  assert.ok(frame.ok, `${vector.id}: ${frame.ok ? "" : frame.detail}`);
  return frame.value;
}

/** Decodes all vectors in order, each from what the decoder made of those before it, or from what they truly held. */
function replay(vectors: readonly Vector[], after: "decoded" | "true"): Map<Vector, Frame> {
  const frames = new Map<Vector, Frame>();
  let memory = FRESH_ENCODER;
  let sequence = "";
  for (const vector of vectors) {
    if (vector.sequence !== sequence || isSingleCall(vector)) memory = FRESH_ENCODER;
    sequence = vector.sequence;
    const frame = decode(vector, memory);
    frames.set(vector, frame);
    const reading = after === "decoded" ? frame.reading : readingOf(vector.samples.flat(), "exact");
    memory = remember(memory, reading, idsOf(vector));
  }
  return frames;
}

function rightValues(vector: Vector, values: readonly number[]): number {
  return vector.samples.flat().filter((value, i) => value === values[i]).length;
}

const share = (part: number, whole: number) => Math.round(1000 * part / whole) / 10;

/** Values right, and frames entirely right, in percent. */
function accuracy(vectors: readonly Vector[], decoded: (vector: Vector) => readonly number[]) {
  const right = vectors.map((vector) => rightValues(vector, decoded(vector)));
  const whole = vectors.map((vector) => vector.samples.flat().length);
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  return {
    values: share(sum(right), sum(whole)),
    frames: share(right.filter((n, i) => n === whole[i]).length, vectors.length),
  };
}

const isRealistic = (vector: Vector) => /^device-(?!near|extreme)/.test(vector.sequence);

testWith([vectorFile], "every lossless frame decodes exactly from what its encoder remembered", () => {
  const vectors = readVectors();
  let lossless = 0;
  for (const [vector, frame] of replay(vectors, "true")) {
    if (!vector.lossless) continue;
    lossless++;
    assert.deepEqual(frame.reading.values, vector.samples.flat(), vector.id);
    if (frame.format !== "semantic") assert.equal(worst(frame.reading.qualities), "exact", vector.id);
  }
  assert.ok(lossless > 0);
});

testWith(
  [vectorFile],
  "a lossless frame after exact ones is exact, and only what came out exact is called exact",
  () => {
    for (const [vector, frame] of replay(readVectors(), "decoded")) {
      const truth = vector.samples.flat();
      frame.reading.qualities.forEach((quality, i) => {
        if (quality === "exact") assert.equal(frame.reading.values[i], truth[i], `${vector.id} value ${i}`);
      });
      const isExact = worst(frame.reading.qualities) === "exact";
      if (!vector.lossless) assert.ok(!isExact, vector.id);
    }
  },
);

testWith([vectorFile], "values whose low bits were lost stay within what the kept bits allow", () => {
  let lossy = 0;
  for (const [vector, { reading }] of replay(readVectors(), "decoded")) {
    if (vector.loss !== "dropped-low-bits") continue;
    lossy++;
    const lost = vector.decode?.lost_low_bits?.flat() ?? [];
    vector.recovered?.flat().forEach((floor, i) => {
      const value = reading.values[i] ?? -1;
      assert.ok(value >= floor && value < floor + 2 ** (lost[i] ?? 0), `${vector.id} value ${i}`);
      assert.equal(reading.qualities[i], lost[i] === 0 ? "exact" : "lossy", `${vector.id} value ${i}`);
    });
  }
  assert.ok(lossy > 0);
});

testWith([vectorFile], "semantic frames give what the encoder kept", () => {
  for (const [vector, { reading }] of replay(readVectors(), "decoded")) {
    if (vector.method === "semantic") assert.deepEqual(reading.values, vector.recovered?.flat(), vector.id);
  }
});

testWith([vectorFile], "ambiguous frames come out better than the reference guesser's", () => {
  const vectors = readVectors();
  const [known, chained] = [replay(vectors, "true"), replay(vectors, "decoded")];
  const ambiguous = vectors.filter((vector) => vector.loss === "ambiguous");
  const of = (frames: Map<Vector, Frame>) => (vector: Vector) => frames.get(vector)?.reading.values ?? [];
  const guess = (vector: Vector) => vector.best_guess?.flat() ?? [];
  for (const family of new Set(ambiguous.map(familyOf))) {
    const members = ambiguous.filter((vector) => familyOf(vector) === family);
    const [ours, theirs] = [accuracy(members, of(known)), accuracy(members, guess)];
    assert.ok(
      ours.values >= theirs.values - 2,
      `${family}: ${ours.values}% of the values, the guesser ${theirs.values}%`,
    );
  }
  const realistic = ambiguous.filter(isRealistic);
  const [ours, theirs, after] = [of(known), guess, of(chained)].map((values) => accuracy(realistic, values));
  assert.ok(ours && theirs && after);
  assert.ok(ours.values >= Math.max(97, theirs.values), `${ours.values}%`);
  assert.ok(ours.frames >= 80, `${ours.frames}% of the frames`);
  assert.ok(after.values >= 90, `chained: ${after.values}% of the values`);
  const all = vectors.filter((vector) => vector.sequence.startsWith("device-"));
  const everything = accuracy(all, of(known));
  assert.ok(everything.values >= 94, `all frames of the device path: ${everything.values}%`);
});

testWith([vectorFile], "frames come out of Base64 as the boards print it", () => {
  for (const vector of readVectors()) {
    const bytes = decodeBoardBase64(vector.base64_as_device_prints);
    assert.ok(bytes.ok, vector.id);
    assert.deepEqual(bytes.value.subarray(0, vector.hex.length), vector.hex, vector.id);
    assert.ok(bytes.value.length - vector.hex.length <= 2, vector.id);
  }
});

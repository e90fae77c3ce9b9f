/** Whether a number fits 8 bits unsigned. */
export function isByte(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xff;
}

/** Whether a number fits 16 bits unsigned. */
export function isWord(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffff;
}

/** The big-endian word at a byte offset; bytes that are not there count as 0. */
export function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/** Bits as bytes: first item in the lowest bit of the first byte; the rest of the last byte is zero (1.1b3 §6.1). */
export function packBits(bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => {
    if (bit) bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (1 << (i & 7));
  });
  return bytes;
}

/** `count` bits from byte offset `from`. */
export function unpackBits(bytes: Uint8Array, from: number, count: number): boolean[] {
  return Array.from({ length: count }, (_, i) => (((bytes[from + (i >> 3)] ?? 0) >> (i & 7)) & 1) === 1);
}

/** Words as bytes, high byte first (1.1b3 §4.2). */
export function packWords(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(2 * values.length);
  values.forEach((value, i) => {
    bytes[2 * i] = value >> 8;
    bytes[2 * i + 1] = value & 0xff;
  });
  return bytes;
}

/** `count` words from byte offset `from`. */
export function unpackWords(bytes: Uint8Array, from: number, count: number): number[] {
  const words = new Array<number>(count);
  for (let i = 0; i < count; i++) words[i] = word(bytes, from + 2 * i);
  return words;
}

/** Whether two have the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

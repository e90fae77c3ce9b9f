const TABLE = new Uint16Array(256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  TABLE[byte] = crc;
}

/** CRC-16/Modbus of `bytes[start..end)`: reflected polynomial 0xA001, start 0xFFFF (Modbus over serial line 1.02 §6.2.2). */
export function crc16(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = 0xffff;
  for (let i = start; i < end; i++) crc = (crc >> 8) ^ (TABLE[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0);
  return crc;
}

/** Whether `bytes[start..end)` ends with the CRC of what precedes it, low byte first. */
export function endsWithCrc(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
  if (end - start < 3 || start < 0 || end > bytes.length) return false;
  const crc = crc16(bytes, start, end - 2);
  return bytes[end - 2] === (crc & 0xff) && bytes[end - 1] === crc >> 8;
}

import { ERRNO, type Libc } from "./libc.ts";
import type { LineSettings } from "./settings.ts";

// The kernel's own structures (asm-generic/termbits.h), the same on x86-64 and arm64. glibc's are not used: its
// speed constants changed their meaning in 2.42.
const TCGETS = 0x5401;
const TCSETS = 0x5402;
const TCGETS2 = 0x802c542a;
const TCSETS2 = 0x402c542b;
/** Four u32 of flags, the line discipline, 19 control characters; termios2 adds two u32 of speed. */
const TERMIOS_BYTES = 36;
const TERMIOS2_BYTES = 44;

const INPCK = 0x10;
const CS8 = 0x30;
const CSTOPB = 0x40;
const CREAD = 0x80;
const PARENB = 0x100;
const PARODD = 0x200;
const CLOCAL = 0x800;
const BOTHER = 0x1000;
const CC = 17;
const VTIME = 5;
const VMIN = 6;

/** Speeds that have a number of their own in c_cflag; every other one needs termios2. */
const SPEEDS: ReadonlyMap<number, number> = new Map([
  [1200, 0x9],
  [1800, 0xa],
  [2400, 0xb],
  [4800, 0xc],
  [9600, 0xd],
  [19200, 0xe],
  [38400, 0xf],
  [57600, 0x1001],
  [115200, 0x1002],
  [230400, 0x1003],
  [460800, 0x1004],
  [500000, 0x1005],
  [576000, 0x1006],
  [921600, 0x1007],
  [1000000, 0x1008],
]);

/** A request to the terminal driver: which ioctls, and the structure to write. */
interface TermiosRequest {
  readonly get: number;
  readonly set: number;
  readonly bytes: number;
}

/** The ioctls that can express a speed: classic ones where possible, as emulators and old drivers know only those. */
export function termiosRequest(baud: number): TermiosRequest {
  if (SPEEDS.has(baud)) return { get: TCGETS, set: TCSETS, bytes: TERMIOS_BYTES };
  return { get: TCGETS2, set: TCSETS2, bytes: TERMIOS2_BYTES };
}

/** Changes a termios structure in place to raw bytes (cfmakeraw(3)), modem lines ignored, with these line settings. */
export function makeRaw(termios: Uint8Array<ArrayBuffer>, settings: LineSettings): void {
  const view = new DataView(termios.buffer, termios.byteOffset, termios.byteLength);
  const little = true;
  const speed = SPEEDS.get(settings.baud);
  const parity = { none: 0, even: PARENB, odd: PARENB | PARODD }[settings.parity];
  view.setUint32(0, settings.parity === "none" ? 0 : INPCK, little);
  view.setUint32(4, 0, little);
  // The input speed bits stay 0: the same as the output's.
  view.setUint32(8, CS8 | CREAD | CLOCAL | parity | (settings.stopBits === 2 ? CSTOPB : 0) | (speed ?? BOTHER), little);
  view.setUint32(12, 0, little);
  termios[CC + VTIME] = 0;
  termios[CC + VMIN] = 1;
  if (speed === undefined) {
    view.setUint32(36, settings.baud, little);
    view.setUint32(40, settings.baud, little);
  }
}

/** Sets a terminal to raw bytes at these settings. 0, or the negated errno (`ENOTTY`: not a terminal). */
export function setRaw(libc: Libc, fd: number, settings: LineSettings): number {
  const request = termiosRequest(settings.baud);
  const termios = new Uint8Array(new ArrayBuffer(request.bytes));
  const got = libc.ioctl(fd, request.get, termios);
  if (got < 0) return got === -ERRNO.ENOSYS ? -ERRNO.EINVAL : got;
  makeRaw(termios, settings);
  return libc.ioctl(fd, request.set, termios);
}

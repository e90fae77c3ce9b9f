import type { ByteStream } from "../modbus/byte_stream.ts";
import { FdStream } from "./fd_stream.ts";
import { ERRNO, type Libc, libc, O_CLOEXEC, O_NOCTTY, O_NONBLOCK, O_RDWR } from "./libc.ts";
import { type Direction, setRs485 } from "./rs485.ts";
import { serialFault } from "./serial_fault.ts";
import type { SerialSettings } from "./settings.ts";
import { setRaw } from "./termios.ts";

const TIOCEXCL = 0x540c;
const TIOCNXCL = 0x540d;
const LOCK_EX_NB = 2 | 4;
const LOCK_UN = 8;

/** An open serial port. Nobody else can open it meanwhile. */
export interface SerialPort extends ByteStream {
  readonly path: string;
  /** Who switches the RS-485 transceiver; `undefined` when no `rs485` was asked for. */
  readonly direction: Direction | undefined;
  /** Resolves when the last written byte is on the wire. */
  drain(): Promise<void>;
}

/** Opens a serial port for raw bytes and locks it. Throws `SerialFault`; never waits for a carrier. */
export function openSerial(path: string, settings: SerialSettings): SerialPort {
  const c = libc();
  const fd = c.open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  const direction = fd < 0 ? fd : acquire(c, fd, path, settings);
  if (typeof direction !== "number") {
    return serialPort(new FdStream(c, fd, path, () => unlock(c, fd)), path, direction);
  }
  // Closed first, or we would find ourselves when we look who holds it.
  if (fd >= 0) c.close(fd);
  const refused = direction === -ERRNO.EINVAL
    ? `its driver does not take ${inWords(settings)}`
    : c.strerror(-direction);
  throw serialFault(path, -direction, refused);
}

/** Locks the port and sets it up; the negated errno when it refuses. */
function acquire(c: Libc, fd: number, path: string, settings: SerialSettings): Direction | undefined | number {
  const locked = lock(c, fd, path);
  if (locked < 0) return locked;
  const raw = setRaw(c, fd, settings);
  const direction = raw < 0 ? raw : settings.rs485 && setRs485(c, fd, settings.rs485);
  if (typeof direction === "number") unlock(c, fd);
  return direction;
}

/**
 * flock(2) keeps out the programs that ask, TIOCEXCL all others that are not root. A pty gets the first only: its far
 * side outlives us, and a killed program would leave it exclusive for ever.
 */
function lock(c: Libc, fd: number, path: string): number {
  const locked = c.flock(fd, LOCK_EX_NB);
  if (locked < 0 || isPty(path)) return locked;
  return c.ioctlNumber(fd, TIOCEXCL, 0);
}

function inWords({ baud, parity, stopBits }: SerialSettings): string {
  return `${baud} baud with parity ${parity} and ${stopBits} stop ${stopBits === 1 ? "bit" : "bits"}`;
}

function unlock(c: Libc, fd: number): void {
  c.ioctlNumber(fd, TIOCNXCL, 0);
  c.flock(fd, LOCK_UN);
}

function isPty(path: string): boolean {
  return Deno.realPathSync(path).startsWith("/dev/pts/");
}

function serialPort(stream: FdStream, path: string, direction: Direction | undefined): SerialPort {
  return {
    path,
    direction,
    read: (timeoutMs) => stream.read(timeoutMs),
    write: (bytes) => stream.write(bytes),
    discardInput: () => stream.discardInput(),
    drain: () => stream.drain(),
    close: () => stream.close(),
  };
}

const SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  ioctlBuffer: { name: "ioctl", parameters: ["i32", "u64", "buffer"], result: "i32" },
  ioctlNumber: { name: "ioctl", parameters: ["i32", "u64", "usize"], result: "i32" },
  ioctlWaiting: { name: "ioctl", parameters: ["i32", "u64", "usize"], result: "i32", nonblocking: true },
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32", nonblocking: true },
  usleep: { parameters: ["u32"], result: "i32", nonblocking: true },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  posix_openpt: { parameters: ["i32"], result: "i32" },
  grantpt: { parameters: ["i32"], result: "i32" },
  unlockpt: { parameters: ["i32"], result: "i32" },
  ptsname_r: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  strerror: { parameters: ["i32"], result: "pointer" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

/** open(2) flags; the same on x86-64 and arm64. */
export const O_RDWR = 0o2;
export const O_NOCTTY = 0o400;
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;

export const POLLIN = 1;
export const POLLOUT = 4;

/** Linux error numbers that mean something to us. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  ENXIO: 6,
  EAGAIN: 11,
  EACCES: 13,
  EBUSY: 16,
  ENODEV: 19,
  EISDIR: 21,
  EINVAL: 22,
  ENOTTY: 25,
  ENOSYS: 38,
  EOPNOTSUPP: 95,
} as const;

/**
 * The system calls of a serial line. As in the kernel, a negative result is the negated errno. `poll` and `drain` wait
 * on a thread of their own, so the event loop never does; both answer -1 for any error.
 */
export interface Libc {
  open(path: string, flags: number): number;
  close(fd: number): void;
  read(fd: number, into: Uint8Array<ArrayBuffer>): number;
  write(fd: number, bytes: Uint8Array<ArrayBuffer>): number;
  flock(fd: number, operation: number): number;
  /** ioctl(2) whose argument is a structure. */
  ioctl(fd: number, request: number, argument: Uint8Array<ArrayBuffer>): number;
  /** ioctl(2) whose argument is a number. */
  ioctlNumber(fd: number, request: number, argument: number): number;
  /** tcdrain(3): resolves when the last byte is on the wire. */
  drain(fd: number): Promise<number>;
  /** poll(2) on an array of `struct pollfd`, which must not be touched before it resolves. */
  poll(pollfds: Uint8Array<ArrayBuffer>, timeoutMs: number): Promise<number>;
  /** Resolves after so many microseconds, up to a second; timers of the event loop only know milliseconds. */
  usleep(microseconds: number): Promise<number>;
  eventfd(): number;
  /** A new pty master, unlocked. */
  openpt(flags: number): number;
  /** Path of the slave of a pty master; `undefined` when `fd` is none. */
  ptsname(fd: number): string | undefined;
  /** What an errno means, in words. */
  strerror(errno: number): string;
}

const TCSBRK = 0x5409;
const EFD_CLOEXEC_NONBLOCK = O_CLOEXEC | O_NONBLOCK;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

let loaded: Libc | undefined;

/** The GNU C library of this machine, loaded at the first use. Throws where there is none (Alpine, macOS, Windows). */
export function libc(): Libc {
  return loaded ??= load();
}

function load(): Libc {
  const { symbols } = dlopen();
  const location = symbols.__errno_location();
  if (location === null) throw new Error("Cannot use serial ports: the C library has no errno");
  const errno = new Deno.UnsafePointerView(location);
  const checked = (result: number) => result < 0 ? -errno.getInt32() : result;
  return {
    open: (path, flags) => checked(symbols.open(cString(path), flags)),
    close: (fd) => void symbols.close(fd),
    read: (fd, into) => checked(symbols.read(fd, into, BigInt(into.length))),
    write: (fd, bytes) => checked(symbols.write(fd, bytes, BigInt(bytes.length))),
    flock: (fd, operation) => checked(symbols.flock(fd, operation)),
    ioctl: (fd, request, argument) => checked(symbols.ioctlBuffer(fd, BigInt(request), argument)),
    ioctlNumber: (fd, request, argument) => checked(symbols.ioctlNumber(fd, BigInt(request), BigInt(argument))),
    drain: (fd) => symbols.ioctlWaiting(fd, BigInt(TCSBRK), 1n),
    poll: (pollfds, timeoutMs) => symbols.poll(pollfds, BigInt(pollfds.length / 8), timeoutMs),
    usleep: (microseconds) => symbols.usleep(Math.min(999_999, microseconds)),
    eventfd: () => checked(symbols.eventfd(0, EFD_CLOEXEC_NONBLOCK)),
    openpt: (flags) => {
      const fd = checked(symbols.posix_openpt(flags));
      if (fd >= 0 && (symbols.grantpt(fd) < 0 || symbols.unlockpt(fd) < 0)) return -errno.getInt32();
      return fd;
    },
    ptsname: (fd) => {
      const name = new Uint8Array(new ArrayBuffer(128));
      if (symbols.ptsname_r(fd, name, 128n) !== 0) return undefined;
      return decoder.decode(name.subarray(0, name.indexOf(0)));
    },
    strerror: (number) => {
      const text = symbols.strerror(number);
      return text === null ? `error ${number}` : Deno.UnsafePointerView.getCString(text);
    },
  };
}

function dlopen() {
  try {
    return Deno.dlopen("libc.so.6", SYMBOLS);
  } catch (error) {
    throw new Error("Cannot use serial ports: this system has no GNU C library (libc.so.6)", { cause: error });
  }
}

function cString(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(`${text}\0`);
}

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
} as const;

const AF_UNIX = 1;
/** SOCK_DGRAM | SOCK_CLOEXEC; the same on x86-64 and arm64. */
const DATAGRAMS = 2 | 0o2000000;
/** MSG_DONTWAIT | MSG_NOSIGNAL. */
const AT_ONCE = 0x40 | 0x4000;
/** Bytes that the path in a `struct sockaddr_un` may have (unix(7)). */
const MAX_PATH = 107;

/** Sends to sockets of this machine. */
export interface Datagrams {
  /** Whether the socket at `address` took all of it. Never waits. */
  send(address: string, bytes: Uint8Array<ArrayBuffer>): boolean;
}

let opened: Datagrams | undefined;

/** Datagrams over Unix sockets, by libc: Deno has none that are stable. Takes nothing to anywhere without a GNU C library. */
export function unixDatagrams(): Datagrams {
  return opened ??= open() ?? { send: () => false };
}

function open(): Datagrams | undefined {
  const symbols = library();
  const fd = symbols?.socket(AF_UNIX, DATAGRAMS, 0) ?? -1;
  if (symbols === undefined || fd < 0) return undefined;
  return {
    send(address, bytes) {
      const to = socketAddress(address);
      if (to === undefined) return false;
      const sent = symbols.sendto(fd, bytes, BigInt(bytes.length), AT_ONCE, to, to.length);
      return Number(sent) === bytes.length;
    },
  };
}

function library() {
  try {
    return Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  } catch {
    return undefined; // Alpine, macOS, Windows: no systemd there either
  }
}

/** A `struct sockaddr_un`: a path ends with a zero byte, an abstract name (`@…`) begins with one. */
export function socketAddress(address: string): Uint8Array<ArrayBuffer> | undefined {
  const isAbstract = address.startsWith("@");
  const path = new TextEncoder().encode(isAbstract ? address.slice(1) : address);
  if (path.length === 0 || path.length > MAX_PATH) return undefined;
  const bytes = new Uint8Array(2 + 1 + path.length);
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  bytes.set(path, isAbstract ? 3 : 2);
  return bytes;
}

import { setImmediate } from "node:timers";

const SYMBOLS = {
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
} as const;

const AF_INET = 2;
const AF_INET6 = 10;
/** IPPROTO_TCP and TCP_INFO (tcp(7)). */
const TCP = 6;
const TCP_INFO = 11;
/** Where `struct tcp_info` has the milliseconds since data was last sent, and the segments with data that were. */
const LAST_SENT = 44;
const SEGMENTS_SENT = 156;
const INFO_BYTES = 160;
/** The longest address, and SHUT_RDWR. */
const ADDRESS_BYTES = 128;
const BOTH_WAYS = 2;
/** Files that are looked at before others get their turn. */
const SLICE = 256;

/** A connection that somebody has made to a port of this process. */
export interface TcpConnection {
  /** Number of its file. */
  readonly file: number;
  /** The address of who made it, and the port there. */
  readonly peer: string;
  readonly peerPort: number;
  /** Milliseconds since something was last sent there; since it was made, when nothing was. */
  readonly quietMs: number;
  readonly wasAnswered: boolean;
}

/** The connections of this process, as the system knows them. */
export interface TcpConnections extends Disposable {
  /** Those to one port of ours. Gives way to others as it goes. */
  to(port: number): Promise<readonly TcpConnection[]>;
  /** Ends one, unless its file is somebody else's by now: whoever reads it finds its end. */
  cut(connection: TcpConnection): void;
}

/** By libc and /proc, as no runtime tells it; `undefined` where there is no GNU C library. */
export function openTcpConnections(): TcpConnections | undefined {
  try {
    return connectionsBy(Deno.dlopen("libc.so.6", SYMBOLS));
  } catch {
    return undefined; // Alpine, macOS, Windows
  }
}

function connectionsBy(library: Deno.DynamicLibrary<typeof SYMBOLS>): TcpConnections {
  const { symbols } = library;
  const address = new Uint8Array(ADDRESS_BYTES);
  const info = new Uint8Array(INFO_BYTES);
  const length = new Uint32Array(1);
  const view = new DataView(info.buffer);

  const read = (call: "getsockname" | "getpeername", file: number): Address | undefined => {
    length[0] = address.length;
    return symbols[call](file, address, length) === 0 ? addressIn(address) : undefined;
  };
  const look = (file: number, port: number): TcpConnection | undefined => {
    if (read("getsockname", file)?.port !== port) return undefined;
    const peer = read("getpeername", file);
    length[0] = info.length;
    if (peer === undefined || symbols.getsockopt(file, TCP, TCP_INFO, info, length) !== 0) return undefined;
    const wasAnswered = view.getUint32(SEGMENTS_SENT, true) > 0;
    return { file, peer: peer.host, peerPort: peer.port, quietMs: view.getUint32(LAST_SENT, true), wasAnswered };
  };
  return {
    async to(port) {
      const found: TcpConnection[] = [];
      for (const [index, file] of (await filesOfProcess()).entries()) {
        if (index % SLICE === SLICE - 1) await new Promise<void>((resolve) => setImmediate(resolve));
        const connection = look(file, port);
        if (connection !== undefined) found.push(connection);
      }
      return found;
    },
    cut({ file, peer, peerPort }) {
      const now = read("getpeername", file);
      if (now?.host === peer && now.port === peerPort) symbols.shutdown(file, BOTH_WAYS);
    },
    [Symbol.dispose]: () => library.close(),
  };
}

async function filesOfProcess(): Promise<readonly number[]> {
  const files: number[] = [];
  for await (const { name } of Deno.readDir("/proc/self/fd")) files.push(Number(name));
  return files;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Of a `struct sockaddr_in` or `sockaddr_in6`; `undefined` of any other. */
function addressIn(bytes: Uint8Array): Address | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const family = view.getUint16(0, true);
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  return { host: family === AF_INET ? bytes.subarray(4, 8).join(".") : groupsAt(view, 8), port: view.getUint16(2) };
}

function groupsAt(view: DataView, offset: number): string {
  return Array.from({ length: 8 }, (_, group) => view.getUint16(offset + 2 * group).toString(16)).join(":");
}

import { alsoWorking, changed } from "./threads.ts";

/**
 * What the kernel carries from one socket of this program to another, and how long that takes is the machine's affair.
 * Whoever moves a fake clock waits for it while somebody listens for it, so that it takes no fake time. Importing this
 * keeps count, of TCP.
 */

/** One end of a connection. */
interface End {
  /** Bytes on their way to it. */
  arriving: number;
  /** The other end wrote its last, or this one was closed: a read is about to say so. */
  ended: boolean;
  reading: number;
  writing: number;
}

/** A port on which this program listens. */
interface Door {
  accepting: number;
  /** Connections made, less those taken. */
  waiting: number;
}

const ends = new Map<string, End>();
const doors = new Map<number, Door>();
const connecting = new Map<symbol, number>();

alsoWorking(() =>
  connecting.values().some((port) => doors.get(port)?.accepting !== 0) ||
  doors.values().some(({ accepting, waiting }) => accepting > 0 && waiting > 0) ||
  ends.values().some(({ arriving, ended, reading, writing }) => writing > 0 || (reading > 0 && (arriving > 0 || ended)))
);

type ListenOptions =
  | Deno.TcpListenOptions & { transport?: "tcp" }
  | Deno.UnixListenOptions & { transport: "unix" };
type ConnectOptions = Deno.ConnectOptions & { transport?: "tcp" } | Deno.UnixConnectOptions & { transport: "unix" };

const { listen, connect } = Deno;
Object.assign(Deno, {
  listen(options: ListenOptions) {
    return options.transport === "unix" ? listen(options) : countedListener(listen(options));
  },
  async connect(options: ConnectOptions) {
    if (options.transport === "unix") return await connect(options);
    if (!options.hostname?.startsWith("127.")) return await connect(options);
    const attempt = Symbol();
    connecting.set(attempt, options.port);
    try {
      const connection = await connect(options);
      const door = doors.get(options.port);
      if (door) door.waiting++;
      return countedConnection(connection);
    } finally {
      connecting.delete(attempt);
      changed();
    }
  },
});

function countedListener(listener: Deno.TcpListener): Deno.TcpListener {
  const door: Door = { accepting: 0, waiting: 0 };
  const { port } = listener.addr;
  doors.set(port, door);
  const accept = listener.accept.bind(listener);
  const close = listener.close.bind(listener);
  return Object.assign(listener, {
    async accept() {
      door.accepting++;
      changed();
      try {
        const connection = await accept();
        door.waiting--;
        return countedConnection(connection);
      } finally {
        door.accepting--;
        changed();
      }
    },
    close() {
      if (doors.get(port) === door) doors.delete(port);
      close();
      changed();
    },
  });
}

function countedConnection(connection: Deno.TcpConn): Deno.TcpConn {
  const here = address(connection.localAddr);
  const there = address(connection.remoteAddr);
  const own = endOf(`${here} ${there}`);
  const other = endOf(`${there} ${here}`);
  const read = connection.read.bind(connection);
  const write = connection.write.bind(connection);
  const close = connection.close.bind(connection);
  let closed = false;
  return Object.assign(connection, {
    async read(into: Uint8Array) {
      own.reading++;
      let length: number | null = null;
      try {
        return length = await read(into);
      } finally {
        own.reading--;
        own.arriving = length === null ? 0 : own.arriving - length;
        if (length === null) own.ended = false;
        if (closed) ends.delete(`${here} ${there}`);
        changed();
      }
    },
    async write(bytes: Uint8Array) {
      own.writing++;
      other.arriving += bytes.length;
      let length = 0;
      try {
        return length = await write(bytes);
      } finally {
        own.writing--;
        other.arriving -= bytes.length - length;
        changed();
      }
    },
    close() {
      close();
      own.ended = other.ended = true;
      closed = true;
      if (own.reading === 0) ends.delete(`${here} ${there}`);
      changed();
    },
  });
}

function address({ hostname, port }: Deno.NetAddr): string {
  return `${hostname}:${port}`;
}

function endOf(name: string): End {
  const known = ends.get(name);
  if (known) return known;
  const end = { arriving: 0, ended: false, reading: 0, writing: 0 };
  ends.set(name, end);
  return end;
}

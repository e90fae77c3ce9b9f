import type { ByteStream } from "../modbus/byte_stream.ts";
import { FdStream } from "./fd_stream.ts";
import { libc, O_CLOEXEC, O_NOCTTY, O_NONBLOCK, O_RDWR } from "./libc.ts";
import { setRaw } from "./termios.ts";

/** A serial line made of software: what one end writes the other reads. */
interface Pty {
  /** The far end, to be opened as a serial port: `/dev/pts/7`. It comes and goes as it likes. */
  readonly path: string;
  /** The near end. Closing it hangs up the far end, as unplugging an adapter does. */
  readonly stream: ByteStream;
}

/** A new pty pair in raw mode. */
export function openPty(): Pty {
  const c = libc();
  const master = c.openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (master < 0) throw new Error(`Cannot make a pty: ${c.strerror(-master)}`);
  const path = c.ptsname(master) ?? "";
  // Held open so that the near end outlives its clients: without any slave a master only says EIO.
  const slave = c.open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  const raw = slave < 0 ? slave : setRaw(c, slave, { baud: 9600, parity: "none", stopBits: 1 });
  if (raw < 0) {
    if (slave >= 0) c.close(slave);
    c.close(master);
    throw new Error(`Cannot make a pty: ${c.strerror(-raw)}`);
  }
  return { path, stream: new FdStream(c, master, `the pty ${path}`, () => c.close(slave)) };
}

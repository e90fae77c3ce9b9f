import { holderOf } from "./holder.ts";
import { ERRNO } from "./libc.ts";
import { listSerialPorts } from "./ports.ts";

/** `missing`: no such device. `denied`: no permission. `busy`: another program has it. `not_serial`: something else. */
type SerialFaultCode = "missing" | "denied" | "busy" | "not_serial" | "unsupported";

/** Why a serial port cannot be opened, in one line that says what to do. */
export class SerialFault extends Error {
  readonly code: SerialFaultCode;

  constructor(code: SerialFaultCode, message: string) {
    super(message);
    this.name = "SerialFault";
    this.code = code;
  }
}

/** The fault that an errno of opening or setting up `path` means. `words` is its text from the C library. */
export function serialFault(path: string, errno: number, words: string): SerialFault {
  switch (errno) {
    case ERRNO.ENOENT:
    case ERRNO.ENXIO:
    case ERRNO.ENODEV:
      return new SerialFault("missing", `Cannot open ${path}: there is no such device (${presentPorts()})`);
    case ERRNO.EACCES:
    case ERRNO.EPERM:
      return new SerialFault(
        "denied",
        `Cannot open ${path}: permission denied; add the user to the group dialout ` +
          `(sudo usermod -aG dialout $USER) and log in again`,
      );
    case ERRNO.EBUSY:
    case ERRNO.EAGAIN:
      return new SerialFault("busy", `Cannot open ${path}: it is in use by ${holderOf(path) ?? "another program"}`);
    case ERRNO.ENOTTY:
    case ERRNO.EISDIR:
      return new SerialFault("not_serial", `Cannot open ${path}: it is not a serial port`);
    default:
      return new SerialFault("unsupported", `Cannot open ${path}: ${words}`);
  }
}

function presentPorts(): string {
  const ports = listSerialPorts().map((port) => port.path);
  return ports.length === 0 ? "no serial port is connected" : `connected: ${ports.join(", ")}`;
}

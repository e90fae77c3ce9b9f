/** A serial port that is connected now. */
interface SerialPortInfo {
  /** The path to configure: the stable name where there is one. */
  readonly path: string;
  /** The kernel's name, which may change when it is plugged in again: `/dev/ttyUSB0`. */
  readonly device: string;
  /** Maker, model and serial number as udev names them; empty for ports on the board. */
  readonly title: string;
}

const BY_ID = "/dev/serial/by-id";
/** USB adapters, USB modems, and the UARTs of a Raspberry Pi (ttyS* exists in dozens on PCs, wired or not). */
const BARE = /^tty(USB|ACM|AMA)\d+$/;

/** Connected serial ports: those with a name under /dev/serial/by-id first, then the other likely ones. */
export function listSerialPorts(folders = { byId: BY_ID, dev: "/dev" }): readonly SerialPortInfo[] {
  const named = names(folders.byId).flatMap((name): SerialPortInfo[] => {
    const path = `${folders.byId}/${name}`;
    const device = realPath(path);
    return device === undefined ? [] : [{ path, device, title: titleOf(name) }];
  });
  const taken = new Set(named.map((port) => port.device));
  const bare = names(folders.dev).filter((name) => BARE.test(name)).map((name) => `${folders.dev}/${name}`)
    .filter((path) => !taken.has(path)).map((path) => ({ path, device: path, title: "" }));
  return [...named, ...bare];
}

/** `usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0` reads `FTDI FT232R USB UART A50285BI`. */
function titleOf(name: string): string {
  return name.replace(/^usb-/, "").replace(/-if\d+(-port\d+)?$/, "").replaceAll("_", " ");
}

function names(folder: string): readonly string[] {
  try {
    return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
  } catch {
    return [];
  }
}

function realPath(path: string): string | undefined {
  try {
    return Deno.realPathSync(path);
  } catch {
    return undefined;
  }
}

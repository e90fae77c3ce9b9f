import { ERRNO, type Libc } from "./libc.ts";
import type { Rs485Settings } from "./settings.ts";

const TIOCGRS485 = 0x542e;
const TIOCSRS485 = 0x542f;
/** struct serial_rs485: u32 flags, u32 delay before, u32 delay after, five more words that are kept as read. */
const BYTES = 32;
const ENABLED = 1;
const RTS_ON_SEND = 2;
const RTS_AFTER_SEND = 4;
const RX_DURING_TX = 16;
const TERMINATE_BUS = 32;
const OURS = ENABLED | RTS_ON_SEND | RTS_AFTER_SEND | RX_DURING_TX | TERMINATE_BUS;

/** Who switches the transceiver between sending and hearing: the kernel, or the adapter by itself. */
export type Direction = "kernel" | "adapter";

/** Changes a struct serial_rs485 in place; flags and words that are not ours stay. */
export function editRs485(structure: Uint8Array, settings: Rs485Settings): void {
  const view = new DataView(structure.buffer, structure.byteOffset, structure.byteLength);
  const flags = ENABLED | (settings.rtsOnSend ? RTS_ON_SEND : 0) | (settings.rtsAfterSend ? RTS_AFTER_SEND : 0) |
    (settings.rxDuringTx ? RX_DURING_TX : 0) | (settings.terminate ? TERMINATE_BUS : 0);
  view.setUint32(0, (view.getUint32(0, true) & ~OURS) | flags, true);
  view.setUint32(4, settings.delayBeforeMs, true);
  view.setUint32(8, settings.delayAfterMs, true);
}

/**
 * Lets the kernel drive the transceiver. A driver that cannot (ENOTTY: nearly every USB adapter) is no error: its
 * adapter switches itself. Any other refusal is returned as the negated errno.
 */
export function setRs485(libc: Pick<Libc, "ioctl">, fd: number, settings: Rs485Settings): Direction | number {
  const structure = new Uint8Array(new ArrayBuffer(BYTES));
  const got = libc.ioctl(fd, TIOCGRS485, structure);
  if (got < 0) return switchesItself(got) ? "adapter" : got;
  editRs485(structure, settings);
  const set = libc.ioctl(fd, TIOCSRS485, structure);
  if (set < 0) return switchesItself(set) ? "adapter" : set;
  return "kernel";
}

function switchesItself(result: number): boolean {
  return result === -ERRNO.ENOTTY || result === -ERRNO.ENOSYS || result === -ERRNO.EOPNOTSUPP;
}

import { z } from "zod";

/** How the kernel drives an RS-485 transceiver itself (Linux Documentation/driver-api/serial/serial-rs485.rst). */
export const Rs485Settings = z.strictObject({
  /** RTS is high while sending; some transceivers want it low. */
  rtsOnSend: z.boolean().default(true),
  rtsAfterSend: z.boolean().default(false),
  /** Hear what is sent (an echo the bus then has to strip). */
  rxDuringTx: z.boolean().default(false),
  /** Switch on the bus termination of ports that have one. */
  terminate: z.boolean().default(false),
  /** Between RTS and the first bit, ms. */
  delayBeforeMs: z.number().int().min(0).max(1000).default(0),
  /** Between the last bit and RTS, ms. */
  delayAfterMs: z.number().int().min(0).max(1000).default(0),
});
export type Rs485Settings = z.infer<typeof Rs485Settings>;

/** Speed and character format of a serial line; 8 data bits always, as Modbus RTU wants. */
export const LineSettings = z.strictObject({
  /** Bits per second. */
  baud: z.number().int().min(1200).max(921_600).default(9600),
  parity: z.enum(["none", "even", "odd"]).default("none"),
  stopBits: z.union([z.literal(1), z.literal(2)]).default(1),
});
export type LineSettings = z.infer<typeof LineSettings>;

/** How a serial port is opened. Without `rs485` the direction control is left as it is. */
export const SerialSettings = LineSettings.extend({ rs485: Rs485Settings.optional() });
export type SerialSettings = z.infer<typeof SerialSettings>;

/** Bits that one character takes on the wire: start, 8 data, parity, stop. */
export function bitsPerCharacter(settings: LineSettings): number {
  return 9 + (settings.parity === "none" ? 0 : 1) + settings.stopBits;
}

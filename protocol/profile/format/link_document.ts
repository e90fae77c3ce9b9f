import { z } from "zod";
import { duration } from "../../../platform/quantity.ts";
import { once } from "../../../platform/once.ts";
import { fields } from "./register_document.ts";

/** How a device is reached, as it comes from the factory. A configuration may say otherwise. */
export const linkDocument = once(() => {
  const { Name } = fields();
  const UnitId = z.int().min(0).max(255);
  return z.strictObject({
    unit: z.union([UnitId, z.array(UnitId).min(1).max(8)]).default(1).describe(
      "usual Modbus unit ids, the likeliest first",
    ),
    units: z.record(Name, UnitId).default({}).describe("further unit ids of the same device, by name"),
    transports: z.array(z.enum(["serial", "tcp", "rtu_over_tcp", "udp", "solarman_v5"])).min(1).default([
      "serial",
      "tcp",
    ]),
    tcp: z.strictObject({
      port: z.int().min(1).max(65_535).default(502),
      connections: z.int().min(1).max(64).optional().describe("that it takes at once"),
      connect_delay: duration("0s", "60s").optional().describe("pause after connecting"),
      idle_close: duration("1s", "24h").optional().describe("give the connection back after so long"),
    }).optional(),
    serial: z.strictObject({
      baud: z.int().min(1200).max(921_600).default(9600),
      parity: z.enum(["none", "even", "odd"]).default("none"),
      stop_bits: z.union([z.literal(1), z.literal(2)]).default(1),
    }).optional(),
    timeout: duration("10ms", "60s").optional().describe("for an answer"),
    gap: duration("0s", "10s").optional().describe("pause between requests"),
    tolerate: z.array(z.enum(["ignore_transaction_id", "ignore_protocol_id", "ignore_unit_id", "ignore_length"])).max(4)
      .default([])
      .describe("what of the protocol it is known not to keep"),
  });
});

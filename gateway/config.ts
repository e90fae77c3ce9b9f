import { z } from "zod";
import { DEFAULT_WRITES_PER_DAY } from "../protocol/command/budget.ts";
import { MqttConfig } from "./mqtt_config.ts";
import { Location } from "../protocol/night/sun.ts";

/** An age in days, or `forever`. */
const Days = z.union([z.number().min(0.01).max(36_500), z.literal("forever")]);
export type Days = z.infer<typeof Days>;

/** The section `gateway:` of the configuration file. */
export const GatewayConfig = z.strictObject({
  host: z.string().min(1).default("127.0.0.1").describe("Address to listen on; 0.0.0.0 or :: for all"),
  port: z.number().int().min(0).max(65_535).default(8080).describe("HTTP port; 0 takes a free one"),
  retention_days: z.strictObject({
    raw: Days.default(30).describe("Samples as they were polled"),
    "1m": Days.default(365).describe("Summaries of minutes"),
    "15m": Days.default(1_825).describe("Summaries of quarters of an hour"),
    "1d": Days.default("forever").describe("Summaries of UTC days"),
  }).prefault({}).describe("Days that samples are kept after their time, or forever"),
  security_log_rows: z.number().int().min(1_000).max(10_000_000).default(100_000)
    .describe(
      "Validations of device requests that the security log keeps; of older ones, a quarter as many that were refused",
    ),
  body_limit_bytes: z.number().int().min(65_536).max(16_777_216).default(1_048_576)
    .describe("Largest body of a device's request"),
  body_timeout_s: z.number().min(1).max(300).default(30)
    .describe("Seconds in which the body of a device's request has to arrive"),
  writes_per_day: z.number().int().min(1).max(100_000).default(DEFAULT_WRITES_PER_DAY)
    .describe("Writes that commands may make to one register of an inverter in a UTC day: its flash wears out"),
  location: Location.optional()
    .describe("Where the boards stand, so that their nights are told from trouble; nodes know their own"),
  time_zone: z.string().refine(isTimeZone, "must be an IANA time zone such as Europe/Berlin").optional()
    .describe("Where the inverters are: their days begin at its midnight; that of this machine when left out"),
  mqtt: MqttConfig.prefault({}).describe(
    "MQTT: publishes what is stored and takes settings; off unless it names a broker",
  ),
}).describe("The gateway: takes what nodes and boards upload, stores it and answers operators");
export type GatewayConfig = Readonly<z.infer<typeof GatewayConfig>>;

/** Whether the machine knows an IANA time zone. */
function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

import { z } from "zod";
import { InverterName, RegisterName } from "../../protocol/messages/sample_blocks.ts";
import { profileById } from "../../protocol/profile/catalogue.ts";
import { duration } from "../../platform/quantity.ts";

const Port = z.int().min(1).max(65_535);

/** An RS-485 transceiver that the kernel switches (device/serial/settings.ts). */
const Rs485Config = z.strictObject({
  rts_on_send: z.boolean().default(true).describe("RTS is high while sending; some transceivers want it low"),
  rts_after_send: z.boolean().default(false).describe("RTS is high while receiving"),
  rx_during_tx: z.boolean().default(false).describe("hear what is sent"),
  terminate: z.boolean().default(false).describe("switch on the bus termination of ports that have one"),
  delay_before: duration("0s", "1s").default(0).describe("between RTS and the first bit"),
  delay_after: duration("0s", "1s").default(0).describe("between the last bit and RTS"),
});

/** Ways of devices that can be tolerated (device/modbus/quirks.ts). */
const tolerated = {
  ignore_unit_id: z.boolean().optional().describe("take answers that name another unit id than was asked"),
  ignore_length: z.boolean().optional().describe(
    "take answers that are padded, or of whose lengths one is wrong; noticed by itself when not given",
  ),
};

const SerialConfig = z.strictObject({
  path: z.string().min(1).describe("the port, best by its stable name: /dev/serial/by-id/…"),
  baud: z.int().min(1200).max(921_600).default(9600).describe("bits per second"),
  parity: z.enum(["none", "even", "odd"]).default("none").describe("as at the inverter"),
  stop_bits: z.union([z.literal(1), z.literal(2)]).default(1).describe("after each byte; 2 is usual without parity"),
  rs485: Rs485Config.optional().describe(
    "only for ports whose driver switches the transceiver; adapters do it themselves",
  ),
  local_echo: z.boolean().optional().describe("the adapter hears itself; noticed by itself when not given"),
  ...tolerated,
});

const endpoint = {
  host: z.string().min(1).describe("name or address"),
  connect_timeout: duration("10ms", "60s").default(3000).describe("for a connection attempt"),
  connect_delay: duration("0s", "60s").default(0).describe(
    "pause after connecting, for devices that lose the first request",
  ),
  idle_close: duration("1s", "24h").optional().describe("give the connection back after so long without requests"),
  max_age: duration("1s", "720h").optional().describe("open the connection anew after so long"),
};

const TcpConfig = z.strictObject({
  ...endpoint,
  port: Port.default(502).describe("TCP port"),
  ignore_transaction_id: z.boolean().optional().describe(
    "take answers that do not repeat the transaction id, with a further request between two alike; noticed by itself when not given",
  ),
  ignore_protocol_id: z.boolean().optional().describe(
    "take answers that say they are of another protocol than Modbus; noticed by itself when not given",
  ),
  ...tolerated,
});

const RtuOverTcpConfig = z.strictObject({
  ...endpoint,
  port: Port.describe("TCP port"),
  baud: z.int().min(1200).max(921_600).optional().describe("speed of the line behind the server, if known"),
  local_echo: z.boolean().optional().describe("the server's adapter hears itself"),
  ...tolerated,
});

const HttpConfig = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe("address of the inverter simulator"),
  api_key: z.string().min(1).describe("sent as the Authorization header; best as ${NAME} from the environment"),
});

const TimingConfig = z.strictObject({
  timeout: duration("10ms", "60s").default(1000).describe("for an answer"),
  min_timeout: duration("10ms", "60s").default(300).describe("that even the fastest unit gets"),
  max_timeout: duration("10ms", "60s").default(5000).describe(
    "to which it grows, if it is longer, for a unit that was seen to answer later",
  ),
  retries: z.int().min(0).max(10).default(1).describe(
    "further attempts after no answer; a damaged one is asked again up to 5 times, unless this is 0",
  ),
  gap: duration("0s", "10s").optional().describe("pause between requests, if more than the line needs"),
});

/** One inverter on a bus. */
export const InverterConfig = z.strictObject({
  name: InverterName.default("inverter").describe("unique in the node"),
  profile: z.string().regex(/^[a-z][a-z0-9-]{0,47}$/, "must be the name of a profile").default("ecowatt").describe(
    "what it is: `ecowatt`, `sunspec`, which looks for its map, or a name of `ecowatt profile list`",
  ),
  unit: z.int().min(0).max(255).optional().describe(
    "Modbus unit id; default 17 for ecowatt, 1 for sunspec, else as the profile says",
  ),
  device: z.int().min(0).max(31).default(0).describe(
    "which of several SunSpec devices behind the unit id: inverters first, then meters, batteries and sensors",
  ),
  registers: z.array(RegisterName).min(1).max(64).optional().describe("what to poll; default: what the profile does"),
  poll_interval: duration("0.1s", "3600s").optional().describe("default: the node's"),
  max_read: z.int().min(1).max(125).default(125).describe("words it takes in one read"),
  settle_time: duration("0s", "10m").default(10_000).describe(
    "after a write it may be silent, or show the old value, for so long",
  ),
}).superRefine((inverter, context) => {
  for (const [index, name] of (inverter.registers ?? []).entries()) {
    const known = inverter.profile !== "ecowatt" || knows(inverter.profile, name);
    if (!known) context.addIssue({ code: "custom", path: ["registers", index], message: unknownRegister(name) });
  }
});
export type InverterConfig = z.infer<typeof InverterConfig>;

const KINDS = ["serial", "tcp", "rtu_over_tcp", "http"] as const;

/** One line with inverters on it. */
export const BusConfig = z.strictObject({
  name: InverterName.default("bus").describe("unique in the node"),
  serial: SerialConfig.optional().describe("Modbus RTU on a serial port"),
  tcp: TcpConfig.optional().describe("Modbus TCP"),
  rtu_over_tcp: RtuOverTcpConfig.optional().describe("RTU frames through a serial server"),
  http: HttpConfig.optional().describe("the HTTP inverter simulator"),
  timing: TimingConfig.prefault({}).describe("how long to wait and how often to ask again"),
  inverters: z.array(InverterConfig).min(1).max(247).describe("who answers on this line"),
}).superRefine((bus, context) => {
  const given = KINDS.filter((kind) => bus[kind] !== undefined);
  if (given.length !== 1) {
    const has = given.length === 0 ? "none" : given.join(" and ");
    context.addIssue({ code: "custom", message: `must have exactly one of ${KINDS.join(", ")}; it has ${has}` });
  }
  const [first] = bus.inverters;
  const line = bus.serial ? "serial" : "rtu_over_tcp";
  if (
    bus[line]?.ignore_unit_id && bus.inverters.some((one) => one.unit !== first?.unit || one.profile !== first?.profile)
  ) {
    const message = "only where one unit is on the line: answers could not be told apart";
    context.addIssue({ code: "custom", path: [line, "ignore_unit_id"], message });
  }
  for (const [index, { unit }] of bus.inverters.entries()) {
    if (bus.serial === undefined || unit === undefined || (unit >= 1 && unit <= 247)) continue;
    context.addIssue({
      code: "custom",
      path: ["inverters", index, "unit"],
      message: "must be 1 to 247 on a serial line",
    });
  }
});
export type BusConfig = z.infer<typeof BusConfig>;

function knows(profile: string, name: string): boolean {
  return profileById(profile)?.registers.some((one) => one.name === name || one.synonyms.includes(name)) ?? false;
}

function unknownRegister(name: string): string {
  const names = profileById("ecowatt")?.registers.map((register) => register.name) ?? [];
  return `no register "${name}" in the profile ecowatt; it has ${names.join(", ")}`;
}

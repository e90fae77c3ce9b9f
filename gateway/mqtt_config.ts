import { z } from "zod";

/** Longest text that MQTT can carry as a user name or password (MQTT 3.1.1 §1.5.3). */
const MAX_TEXT = 65_535;

const Password = z.string().min(1).max(MAX_TEXT);
const PASSWORD_FILE = "File with the password, readable by its owner alone";

const Broker = z.strictObject({
  url: z.string().max(2_048).describe("mqtt://host:1883, or mqtts://host:8883 for TLS; no credentials in it"),
  username: z.string().min(1).max(MAX_TEXT).optional().describe("User name at the broker"),
  password: Password.optional().describe("Password at the broker; better is password_file or ${NAME}"),
  password_file: z.string().min(1).optional().describe(PASSWORD_FILE),
  client_id: z.string().min(1).max(128).optional()
    .describe("Name of the connection, unique at the broker; a random one when left out"),
  ca_file: z.string().min(1).optional().describe("PEM file with the authority that signed the broker's certificate"),
}).superRefine((broker, context) => {
  const refuse = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
  const wrong = urlFault(broker.url);
  if (wrong !== undefined) refuse("url", wrong);
  if (broker.password !== undefined && broker.password_file !== undefined) {
    refuse("password", "give password or password_file, not both");
  }
  if ((broker.password ?? broker.password_file) !== undefined && broker.username === undefined) {
    refuse("username", "is needed with a password");
  }
  if (broker.ca_file !== undefined && broker.url.startsWith("mqtt:")) refuse("ca_file", "is of use with mqtts:// only");
});
/** A broker of somebody else's that the gateway is a client of. */
export type BrokerConfig = Readonly<z.infer<typeof Broker>>;

const User = z.strictObject({
  username: z.string().min(1).max(128).describe("Name the client gives"),
  password: Password.optional().describe("Its password; better is password_file or ${NAME}"),
  password_file: z.string().min(1).optional().describe(PASSWORD_FILE),
  role: z.enum(["viewer", "operator"]).default("viewer")
    .describe("viewer: reads everything; operator: may also send settings to devices"),
}).refine((user) => (user.password === undefined) !== (user.password_file === undefined), {
  message: "give password or password_file, one of them",
});
/** Somebody who may use the gateway's own broker. */
type UserConfig = Readonly<z.infer<typeof User>>;

const Embedded = z.strictObject({
  host: z.string().min(1).default("127.0.0.1").describe("Address to listen on; beyond loopback it needs users"),
  port: z.number().int().min(0).max(65_535).default(1883).describe("MQTT port; 0 takes a free one"),
  users: z.array(User).max(100).default([])
    .describe("Who may connect; without any, everyone on this machine may read and nobody may send settings"),
  max_clients: z.number().int().min(1).max(10_000).default(100).describe("Connections at the same time"),
}).superRefine(({ host, users }, context) => {
  if (users.length === 0 && !isLoopback(host)) {
    context.addIssue({ code: "custom", path: ["users"], message: `are needed to listen on ${host}` });
  }
  const names = users.map(({ username }) => username);
  if (new Set(names).size < names.length) {
    context.addIssue({ code: "custom", path: ["users"], message: "have two of the same name" });
  }
});
/** The gateway's own broker, for boxes that have none. */
export type EmbeddedConfig = Readonly<z.infer<typeof Embedded>>;

const HomeAssistant = z.strictObject({
  enabled: z.boolean().default(false).describe("Announce the devices to Home Assistant"),
  prefix: z.string().regex(/^[a-zA-Z0-9_-]{1,64}(\/[a-zA-Z0-9_-]{1,64}){0,3}$/, "must be a topic like homeassistant")
    .default("homeassistant").describe("Discovery prefix, as it is set in Home Assistant"),
  power_limit: z.boolean().default(true).describe("Let Home Assistant set the power limit of inverters"),
  install: z.boolean().default(false).describe("Let Home Assistant start the update of a device"),
  dashboard_url: z.url({ protocol: /^https?$/ }).optional()
    .describe("Address of the dashboard, for the link on Home Assistant's device pages"),
});
/** What Home Assistant learns, and what it may ask. */
export type HomeAssistantConfig = Readonly<z.infer<typeof HomeAssistant>>;

/** The section `mqtt:` of the gateway. Off without `broker` and `embedded`. */
export const MqttConfig = z.strictObject({
  broker: Broker.optional().describe("Publish to this broker"),
  embedded: Embedded.optional().describe("Be the broker, for boxes that have none"),
  queue_messages: z.number().int().min(1).max(100_000).default(1_000)
    .describe("Messages on esp32/ecowatt_data that wait while the broker is away; then the oldest are dropped"),
  offline_after_s: z.number().min(1).max(604_800).default(2_700)
    .describe("Seconds without an upload after which a device is shown as offline"),
  home_assistant: HomeAssistant.prefault({}).describe("Home Assistant's MQTT discovery"),
}).refine(({ broker, embedded }) => broker === undefined || embedded === undefined, {
  message: "give broker or embedded, not both",
});
export type MqttConfig = Readonly<z.infer<typeof MqttConfig>>;

/** Whether an address is this machine's own: 127.0.0.0/8, ::1, also as IPv4 in IPv6. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i.test(host);
}

function urlFault(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !["mqtt:", "mqtts:"].includes(url.protocol) || url.hostname === "") {
    return "must be like mqtt://host:1883 or mqtts://host:8883";
  }
  if (url.username !== "" || url.password !== "") return "must not hold credentials: use username and password_file";
  return url.pathname.length > 1 || url.search !== "" || url.hash !== "" ? "must end after the port" : undefined;
}

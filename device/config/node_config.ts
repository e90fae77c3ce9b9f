import { z } from "zod";
import { DeviceId } from "../../protocol/device_id.ts";
import { Location } from "../../protocol/night/sun.ts";
import { BusConfig } from "./bus_config.ts";
import { bytes, duration } from "../../platform/quantity.ts";

/** The `node:` section of the configuration file. Durations are parsed to milliseconds, sizes to bytes. */
export const NodeConfig = z.strictObject({
  device_id: DeviceId.describe("this node's name at the gateway"),
  gateway: z.url({ protocol: /^https?$/, error: "must be an address such as http://gateway:8080" })
    .refine(isPlain, "must be without a user, a query or a fragment: requests are signed")
    .describe("address of the gateway"),
  ca_file: z.string().min(1).optional()
    .describe(
      "PEM file with the authority that signed the gateway's certificate, besides those that the system trusts",
    ),
  key_file: z.string().min(1).optional()
    .describe(
      "file with the device key, 64 hex digits, readable by its owner only; default: device.key in the data directory",
    ),
  key: z.string().regex(/^[0-9a-fA-F]{64}$/, "must be 64 hex digits").optional()
    .describe("the device key itself; better is key_file or ${NAME} from the environment"),
  key_number: z.int().min(1).max(2 ** 31 - 1).default(1).describe("number of the key at the gateway"),
  location: Location.optional()
    .describe("where the inverters stand: then a silent one is asleep from dusk to dawn, and at fault by day"),
  poll_interval: duration("0.1s", "3600s").default(2000).describe("between two polls of an inverter"),
  upload_interval: duration("1s", "86400s").default(30_000)
    .describe("between two uploads, and writes to the disk; at 30s some 18 MB are written a day"),
  outbox_limit: bytes("1MiB", "1024GiB").default(256 * 2 ** 20)
    .describe("samples kept while the gateway is away; the oldest are dropped beyond"),
  metrics: z.strictObject({
    host: z.string().refine(isLoopback, "must be an address of this machine alone, such as 127.0.0.1")
      .default("127.0.0.1").describe("address to listen on; of this machine alone, because it asks for no credentials"),
    port: z.int().min(0).max(65_535).describe("port; 0 takes a free one"),
  }).optional().describe("shows the node's own metrics to Prometheus, at /metrics; off when left out"),
  buses: z.array(BusConfig).min(1).max(64).describe("lines with inverters on them"),
}).superRefine((node, context) => {
  const refuse = (path: readonly PropertyKey[], message: string) =>
    context.addIssue({ code: "custom", path: [...path], message });
  if (node.key !== undefined && node.key_file !== undefined) refuse(["key"], "give key or key_file, not both");
  if (node.ca_file !== undefined && node.gateway.startsWith("http:")) {
    refuse(["ca_file"], "is of use with https:// only");
  }
  if (node.upload_interval < node.poll_interval) refuse(["upload_interval"], "must not be below poll_interval");
  const inverters = node.buses.flatMap((bus, i) =>
    bus.inverters.map(({ name }, j) => ({ name, path: ["buses", i, "inverters", j, "name"] }))
  );
  const buses = node.buses.map(({ name }, i) => ({ name, path: ["buses", i, "name"] }));
  for (const { name, path } of [...repeated(inverters), ...repeated(buses)]) {
    refuse(path, `"${name}" is taken: every one needs a name of its own`);
  }
});
export type NodeConfig = z.infer<typeof NodeConfig>;

/** A password in it would be shown in logs, and what stands behind `?` would swallow the path. */
function isPlain(address: string): boolean {
  const url = URL.parse(address);
  return url === null || (url.username === "" && url.password === "" && !/[?#]/.test(address));
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/** Those whose name came before. */
function repeated<T extends { readonly name: string }>(named: readonly T[]): readonly T[] {
  const seen = new Set<string>();
  return named.filter(({ name }) => {
    const known = seen.has(name);
    seen.add(name);
    return known;
  });
}

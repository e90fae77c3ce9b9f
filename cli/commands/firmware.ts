import type { Command } from "commander";
import { z } from "zod";
import { toBase64, utf8 } from "../../crypto/bytes.ts";
import type { ApiClient } from "../client/api_client.ts";
import { Nothing } from "../client/api_schemas.ts";
import { number } from "../terminal/arguments.ts";
import { CliFailure, EXIT, usage } from "../terminal/exit.ts";
import { type GatewayFlags, gatewayFlags, withGateway } from "../client/gateway_access.ts";
import { table, type Terminal } from "../terminal/output.ts";
import { pathOf } from "../client/device_path.ts";
import { addFirmwareSign } from "./firmware_sign.ts";

const Firmware = z.object({
  model: z.string(),
  version: z.string(),
  audience: z.string(),
  keys: z.string(),
  sequence: z.number().nullable(),
  original_size: z.number(),
  encrypted_size: z.number(),
  sha256_hash: z.string(),
  chunk_size: z.number(),
  total_chunks: z.number(),
  min_version: z.string().nullable(),
  added_at_ms: z.number(),
});
type Firmware = z.infer<typeof Firmware>;
const FirmwareList = z.object({ firmware: z.array(Firmware) });
const Verified = z.object({ good: z.boolean(), reason: z.string().nullable() });
const Update = z.object({
  device_id: z.string(),
  current_version: z.string().nullable(),
  state: z.string(),
  version: z.string().nullable(),
  percentage: z.number(),
  reason: z.string().nullable(),
  events: z.array(
    z.object({ at_ms: z.number(), version: z.string(), kind: z.string(), detail: z.string().nullable() }),
  ),
});

const PATH = "/api/v1/firmware";

interface AddFlags extends GatewayFlags {
  readonly model?: string;
  readonly version?: string;
  readonly minVersion?: string;
  readonly sequence?: number;
  readonly chunkSize?: number;
  readonly board?: boolean;
  readonly keys: string;
  readonly signed?: string;
}

interface ImportFlags extends GatewayFlags {
  readonly model: string;
  readonly keys: string;
}

/** Firmware that the gateway can offer. */
export function addFirmware(program: Command, terminal: Terminal): void {
  const firmware = program.command("firmware").description(
    "sign, add, list and remove firmware; see where devices are",
  );
  gatewayFlags(firmware.command("add <file>"))
    .description("hash, sign and encrypt an image, and keep it ready; nothing is offered before a rollout")
    .option("--model <name>", "the devices' model")
    .option("--version <version>", "its version, such as 1.4.2")
    .option("--min-version <version>", "devices that run an older one are updated in steps")
    .option("--sequence <number>", "its place in the order of releases (default: the next)", number)
    .option("--chunk-size <bytes>", "bytes of a chunk for nodes (default 262144)", number)
    .option("--board", "an image for ESP32 boards: chunks of 1,024 bytes")
    .option("--keys <name>", "the set of keys", "default")
    .option("--signed <manifest>", "take the manifest that `firmware sign` wrote; the private key is not needed here")
    .action((file: string, flags: AddFlags) => add(file, flags, terminal));
  gatewayFlags(firmware.command("import <image> <manifest>"))
    .description("take an encrypted image of the boards' own tools as it is, once all that boards check holds")
    .requiredOption("--model <name>", "the boards' model, such as ESP32_EcoWatt")
    .option("--keys <name>", "the set of keys that the boards have", "default")
    .action((image: string, manifest: string, flags: ImportFlags) => importBoard(image, manifest, flags, terminal));
  addFirmwareSign(firmware, terminal);
  gatewayFlags(firmware.command("list")).description("list what can be offered")
    .action((flags: GatewayFlags) => list(flags, terminal));
  gatewayFlags(firmware.command("show <model> <version>")).description("show one image")
    .action(async (model: string, version: string, flags: GatewayFlags) => {
      print(await withGateway(flags, (api) => api.call("GET", imagePath(model, version), Firmware)), flags, terminal);
    });
  gatewayFlags(firmware.command("verify <model> <version>"))
    .description("read an image back from the disk and check all that devices check")
    .action((model: string, version: string, flags: GatewayFlags) => verify(model, version, flags, terminal));
  gatewayFlags(firmware.command("remove <model> <version>")).description("remove an image that no rollout has")
    .action(async (model: string, version: string, flags: GatewayFlags) => {
      await withGateway(flags, (api) => api.call("DELETE", imagePath(model, version), Nothing));
      terminal.out(flags.json ? JSON.stringify({ removed: { model, version } }) : `${model} ${version} is removed`);
    });
  gatewayFlags(firmware.command("status <device>")).description(
    "where a device is with its firmware, and what happened",
  )
    .action((name: string, flags: GatewayFlags) => status(name, flags, terminal));
}

async function add(file: string, flags: AddFlags, terminal: Terminal): Promise<void> {
  const { model, version, keys, signed } = flags;
  if (signed !== undefined) {
    const manifest = await readManifest(signed);
    const path = `${PATH}/signed?keys=${encodeURIComponent(keys)}`;
    return print(await withGateway(flags, (api) => upload(api, path, file, manifest)), flags, terminal);
  }
  if (model === undefined || version === undefined) throw usage("--model and --version are needed, or --signed");
  const query = new URLSearchParams({ model, version, keys, audience: flags.board ? "board" : "node" });
  if (flags.minVersion !== undefined) query.set("min_version", flags.minVersion);
  if (flags.sequence !== undefined) query.set("sequence", String(flags.sequence));
  if (flags.chunkSize !== undefined) query.set("chunk_size", String(flags.chunkSize));
  print(await withGateway(flags, (api) => upload(api, `${PATH}?${query}`, file)), flags, terminal);
}

async function importBoard(image: string, manifest: string, flags: ImportFlags, terminal: Terminal): Promise<void> {
  const query = new URLSearchParams({ model: flags.model, keys: flags.keys });
  const header = await readManifest(manifest);
  print(await withGateway(flags, (api) => upload(api, `${PATH}/import?${query}`, image, header)), flags, terminal);
}

async function upload(api: ApiClient, path: string, file: string, manifest?: string): Promise<Firmware> {
  using opened = await readable(file, () => Deno.open(file, { read: true }));
  const headers = manifest === undefined ? {} : { "x-firmware-manifest": toBase64(utf8(manifest)) };
  return await api.upload(path, Firmware, opened.readable, headers);
}

async function readManifest(path: string): Promise<string> {
  return await readable(path, () => Deno.readTextFile(path));
}

async function readable<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw usage(`Cannot read ${path}: ${cause instanceof Deno.errors.NotFound ? "there is no such file" : cause}`);
  }
}

function print(firmware: Firmware, flags: GatewayFlags, terminal: Terminal): void {
  if (flags.json) return terminal.out(JSON.stringify(firmware));
  const facts = [
    ["model", firmware.model],
    ["version", firmware.version],
    ["for", `${firmware.audience}s with the keys "${firmware.keys}"`],
    ["sequence", firmware.sequence === null ? "none" : String(firmware.sequence)],
    ["from", firmware.min_version === null ? "any version" : `${firmware.min_version} on`],
    ["size", `${firmware.original_size} bytes, in ${firmware.total_chunks} chunks of ${firmware.chunk_size}`],
    ["SHA-256", firmware.sha256_hash],
    ["added", new Date(firmware.added_at_ms).toISOString()],
  ];
  terminal.out(facts.map(([label, value]) => `${label?.padEnd(10)}${value}`).join("\n"));
}

async function list(flags: GatewayFlags, terminal: Terminal): Promise<void> {
  const { firmware } = await withGateway(flags, (api) => api.call("GET", PATH, FirmwareList));
  if (flags.json) return terminal.out(JSON.stringify(firmware));
  if (firmware.length === 0) return terminal.out("There is no firmware yet: ecowatt firmware add FILE");
  const rows = firmware.map((f) => [f.model, f.version, f.audience, String(f.sequence ?? ""), String(f.original_size)]);
  terminal.out(table(["MODEL", "VERSION", "FOR", "SEQUENCE", "BYTES"], rows));
}

async function verify(model: string, version: string, flags: GatewayFlags, terminal: Terminal): Promise<void> {
  const { good, reason } = await withGateway(flags, (api) => {
    return api.call("POST", `${imagePath(model, version)}/verify`, Verified);
  });
  if (flags.json) terminal.out(JSON.stringify({ good, reason }));
  if (!good) throw new CliFailure(EXIT.failed, `${model} ${version} is not good: ${reason}`);
  if (!flags.json) terminal.out(`${model} ${version} is good`);
}

async function status(name: string, flags: GatewayFlags, terminal: Terminal): Promise<void> {
  const update = await withGateway(flags, (api) => api.call("GET", `${pathOf(name)}/firmware`, Update));
  if (flags.json) return terminal.out(JSON.stringify(update));
  const { current_version, state, version, percentage, reason, events } = update;
  const target = version === null ? "nothing was offered" : `${version}: ${state}, ${percentage} %`;
  terminal.out(
    `${name} runs ${current_version ?? "what it never said"}; ${target}${reason === null ? "" : `; ${reason}`}`,
  );
  if (events.length === 0) return;
  const rows = events.toReversed().map((event) => [
    new Date(event.at_ms).toISOString(),
    event.version,
    event.kind,
    (event.detail ?? "").split("\n", 1)[0] ?? "",
  ]);
  terminal.out(table(["TIME", "VERSION", "EVENT", ""], rows));
}

function imagePath(model: string, version: string): string {
  return `${PATH}/${encodeURIComponent(model)}/${encodeURIComponent(version)}`;
}

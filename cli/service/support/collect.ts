import { z } from "zod";
import { askNode } from "../../../device/local_service/ask.ts";
import { databasePath } from "../../../gateway/store/database.ts";
import type { BundleFile } from "../../../platform/support_bundle.ts";
import { VERSION } from "../../version.ts";
import { gatewayDir, nodeDir } from "../../data_dir.ts";
import { report } from "../doctor/doctor.ts";
import type { Patient } from "../doctor/finding.ts";
import type { Finding } from "../doctor/finding.ts";
import { withGateway } from "../../client/gateway_access.ts";
import { exists } from "../../../platform/files.ts";

/** What the gateway of this box tells; none of it is a secret. */
const GATEWAY_PAGES = {
  "gateway/support_bundle.json": "/api/v1/system/support-bundle",
  "gateway/status.json": "/status",
  "gateway/devices.json": "/api/v1/devices?limit=1000",
  "gateway/security.json": "/security/stats",
  "gateway/security_log.json": "/security/log?limit=200",
  "gateway/commands.json": "/command/history",
  "gateway/firmware.json": "/ota/status",
} as const;

/** Lines of the service's log that are taken in. */
const LOG_LINES = 3000;

/** What helps whoever is asked for help: one text a subject. What cannot be had is a text that says why. */
export async function collect(patient: Patient, findings: readonly Finding[]): Promise<readonly BundleFile[]> {
  const { os, arch } = Deno.build;
  const about = {
    version: VERSION,
    at: new Date(patient.clock.now()).toISOString(),
    os,
    arch,
    deno: Deno.version.deno,
  };
  return [
    { name: "about.json", text: pretty(about) },
    { name: "doctor.txt", text: `${report(findings)}\n` },
    { name: "doctor.json", text: pretty(findings) },
    { name: "config.yaml", text: await tried(() => Deno.readTextFile(patient.configPath)) },
    { name: "node/status.json", text: await tried(() => nodeStatus(patient)) },
    ...await gatewayPages(patient),
    { name: "log.txt", text: await tried(() => serviceLog(patient)) },
  ];
}

async function nodeStatus({ dataDir }: Patient): Promise<string> {
  const status = await askNode(nodeDir(dataDir), { ask: "status" }, z.unknown());
  return status === undefined ? "no node runs here\n" : pretty(status);
}

async function gatewayPages({ dataDir }: Patient): Promise<readonly BundleFile[]> {
  if (!await exists(databasePath(gatewayDir(dataDir)))) return [];
  return await Promise.all(
    Object.entries(GATEWAY_PAGES).map(async ([name, path]) => ({
      name,
      text: await tried(async () =>
        pretty(await withGateway({ dataDir, local: true }, (api) => api.call("GET", path, z.unknown())))
      ),
    })),
  );
}

async function serviceLog({ run }: Patient): Promise<string> {
  const { code, out, err } = await run("journalctl", [
    "-u",
    "ecowatt",
    "-n",
    String(LOG_LINES),
    "--no-pager",
    "-o",
    "short-iso",
  ]);
  return code === 0 ? `${out}\n` : `journalctl: ${err}\n`;
}

async function tried(read: () => Promise<string>): Promise<string> {
  try {
    return await read();
  } catch (error) {
    return `not to be had: ${error instanceof Error ? error.message : String(error)}\n`;
  }
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

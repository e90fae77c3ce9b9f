import { databasePath } from "../../../gateway/store/database.ts";
import { z } from "zod";
import { DevicePage } from "../../client/api_schemas.ts";
import { gatewayDir } from "../../data_dir.ts";
import { withGateway } from "../../client/gateway_access.ts";
import { exists } from "../../../platform/files.ts";
import { type Check, fail, type Finding, pass, type Patient, warn } from "./finding.ts";

const Health = z.object({ status: z.literal("healthy") });

/** The gateway of this box runs and is healthy. */
export const ownGateway: Check = async (patient) => {
  const config = patient.file?.gateway;
  if (!config) return [];
  if (config.port === 0) return [pass("own gateway", "it takes a free port at its start")];
  const url = urlOf(config.host, config.port);
  const response = await answerOf(url, patient);
  const start = `ecowatt run --config ${patient.configPath}`;
  if (response === undefined) return [warn("own gateway", `nothing answers at ${url}: it does not run`, start)];
  const healthy = Health.safeParse(response.body).success;
  if (response.status === 200 && healthy) return [pass("own gateway", `${url} is healthy`)];
  if (response.status === 503) {
    return [fail("own gateway", `${url} cannot store samples`, "journalctl -u ecowatt -n 50")];
  }
  return [
    fail("own gateway", `another program has port ${config.port}`, "set another gateway.port, or stop that program"),
  ];
};

/** Who speaks to this gateway: boards of the older scheme are weak, and who is silent is named. */
export const devices: Check = async ({ file, dataDir }) => {
  if (!file?.gateway || !await exists(databasePath(gatewayDir(dataDir)))) return [];
  const page = await withGateway(
    { dataDir, local: true },
    (api) => api.call("GET", "/api/v1/devices?limit=1000", DevicePage),
  );
  const known = page.devices;
  if (known.length === 0) return [warn("devices", "none is registered", "ecowatt device add NAME")];
  const weak = known.filter(({ auth }) => auth === "legacy").map(({ device_id }) => device_id);
  const troubled = known.filter(({ state }) => state === "fault").map(({ device_id }) => device_id);
  const findings: Finding[] = [];
  if (weak.length > 0) {
    findings.push(
      warn("devices", `weak, signing uploads only: ${some(weak)}`, "replace these boards by signed devices"),
    );
  }
  if (troubled.length > 0) {
    findings.push(warn("devices", `in fault: ${some(troubled)}`, `ecowatt device show ${troubled[0]}`));
  }
  return findings.length > 0 ? findings : [pass("devices", `${known.length} registered, all of them sign`)];
};

function some(names: readonly string[]): string {
  return names.length <= 5 ? names.join(", ") : `${names.slice(0, 5).join(", ")} and ${names.length - 5} more`;
}

async function answerOf(url: string, { fetch, signal }: Patient) {
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.any([signal, AbortSignal.timeout(3_000)]) });
    return { status: response.status, body: parsed(await response.text()) };
  } catch {
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function urlOf(host: string, port: number): string {
  const reached = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reached.includes(":") ? `[${reached}]` : reached}:${port}`;
}

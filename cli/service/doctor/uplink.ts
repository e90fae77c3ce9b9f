import { join } from "node:path";
import { askNode } from "../../../device/local_service/ask.ts";
import { ProbeAnswer, type StatusAnswer } from "../../../device/local_service/wire.ts";
import { loadDeviceKey } from "../../../keys/device_key.ts";
import { openNodeDatabase } from "../../../device/store/database.ts";
import { openBoundAnswers } from "../../../device/store/bound_answers.ts";
import { Sequence } from "../../../device/store/sequence.ts";
import { GatewayClient } from "../../../device/uplink/gateway_client.ts";
import { type Probe, probeGateway } from "../../../device/uplink/probe.ts";
import type { NodeConfig } from "../../../device/config/node_config.ts";
import { nodeDir } from "../../data_dir.ts";
import { exists } from "../../../platform/files.ts";
import { systemRandom as random } from "../../../platform/random.ts";
import { type Check, fail, type Finding, pass, type Patient, reasonOf, warn } from "./finding.ts";

/**
 * The node's gateway is reached and takes its signature. The number that this needs is the node's: a running node is asked to
 * do it, and without one it is reserved in the node's database, which then is free.
 */
export const uplink: Check = async (patient) => {
  const { file, node, dataDir } = patient;
  if (!file?.node) return [];
  if (node.kind === "silent") {
    return [warn("signature", `it is not tried: ${node.why}`, "sudo ecowatt doctor")];
  }
  if (node.kind === "stopped" && !await exists(join(nodeDir(dataDir), "node.sqlite"))) {
    return [warn("signature", "it is tried when the node has run once", `ecowatt run --config ${patient.configPath}`)];
  }
  try {
    const probe = node.kind === "running"
      ? await askNode(nodeDir(dataDir), { ask: "probe" }, ProbeAnswer)
      : await probeWithoutNode(file.node, patient);
    if (probe === undefined) return [warn("signature", "the node ended while it was asked", "ecowatt doctor")];
    return [...findings(probe, file.node), ...node.kind === "running" ? refusedProfiles(node.status) : []];
  } catch (error) {
    return [fail("signature", reasonOf(error), "ecowatt doctor, when that is mended")];
  }
};

function refusedProfiles({ uplink: { refusedProfiles } }: StatusAnswer): readonly Finding[] {
  return refusedProfiles.map(({ profile, reason }) => {
    const message = `the gateway does not take ${profile}, and its samples wait here: ${reason}`;
    return fail(
      "profile",
      message,
      "correct it (ecowatt profile check), or update the gateway; it is tried again by itself",
    );
  });
}

/** Tries the signature with the node's own key and numbers. Throws when another process has its database. */
export async function probeWithoutNode(
  config: NodeConfig,
  { dataDir, clock, fetch, signal }: Pick<Patient, "dataDir" | "clock" | "fetch" | "signal">,
): Promise<Probe> {
  const key = await loadDeviceKey(config, nodeDir(dataDir));
  const db = openNodeDatabase(join(nodeDir(dataDir), "node.sqlite"));
  try {
    const sequence = new Sequence(db);
    const bound = await openBoundAnswers(db, key);
    const io = { sequence, bound, clock, random, fetch };
    const gateway = new GatewayClient({ url: config.gateway, key, ...io, timeoutMs: 10_000 });
    return await probeGateway({ device: key.deviceId, gateway }, signal);
  } finally {
    db.close();
  }
}

/** Whether a gateway is not reached because nobody who is trusted signed its certificate (words of rustls). */
export function isUntrusted(reason: string): boolean {
  return /UnknownIssuer|CaUsedAsEndEntity/.test(reason);
}

function wayTo(gateway: string, reason: string): string {
  if (isUntrusted(reason)) return "name the authority that signed its certificate: `node.ca_file:`";
  if (/certificate/i.test(reason)) return "is this machine's clock right? the certificate has to be for this address";
  return `is it on? is the address right? curl ${gateway}/health`;
}

function findings(probe: Probe, { gateway, device_id, key_number }: NodeConfig): readonly Finding[] {
  switch (probe.kind) {
    case "accepted":
      return [
        pass("gateway", `${gateway} is reached`),
        pass("signature", `${gateway} takes what ${device_id} signs, and proves itself`),
      ];
    case "refused":
      return [
        pass("gateway", `${gateway} is reached`),
        fail(
          "signature",
          `${gateway} does not take key ${key_number} of ${device_id}`,
          `at the gateway: ecowatt device show ${device_id}, then device add or keys rotate; put the key into the node's file`,
        ),
      ];
    case "unproven":
      return [
        fail("gateway", `what answers at ${gateway} is not this node's gateway: ${probe.reason}`, "correct `gateway:`"),
      ];
    case "unreachable":
      return [
        fail(
          "gateway",
          `${gateway} is not reached: ${probe.reason}`,
          wayTo(gateway, probe.reason),
        ),
      ];
    default:
      return probe satisfies never;
  }
}

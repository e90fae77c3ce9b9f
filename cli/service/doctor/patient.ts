import { getLogger } from "@logtape/logtape";
import { join } from "node:path";
import { askNode } from "../../../device/local_service/ask.ts";
import { StatusAnswer } from "../../../device/local_service/wire.ts";
import { openNodeDatabase } from "../../../device/store/database.ts";
import { trustingFetch } from "../../../platform/certificates.ts";
import { systemClock } from "../../../platform/clock.ts";
import { systemRandom } from "../../../platform/random.ts";
import { type ConfigFile, DEFAULT_CONFIG, loadConfig } from "../config/config_file.ts";
import { nodeDir, processDataDir } from "../../data_dir.ts";
import { runProgram } from "../install/system.ts";
import { type NodeState, type Patient, reasonOf } from "./finding.ts";

/** This box, as its configuration says. A configuration that cannot be used is a finding, not a failure. */
export async function patientOf(
  flags: { readonly config?: string; readonly dataDir?: string },
  signal: AbortSignal,
): Promise<Patient> {
  const configPath = flags.config ?? DEFAULT_CONFIG;
  let file: ConfigFile | undefined;
  let configFault: string | undefined;
  try {
    file = await loadConfig(configPath);
  } catch (error) {
    configFault = reasonOf(error);
  }
  const dataDir = processDataDir(flags.dataDir ?? file?.data_dir);
  const node = file?.node ? await nodeState(nodeDir(dataDir)) : { kind: "stopped" } as const;
  const machine = { clock: systemClock, random: systemRandom, fetch: await fetchOf(file, signal), run: runProgram };
  return { configPath, file, configFault, dataDir, node, ...machine, log: getLogger(["ecowatt", "doctor"]), signal };
}

/** Trusts whom the node trusts; that its file cannot be read is said by the check of the configuration. */
async function fetchOf(file: ConfigFile | undefined, signal: AbortSignal): Promise<typeof fetch> {
  const caFile = file?.node?.ca_file;
  if (caFile === undefined) return fetch;
  const trusting = await trustingFetch(caFile, fetch).catch(() => undefined);
  signal.addEventListener("abort", () => trusting?.[Symbol.dispose](), { once: true });
  return trusting?.fetch ?? fetch;
}

/** A node that runs keeps its database for as long as it runs: waiting for it is in vain. Others only look at it. */
const LOOK_MS = 250;

/** Whether a node runs on a data directory, and how it is doing. */
export async function nodeState(folder: string): Promise<NodeState> {
  try {
    const status = await askNode(folder, { ask: "status" }, StatusAnswer);
    if (status !== undefined) return { kind: "running", status };
    await Deno.stat(join(folder, "node.sqlite"));
    openNodeDatabase(join(folder, "node.sqlite"), { patienceMs: LOOK_MS }).close();
    return { kind: "stopped" };
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? { kind: "stopped" } : { kind: "silent", why: reasonOf(error) };
  }
}

import type { Command } from "commander";
import { getLogger } from "@logtape/logtape";
import { openLocalApi } from "../../gateway/local_api.ts";
import { databasePath } from "../../gateway/store/database.ts";
import { systemClock } from "../../platform/clock.ts";
import { systemRandom } from "../../platform/random.ts";
import { type ApiClient, createApiClient } from "./api_client.ts";
import { VERSION } from "../version.ts";
import { gatewayDir, processDataDir } from "../data_dir.ts";
import { CliFailure, EXIT, usage } from "../terminal/exit.ts";
import { exists } from "../../platform/files.ts";
import { osTrouble } from "../terminal/os_trouble.ts";

/** How a command finds its gateway. */
export interface GatewayFlags {
  readonly url?: string;
  readonly token?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
  /** This machine's data directory, whatever the environment names. */
  readonly local?: boolean;
  /** A data directory without a gateway is refused, also by what could make one. */
  readonly existing?: boolean;
}

/** Adds `--url`, `--token`, `--data-dir` and `--json` to a command that speaks to a gateway. */
export function gatewayFlags(command: Command): Command {
  return command
    .option("--url <url>", "address of the gateway (or ECOWATT_URL); without it, the data directory of this machine")
    .option("--token <token>", "operator token, best given as ECOWATT_TOKEN")
    .option("--data-dir <folder>", "folder of the state, for a gateway on this machine")
    .option("--json", "as JSON");
}

/**
 * Runs `work` against the gateway that the flags and the environment name. On this machine that needs no token: who may
 * read the data directory may do anything to it.
 */
export async function withGateway<T>(flags: GatewayFlags, work: (api: ApiClient) => Promise<T>): Promise<T> {
  const url = flags.local ? undefined : gatewayAddress(flags);
  if (url !== undefined) {
    const token = flags.token ?? Deno.env.get("ECOWATT_TOKEN");
    if (token === undefined) throw usage("A gateway at an address needs a token: set ECOWATT_TOKEN or give --token");
    return await work(createApiClient(url, token, fetch));
  }
  const dataDir = processDataDir(flags.dataDir);
  await using stack = new AsyncDisposableStack();
  const open = async (method: string) => {
    if (flags.existing || method !== "POST") await mustHaveRun(dataDir);
    return stack.use(await opened(gatewayDir(dataDir)));
  };
  let local: ReturnType<typeof open> | undefined;
  return await work(createApiClient("http://local", undefined, async (request) => {
    return await (await (local ??= open(request.method))).answer(request);
  }));
}

/** A folder that was mistyped is no gateway without devices; only who adds something makes a new one. */
async function mustHaveRun(dataDir: string): Promise<void> {
  if (await exists(databasePath(gatewayDir(dataDir))).catch(() => true)) return; // who may not look is told so by opening it
  const ways = "name its folder with --data-dir, or its address with --url";
  throw new CliFailure(EXIT.failed, `There is no gateway in ${dataDir}: ${ways}`);
}

/** The address that the flags or the environment name; `undefined` for the gateway of this machine's data directory. */
export function gatewayAddress(flags: GatewayFlags): string | undefined {
  const url = flags.url ?? Deno.env.get("ECOWATT_URL");
  return url === undefined ? undefined : base(url);
}

async function opened(folder: string) {
  try {
    const machine = { clock: systemClock, random: systemRandom, version: VERSION };
    const io = { ...machine, log: getLogger(["ecowatt", "local"]) };
    return await openLocalApi(folder, io);
  } catch (error) {
    throw new CliFailure(EXIT.failed, `Cannot open the gateway's data in ${folder}: ${osTrouble(error)}`, {
      cause: error,
    });
  }
}

function base(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url.origin;
  throw usage(`"${text}" is not an address such as http://gateway:8080`);
}

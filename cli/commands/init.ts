import { resolve } from "node:path";
import { getLogger } from "@logtape/logtape";
import { type Command, Option } from "commander";
import type { BusConfig } from "../../device/config/bus_config.ts";
import { systemClock } from "../../platform/clock.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { number } from "../terminal/arguments.ts";
import { DEFAULT_CONFIG } from "../service/config/config_file.ts";
import { processDataDir } from "../data_dir.ts";
import { CliFailure, EXIT, usage } from "../terminal/exit.ts";
import { DEFAULT_GATEWAY } from "../client/handover.ts";
import { type Answers, type Role, ROLES, rolesOf } from "../service/init/answers.ts";
import { configText } from "../service/init/config_text.ts";
import { findInverters } from "../service/init/find.ts";
import { tryGateway, tryOwnGateway } from "../service/init/gateway_trial.ts";
import { type Trial, tryBus } from "../service/init/inverter_trial.ts";
import { takeKey } from "../service/init/key_file.ts";
import { exists } from "../../platform/files.ts";
import { giveToOwner, placeConfig, requireFree } from "../service/init/place.ts";
import { unitPlaces } from "../service/install/layout.ts";
import { agreed, answered, type Ask, askHere, chosen, NobodyToAsk } from "../service/init/questions.ts";
import { INVERTER_URLS, inverterUrl } from "../terminal/inverter_url.ts";
import type { Terminal } from "../terminal/output.ts";
import { titleOf } from "../service/scan/report.ts";
import { untilStopped } from "../terminal/signals.ts";

interface Flags {
  readonly config?: string;
  readonly dataDir?: string;
  readonly role?: Role;
  readonly inverter: readonly string[];
  readonly device?: string;
  readonly gateway?: string;
  readonly caFile?: string;
  readonly keyFile?: string;
  readonly keyNumber: number;
  readonly host: string;
  readonly port?: number;
  readonly yes?: boolean;
  readonly keep?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** Sets a box up without an editor. */
export function addInit(program: Command, terminal: Terminal): void {
  initCommand(program, terminal, askHere);
}

/** The same with somebody to ask, for tests. */
export function initCommand(program: Command, terminal: Terminal, ask: Ask): void {
  const several = (text: string, all: readonly string[]) => [...all, text];
  program.command("init")
    .description("set this box up: five questions, each answer tried at once, and the configuration is written")
    .option("--config <file>", `configuration file to write (default ${DEFAULT_CONFIG})`)
    .option("--data-dir <folder>", "folder of the state")
    .addOption(new Option("--role <role>", "what this box is").choices(ROLES))
    .option("--inverter <address>", `${INVERTER_URLS}; may be repeated`, several, [])
    .option("--device <name>", "the node's name at its gateway (default roof)")
    .option("--gateway <url>", "address of the gateway, for a node alone")
    .option("--ca-file <file>", "PEM file of the authority that signed that gateway's certificate, if it is one's own")
    .option("--key-file <file>", "file with the device key that the gateway gave out (64 hex digits), for a node alone")
    .option("--key-number <number>", "number of that key", number, 1)
    .option("--host <address>", "where the own gateway listens: 0.0.0.0 for all", "127.0.0.1")
    .option("--port <port>", "HTTP port of the own gateway (default 8080)", number)
    .option("--yes", "ask nothing: what is not given is as usual")
    .option("--keep", "keep an answer that was tried in vain, such as an inverter that is off at night")
    .option("--force", "replace a configuration; it stays beside as .bak")
    .option("--json", "as JSON; asks nothing, as --yes")
    .action((flags: Flags) => init(flags, terminal, flags.yes || flags.json ? () => undefined : ask));
}

async function init(flags: Flags, terminal: Terminal, ask: Ask): Promise<void> {
  const config = resolve(flags.config ?? DEFAULT_CONFIG);
  await requireFree(config, flags.force ?? false);
  using stop = untilStopped();
  const asks = !(flags.yes || flags.json);
  const session: Session = { flags, terminal, ask, asks, signal: stop.signal };
  const { answers, untried } = await gather(session);
  await placeConfig(config, configText(answers));
  await giveToOwner(answers.dataDir);
  const next = await nextStep(config);
  if (flags.json) {
    const { role, device, dataDir } = answers;
    return terminal.out(JSON.stringify({ config, data_dir: dataDir, role, device, untried, next }));
  }
  terminal.out(`\n${config} is written. Next:\n  ${next}\n  ecowatt doctor --config ${config}`);
}

/** A box with the service has it restarted; anywhere else the program is run. */
async function nextStep(config: string): Promise<string> {
  const units = config === DEFAULT_CONFIG ? await Promise.all(unitPlaces("/").map(exists)) : [];
  return units.includes(true) ? "sudo systemctl restart ecowatt" : `ecowatt run --config ${config}`;
}

/** Who is asked, and what was said already. */
interface Session {
  readonly flags: Flags;
  readonly terminal: Terminal;
  readonly ask: Ask;
  /** Whether there is anybody to ask. */
  readonly asks: boolean;
  readonly signal: AbortSignal;
}

async function gather(session: Session): Promise<{ readonly answers: Answers; readonly untried: readonly string[] }> {
  const { flags, ask, asks } = session;
  const untried: string[] = [];
  const role = flags.role ?? (asks ? chosen(ask, "1/5  What is this box?", ROLES, "both") : "both");
  const roles = rolesOf(role);
  const buses = roles.node ? await inverters(session, untried) : [];
  const device = roles.node ? name(session) : "roof";
  const where = roles.gateway ? ownPlace(session) : remotePlace(session);
  const dataDir = resolve(
    flags.dataDir ??
      (asks ? answered(ask, "5/5  Folder of the data", processDataDir(undefined)) : processDataDir(undefined)),
  );
  const { host, keyNumber } = flags;
  const authority = flags.caFile === undefined ? {} : { caFile: resolve(flags.caFile) };
  const answers: Answers = { role, buses, device, host, keyNumber, dataDir, ...where, ...authority };
  return { answers: await gatewayTried(answers, where.keyFile, session, untried), untried };
}

function name({ flags, ask, asks }: Session): string {
  const text = flags.device ?? (asks ? answered(ask, "3/5  Name of this node at its gateway", "roof") : "roof");
  const id = DeviceId.safeParse(text);
  if (!id.success) throw usage(`--device: ${id.error.issues[0]?.message ?? "is no name"}`);
  return id.data;
}

function ownPlace({ flags, ask, asks }: Session): { gateway: string; port: number; keyFile?: string } {
  const port = flags.port ?? (asks ? number(answered(ask, "4/5  HTTP port of the gateway", "8080")) : 8080);
  return { gateway: `http://127.0.0.1:${port}`, port };
}

function remotePlace({ flags, ask, asks }: Session): { gateway: string; port: number; keyFile?: string } {
  if (!asks && (flags.gateway === undefined || flags.keyFile === undefined)) {
    throw usage(
      "A node alone needs --gateway URL and --key-file FILE; `ecowatt device add NAME` at the gateway makes the key",
    );
  }
  const gateway = flags.gateway ?? answered(ask, "4/5  Address of its gateway", DEFAULT_GATEWAY);
  const keyFile = flags.keyFile ?? answered(ask, "     File with the device key that the gateway gave out");
  return { gateway, port: 8080, keyFile };
}

async function inverters(session: Session, untried: string[]): Promise<readonly BusConfig[]> {
  const { flags, asks } = session;
  if (!asks && flags.inverter.length === 0) {
    throw usage(`A node needs --inverter: ${INVERTER_URLS}; \`ecowatt scan\` finds them`);
  }
  if (flags.inverter.length === 0) return [await askedInverter(session, untried)];
  const buses: BusConfig[] = [];
  for (const [index, address] of flags.inverter.entries()) {
    const tried = await tryAddress(address, index, session);
    const { value } = await settle(
      tried,
      `the inverter at ${address}`,
      session,
      untried,
      () => tryAddress(address, index, session),
    );
    buses.push(value);
  }
  return buses;
}

/** Asks until an inverter answers, or one is kept that does not. */
async function askedInverter(session: Session, untried: string[]): Promise<BusConfig> {
  const { ask, terminal, signal } = session;
  for (;;) {
    const text = answered(
      ask,
      "2/5  Address of the inverter (tcp://HOST:PORT, rtu:///dev/PORT), or: scan, scan 192.168.1.0/24",
      "scan",
    );
    const [, where] = text.match(/^scan\s*(.*)$/) ?? [];
    try {
      const address = where === undefined ? text : await pickFound(where, session);
      if (address === undefined) continue;
      const tried = await tryAddress(address, 0, session);
      if (!tried.ok) terminal.err(`${tried.message}\n  ${tried.way}`);
      else terminal.out(`     ${tried.message}`);
      if (tried.ok) return tried.value;
      if (!agreed(ask, "     Keep it anyway?")) continue;
      untried.push("inverter");
      return tried.value;
    } catch (error) {
      if (signal.aborted || error instanceof NobodyToAsk) throw error;
      terminal.err(error instanceof Error ? error.message : String(error));
    }
  }
}

async function pickFound(where: string, { ask, terminal, signal }: Session): Promise<string | undefined> {
  terminal.out("     Looking for inverters …");
  const all = await findInverters(where, { clock: systemClock, log: getLogger(["ecowatt", "init"]), signal });
  if (all.length === 0) {
    terminal.err("Nothing was found. `scan 192.168.1.0/24` looks on a network, `scan /dev/ttyUSB0` on a line");
  }
  for (const [index, { address, found }] of all.entries()) {
    terminal.out(`     ${index + 1}: ${address}  ${titleOf(found)}`);
  }
  return all.length === 0 ? undefined : all[number(answered(ask, "     Which one?", "1")) - 1]?.address;
}

async function tryAddress(address: string, index: number, { signal }: Session): Promise<Trial<BusConfig>> {
  const url = inverterUrl(address, Deno.env.get("ECOWATT_API_KEY"));
  const suffix = index === 0 ? "" : String(index + 1);
  const bus = {
    ...url,
    name: `bus${suffix}`,
    inverters: url.inverters.map((one) => ({ ...one, name: `inverter${suffix}` })),
  };
  const guess = !/[?&](unit|profile)=/.test(address);
  return await tryBus(bus, guess, { clock: systemClock, log: getLogger(["ecowatt", "init"]), signal });
}

async function gatewayTried(
  answers: Answers,
  keyFile: string | undefined,
  session: Session,
  untried: string[],
): Promise<Answers> {
  const io = { clock: systemClock, fetch, log: getLogger(["ecowatt", "init"]), signal: session.signal };
  if (keyFile !== undefined) await takeKey(keyFile, answers.dataDir);
  const again = () => keyFile === undefined ? tryOwnGateway(answers, io) : tryGateway(answers, io);
  return (await settle(await again(), "the gateway", session, untried, again)).value;
}

/** Says how a trial went. One that failed is tried again or kept by whoever is asked, kept with `--keep`, or ends it all. */
async function settle<T>(
  first: Trial<T>,
  what: string,
  { flags, ask, asks, terminal }: Session,
  untried: string[],
  again: () => Promise<Trial<T>>,
): Promise<Trial<T>> {
  for (let trial = first;; trial = await again()) {
    if (trial.ok) {
      if (!flags.json) terminal.out(`     ${trial.message}`);
      return trial;
    }
    const text = `${trial.message}\n  ${trial.way}`;
    if (!asks && !flags.keep) {
      throw new CliFailure(EXIT.unreachable, `Cannot use ${what}: ${text}\n  --keep keeps the answer all the same`);
    }
    terminal.err(text);
    if (flags.keep || !agreed(ask, "     Try again?")) {
      if (!flags.keep && !agreed(ask, "     Keep it anyway?")) throw new CliFailure(EXIT.failed, "Nothing was written");
      untried.push(what);
      return trial;
    }
  }
}

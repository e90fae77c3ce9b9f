import { lookup } from "node:dns/promises";
import { getLogger } from "@logtape/logtape";
import { type Command, Option } from "commander";
import type { ScanIo } from "../../device/scan/lines.ts";
import { hostsOf } from "../../device/scan/network.ts";
import { scanSerial, serialLines, serialScanMs, USUAL_ANSWER_MS, USUAL_BAUDS } from "../../device/scan/serial_scan.ts";
import { scanTcp } from "../../device/scan/tcp_scan.ts";
import { FURTHER_TCP_UNITS, FURTHER_UNITS, USUAL_TCP_UNITS, USUAL_UNITS } from "../../device/scan/usual_units.ts";
import { listSerialPorts } from "../../device/serial/ports.ts";
import { systemClock } from "../../platform/clock.ts";
import { integer } from "../terminal/arguments.ts";
import { CliFailure, EXIT, usage } from "../terminal/exit.ts";
import type { Terminal } from "../terminal/output.ts";
import { knownDevices, untoldDevices } from "../service/profile/known_devices.ts";
import { progressBar } from "../service/scan/progress.ts";
import { type Discovered, discoveredOn, oddityOf, titleOf, yamlOf } from "../service/scan/report.ts";
import { untilStopped } from "../terminal/signals.ts";

/** Milliseconds for which the one address that was named is listened to, when nobody there answers in time. */
const LISTEN_MS = 5000;

interface Flags {
  readonly units?: string;
  readonly timeout?: number;
  readonly json?: boolean;
}

interface TcpFlags extends Flags {
  readonly port: readonly number[];
}

interface SerialFlags extends Flags {
  readonly baud: readonly number[];
  readonly parity?: "none" | "even" | "odd";
}

/** Finds inverters. */
export function addScan(program: Command, terminal: Terminal): void {
  const scan = program.command("scan").description("find inverters, and print the configuration for them");
  const several =
    (low: number, high: number) => (text: string, all: readonly number[]) => [...all, integer(low, high)(text)];
  common(scan.command("tcp <network>"), [...USUAL_TCP_UNITS, ...FURTHER_TCP_UNITS])
    .description("look for Modbus TCP at an address, in a range (192.168.1.20-60) or network (192.168.1.0/24)")
    .option("--port <port>", "TCP port, may be repeated (default 502 and 1502)", several(1, 65_535), [])
    .action((network: string, flags: TcpFlags) => tcp(network, flags, terminal));
  common(scan.command("serial [port]"), [...USUAL_UNITS, ...FURTHER_UNITS])
    .description("look for Modbus RTU on a serial port (all connected ones without a name)")
    .option("--baud <speed>", `may be repeated (default ${USUAL_BAUDS.join(", ")})`, several(1200, 921_600), [])
    .addOption(
      new Option("--parity <parity>", "default: none, even at 9600 and 19200 or the named speeds").choices([
        "none",
        "even",
        "odd",
      ]),
    )
    .action((port: string | undefined, flags: SerialFlags) => serial(port, flags, terminal));
}

function common(command: Command, usual: readonly number[]): Command {
  return command
    .option("--units <ids>", `unit ids such as 1,17 or 1-247 (default ${usual.join(",")})`)
    .option("--timeout <ms>", "milliseconds to wait for each answer", integer(1, 60_000))
    .option("--json", "as JSON");
}

async function tcp(network: string, flags: TcpFlags, terminal: Terminal): Promise<void> {
  const hosts = hostsOf(network);
  if (!hosts.ok) throw usage(hosts.detail);
  const options = {
    hosts: hosts.value,
    ports: flags.port.length > 0 ? flags.port : [502, 1502],
    ...unitsFrom(flags.units, { units: USUAL_TCP_UNITS, further: FURTHER_TCP_UNITS }, 0, 255),
    ...(hosts.value.length === 1 && { listenMs: LISTEN_MS }),
    connectMs: 1000,
    answerMs: flags.timeout ?? 700,
  };
  using stop = untilStopped();
  if (hosts.value.length === 1) await known(network);
  using bar = progressBar(!flags.json && Deno.stderr.isTerminal());
  const endpoints = await scanTcp(options, scanIo(stop.signal), (share) => bar.show(share));
  bar[Symbol.dispose]();
  const all = endpoints.flatMap(({ host, port, ...talked }) => discoveredOn({ tcp: { host, port } }, talked));
  const silent = endpoints.filter(({ found }) => found.length === 0).map(({ host, port }) => `${host}:${port}`);
  const notes = silent.length === 0 ? [] : [`takes connections, but answers no Modbus: ${silent.join(", ")}`];
  const units = [...options.units, ...options.further];
  show(all, { over: "tcp", units, json: flags.json ?? false, notes, stopped: stop.signal.aborted }, terminal);
}

async function serial(port: string | undefined, flags: SerialFlags, terminal: Terminal): Promise<void> {
  const paths = port === undefined ? listSerialPorts().map(({ path }) => path) : [port];
  if (paths.length === 0) throw new CliFailure(EXIT.unreachable, "No serial port is connected: plug the adapter in");
  using stop = untilStopped();
  const options = {
    lines: serialLines(flags.baud, flags.parity),
    ...unitsFrom(flags.units, { units: USUAL_UNITS, further: FURTHER_UNITS }, 1, 247),
    answerMs: flags.timeout ?? USUAL_ANSWER_MS,
  };
  const seconds = Math.ceil(paths.length * serialScanMs(options) / 1000);
  if (!flags.json) terminal.err(`Looking on ${paths.join(", ")}: at most ${seconds} s`);
  const all: Discovered[] = [];
  const notes: string[] = [];
  for (const [index, path] of paths.entries()) {
    using bar = progressBar(!flags.json && Deno.stderr.isTerminal());
    const progress = (share: number) => bar.show((index + share) / paths.length);
    const result = await scanSerial({ path, ...options }, scanIo(stop.signal), progress).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      if (paths.length === 1) throw new CliFailure(EXIT.unreachable, why);
      notes.push(why);
      return undefined;
    });
    if (result) all.push(...discoveredOn({ serial: { path, ...result.line } }, result));
  }
  const units = [...options.units, ...options.further];
  show(all, { over: "serial", units, json: flags.json ?? false, notes, stopped: stop.signal.aborted }, terminal);
}

/** A name that nobody knows is no network without inverters. */
async function known(host: string): Promise<void> {
  try {
    await lookup(host);
  } catch (error) {
    throw new CliFailure(EXIT.unreachable, `Cannot find ${host}: nobody knows this name`, { cause: error });
  }
}

function scanIo(signal: AbortSignal): ScanIo {
  return { clock: systemClock, log: getLogger(["ecowatt", "scan"]), signal, devices: knownDevices };
}

/** What to try when nothing answers, the likeliest first. */
const WAYS = {
  tcp: "is it on (not at night?), and Modbus TCP enabled in its menu? does another program have its only connection? " +
    "or widen the search: --units 1-247",
  serial:
    "swap A and B, connect ground, unplug the inverter's own dongle, or widen the search: --units 1-247, --parity even",
} as const;

/** Unit ids that are named one by one. */
const MOST_NAMED = 20;

interface Shown {
  readonly over: keyof typeof WAYS;
  /** Those that were asked. */
  readonly units: readonly number[];
  readonly json: boolean;
  readonly notes: readonly string[];
  /** Ctrl-C: not everything was looked at. */
  readonly stopped: boolean;
}

function show(all: readonly Discovered[], { over, units, json, notes, stopped }: Shown, terminal: Terminal): void {
  const yaml = yamlOf(all);
  if (json) {
    const found = all.map((one) => ({ address: one.address, title: titleOf(one.found), ...one.found, ...one.needs }));
    terminal.out(JSON.stringify({ found, buses_yaml: yaml ?? null }));
  } else {
    for (const note of [...notes, ...(stopped ? ["Stopped: not everything was looked at"] : [])]) terminal.err(note);
    for (const one of all) {
      terminal.out([one.address, titleOf(one.found), ...[oddityOf(one) ?? []].flat()].join("\n  "));
    }
    if (all.some(({ found }) => found.kind === "unknown")) {
      const names = untoldDevices().join(", ");
      terminal.err(`These are not told from others, and are chosen by \`profile:\`: ${names}`);
    }
    if (yaml !== undefined) terminal.out(`\nFor the section \`node:\` of the configuration:\n${yaml}`);
  }
  if (yaml !== undefined) return;
  if (stopped) throw new CliFailure(EXIT.failed, "Nothing was found so far");
  const asked = units.length > MOST_NAMED ? `${units.length} unit ids` : `unit ids ${units.join(", ")}`;
  const message = all.length === 0 ? `No inverter answers to ${asked}: ${WAYS[over]}` : "None of it is a known device";
  throw new CliFailure(EXIT.unreachable, message);
}

/** Units to ask, and those to ask after them. */
interface Asked {
  readonly units: readonly number[];
  readonly further: readonly number[];
}

/** Those that were named, else the usual ones. */
function unitsFrom(text: string | undefined, usual: Asked, low: number, high: number): Asked {
  return text === undefined ? usual : { units: unitsOf(text, low, high), further: [] };
}

function unitsOf(text: string, low: number, high: number): readonly number[] {
  const units = text.split(",").flatMap((part) => {
    const [, from = "", to = from] = part.trim().match(/^(\d{1,3})(?:-(\d{1,3}))?$/) ?? [];
    const [first, last] = [Number(from), Number(to)];
    if (from === "" || first < low || last > high || last < first) {
      throw usage(`--units: "${part}" is not within ${low} to ${high}, such as 17 or 1-32`);
    }
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  return [...new Set(units)];
}

import type { Command } from "commander";
import { z } from "zod";
import { dumpUnits } from "../../device/simulator/dump_unit.ts";
import { SimulatorFault } from "../../device/simulator/fault.ts";
import { SimulatorOptions } from "../../device/simulator/options.ts";
import { type Simulator, startSimulator } from "../../device/simulator/simulator.ts";
import { Dump } from "../../profiles/dump.ts";
import { systemClock } from "../../platform/clock.ts";
import { checked, number } from "../terminal/arguments.ts";
import { usage } from "../terminal/exit.ts";
import { type LogFlags, logFlags, startLogging } from "../service/run/logging.ts";
import type { Terminal } from "../terminal/output.ts";
import { aborted, untilStopped } from "../terminal/signals.ts";
import { loadYaml } from "../service/config/yaml_file.ts";

interface Flags extends LogFlags {
  readonly config?: string;
  readonly dump?: string;
  readonly fault: readonly string[];
  readonly http: boolean;
  readonly tcp: boolean;
  readonly [option: string]: unknown;
}

/** A file with several simulators. */
const SimulatorsFile = z.strictObject({ simulators: z.array(SimulatorOptions).min(1).max(64) });

/** Solar inverters that exist only on the wire. */
export function addSimulate(program: Command, terminal: Terminal): void {
  const command = program.command("simulate")
    .description("simulate solar inverters over Modbus TCP, Modbus RTU and the HTTP API")
    .option("--config <file>", "YAML file with several `simulators:`; the flags below are for one without a file")
    .option(
      "--dump <file>",
      "the registers of a dump (ecowatt profile dump) in the place of an inverter, on its unit ids",
    )
    .option("--host <address>", "address to serve on (default 127.0.0.1)")
    .option("--port <port>", "Modbus TCP port, 0 for any (default 5020)", number)
    .option("--no-tcp", "no Modbus TCP")
    .option("--http-port <port>", "port of the HTTP inverter API, 0 for any (default 8090)", number)
    .option("--no-http", "no HTTP API")
    .option("--serial <path>", "serve Modbus RTU on a serial port, or on a new one with `pty`")
    .option("--profile <name>", "ecowatt, sunspec or both (default ecowatt)")
    .option("--unit <id>", "unit id of the ten registers (default 17)", number)
    .option("--sunspec-unit <id>", "unit id of the SunSpec map (default 1)", number)
    .option("--seed <number>", "the same seed gives the same weather and noise (default 1)", number)
    .option("--speed <factor>", "times as fast as the clock (default 1)", number)
    .option("--start <time>", "simulated time at the start, such as 2026-06-21T11:00:00Z (default now)")
    .option(
      "--fault <fault>",
      "let answers go wrong: timeout, exception:CODE, crc, late:MS, garbage, disconnect or wrong_tid, " +
        "each with @CHANCE for some of them (may be repeated)",
      (fault: string, all: readonly string[]) => [...all, fault],
      [],
    );
  logFlags(command).action((flags: Flags) => simulate(flags, terminal));
}

async function simulate(flags: Flags, terminal: Terminal): Promise<void> {
  const all = flags.config === undefined
    ? [fromFlags(flags)]
    : (await loadYaml(flags.config, SimulatorsFile)).simulators;
  const units = flags.dump === undefined ? undefined : dumpUnits(await loadYaml(flags.dump, Dump));
  using stop = untilStopped();
  const log = await startLogging(flags, terminal);
  await using running = new AsyncDisposableStack();
  for (const options of all) {
    const simulator = running.use(
      await startSimulator(options, {
        clock: systemClock,
        log: log.getChild("simulator"),
        ...(units ? { units } : {}),
      }),
    );
    terminal.out(describe(simulator, options, units && [...units.keys()]));
  }
  await aborted(stop.signal);
}

function fromFlags(flags: Flags): SimulatorOptions {
  const { config: _, dump: _dump, fault, http, tcp, logLevel: _level, logJson: _json, ...rest } = flags;
  return checked(SimulatorOptions, {
    ...rest,
    ...(tcp ? {} : { port: null }),
    ...(http ? {} : { httpPort: null }),
    faults: fault.map(faultRule),
  });
}

/** `late:800@0.1`: one answer in ten comes 800 ms late. */
function faultRule(text: string): unknown {
  const [, kind, argument, chance] = text.match(/^([a-z_]+)(?::(\d+))?(?:@([\d.]+))?$/) ?? [];
  const value = argument === undefined ? undefined : Number(argument);
  const fault = SimulatorFault.safeParse({
    kind,
    ...(kind === "exception" ? { code: value } : {}),
    ...(kind === "late" ? { delayMs: value } : {}),
    ...(kind === "garbage" && value !== undefined ? { bytes: value } : {}),
  });
  if (!fault.success) {
    throw usage(`--fault: "${text}" is not a fault that can be simulated (see ecowatt simulate --help)`);
  }
  return { fault: fault.data, ...(chance === undefined ? {} : { probability: Number(chance) }) };
}

function describe({ addresses }: Simulator, options: SimulatorOptions, dumped?: readonly number[]): string {
  const units = dumped?.map((id) => `unit ${id}: a dump`) ?? [
    ...(options.profile === "sunspec" ? [] : [`unit ${options.unit}: ecowatt`]),
    ...(options.profile === "ecowatt" ? [] : [`unit ${options.sunspecUnit}: sunspec`]),
  ];
  const places = [
    ...(addresses.tcp ? [`tcp://${addresses.tcp.host}:${addresses.tcp.port}`] : []),
    ...(addresses.serial ? [`rtu://${addresses.serial}`] : []),
    ...(addresses.http ? [addresses.http] : []),
  ];
  return `Inverter simulated on ${places.join(", ")} (${units.join(", ")})`;
}

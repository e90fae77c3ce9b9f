import { getLogger } from "@logtape/logtape";
import type { Command } from "commander";
import { busOf } from "../../device/equipment/bus.ts";
import { type ConfiguredInverter, invertersOf } from "../../device/equipment/inverters.ts";
import type { BusConfig } from "../../device/config/bus_config.ts";
import { pollOnce, pollUntil } from "../../device/inverter/patient_poll.ts";
import type { Poll } from "../../device/inverter/poll.ts";
import { duration } from "../../platform/quantity.ts";
import { systemClock } from "../../platform/clock.ts";
import { lookup, shownOf } from "../../protocol/profile/lookup.ts";
import { physicalColumns } from "../../protocol/profile/physical.ts";
import { DEFAULT_CONFIG, libraryOf } from "../service/config/config_file.ts";
import { CliFailure, EXIT, usage } from "../terminal/exit.ts";
import { chosenBuses, WHICH_INVERTER } from "../service/config/inverter_choice.ts";
import { table, type Terminal } from "../terminal/output.ts";
import { untilStopped } from "../terminal/signals.ts";

interface Flags {
  readonly config?: string;
  readonly watch?: string;
  readonly registers?: string;
  readonly json?: boolean;
}

/** Reads inverters once, or again and again, without a node. */
export function addRead(program: Command, terminal: Terminal): void {
  program.command("read [inverter]")
    .description(`read an inverter now: one of the configuration by name (all without a name), or one at an address`)
    .option("--config <file>", `configuration with the inverters (default ${DEFAULT_CONFIG})`)
    .option("--registers <names>", "only these, separated by commas")
    .option("--watch <interval>", "again and again, such as 1s, until Ctrl-C")
    .option("--json", "one JSON object a reading")
    .addHelpText("after", WHICH_INVERTER)
    .action((inverter: string | undefined, flags: Flags) => read(inverter, flags, terminal));
}

async function read(name: string | undefined, flags: Flags, terminal: Terminal): Promise<void> {
  const buses = await busesFor(name, flags);
  const everyMs = flags.watch === undefined ? undefined : intervalOf(flags.watch);
  using stop = untilStopped();
  await using open = new AsyncDisposableStack();
  const io = { clock: systemClock, log: getLogger(["ecowatt", "read"]) };
  const library = libraryOf(flags.config);
  const inverters = buses.flatMap((bus) => invertersOf(bus, open.use(busOf(bus, io)), { ...io, library }));
  const asked = (inverter: ConfiguredInverter["inverter"], started: number, signal: AbortSignal) =>
    everyMs === undefined
      ? pollOnce(inverter, { ...io, signal })
      : pollUntil(inverter, { ...io, signal, end: started + everyMs });
  do {
    const started = systemClock.monotonic();
    for (const { config, inverter } of inverters) {
      const poll = await asked(inverter, started, stop.signal);
      if (stop.signal.aborted && everyMs === undefined) {
        throw new CliFailure(EXIT.failed, `Stopped: ${config.name} was not read`);
      }
      if (stop.signal.aborted) return;
      show(config.name, poll, flags, everyMs !== undefined, terminal);
    }
    if (everyMs !== undefined) await systemClock.sleep(everyMs - (systemClock.monotonic() - started), stop.signal);
  } while (everyMs !== undefined && !stop.signal.aborted);
}

async function busesFor(name: string | undefined, flags: Flags): Promise<readonly BusConfig[]> {
  const buses = await chosenBuses(name, flags.config);
  const registers = flags.registers?.split(",").map((register) => register.trim());
  if (registers === undefined) return buses;
  return buses.map((bus) => ({ ...bus, inverters: bus.inverters.map((inverter) => ({ ...inverter, registers })) }));
}

function intervalOf(text: string): number {
  const parsed = duration("0.1s", "3600s").safeParse(text);
  if (parsed.success) return parsed.data;
  throw usage(`--watch: ${parsed.error.issues[0]?.message ?? "is no duration"}`);
}

function show(
  name: ConfiguredInverter["config"]["name"],
  poll: Poll,
  flags: Flags,
  goesOn: boolean,
  terminal: Terminal,
): void {
  if (poll.kind === "nothing") {
    const failure = new CliFailure(
      poll.fault.kind === "registers" ? EXIT.usage : EXIT.unreachable,
      `Cannot read ${name}: ${poll.fault.message}`,
    );
    if (!goesOn) throw failure;
    return terminal.err(failure.message);
  }
  const readings = readingsOf(poll);
  if (flags.json) {
    const values = Object.fromEntries(readings.map(({ name, value, unit }) => [name, { value: value ?? null, unit }]));
    return terminal.out(JSON.stringify({ inverter: name, time: new Date(poll.at).toISOString(), values }));
  }
  const rows = readings.map((
    { name, value, unit, description },
  ) => [name, value?.toString() ?? "-", unit, description]);
  terminal.out(`${name} at ${new Date(poll.at).toISOString()}\n${table(["REGISTER", "VALUE", "UNIT", ""], rows)}`);
}

function readingsOf(poll: Extract<Poll, { kind: "read" }>) {
  const values = physicalColumns(poll.profile, poll.columns)(poll.values);
  const known = poll.columns.map((column) => lookup(poll.profile, column)).filter((register) => register !== undefined);
  return shownOf(known).map(({ name, unit, description }) => {
    return { name, value: values[poll.columns.indexOf(name)], unit, description };
  });
}

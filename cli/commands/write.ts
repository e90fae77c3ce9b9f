import { getLogger } from "@logtape/logtape";
import type { Command } from "commander";
import { busOf } from "../../device/equipment/bus.ts";
import { invertersOf } from "../../device/equipment/inverters.ts";
import { execute } from "../../device/command/executor.ts";
import { NO_LEASES } from "../../device/command/lease_keeper.ts";
import type { Execution } from "../../device/command/execution.ts";
import { pollOnce } from "../../device/inverter/patient_poll.ts";
import { textOf } from "../../device/command/register_values.ts";
import { systemClock } from "../../platform/clock.ts";
import { TimeLimit } from "../../platform/deadline.ts";
import { checkCommand } from "../../protocol/command/check.ts";
import { commandReasonText } from "../../protocol/command/reason.ts";
import { lookup } from "../../protocol/profile/lookup.ts";
import type { Profile } from "../../protocol/profile/register.ts";
import { integer } from "../terminal/arguments.ts";
import { DEFAULT_CONFIG, libraryOf } from "../service/config/config_file.ts";
import { CliFailure, EXIT, usage } from "../terminal/exit.ts";
import { chosenBuses, WHICH_INVERTER } from "../service/config/inverter_choice.ts";
import type { Terminal } from "../terminal/output.ts";
import { untilStopped } from "../terminal/signals.ts";

interface Flags {
  readonly config?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** What nobody keeps count of: a person writes once, and sees what came of it. */
const NO_JOURNAL = { begin: () => {}, writes: () => 0 };

/** Writes a register of an inverter, without a node. */
export function addWrite(program: Command, terminal: Terminal): void {
  program.command("write <inverter> <register> <value>")
    .description("write a register of an inverter now and read it back; `command write` lets its node do it")
    .option("--config <file>", `configuration with the inverters (default ${DEFAULT_CONFIG})`)
    .option("--yes", "yes, write it")
    .option("--json", "as JSON")
    .addHelpText("after", `\nThe register by its name or address, the value raw.${WHICH_INVERTER}`)
    .action((inverter: string, register: string, value: string, flags: Flags) =>
      write({ inverter, register, value: integer(-(2 ** 31), 2 ** 32 - 1)(value) }, flags, terminal)
    );
}

interface Wish {
  readonly inverter: string;
  readonly register: string;
  readonly value: number;
}

async function write({ inverter: name, register, value }: Wish, flags: Flags, terminal: Terminal): Promise<void> {
  const [bus] = await chosenBuses(name, flags.config);
  if (!bus) throw usage(`There is no inverter "${name}"`);
  using stop = untilStopped();
  const io = { clock: systemClock, log: getLogger(["ecowatt", "write"]) };
  await using line = busOf(bus, io);
  const [found] = invertersOf(bus, line, { ...io, library: libraryOf(flags.config) });
  if (!found) throw usage(`There is no inverter "${name}"`);
  const { inverter } = found;
  const poll = await pollOnce(inverter, { ...io, signal: stop.signal });
  if (poll.kind === "nothing") throw new CliFailure(EXIT.unreachable, `Cannot write to ${name}: ${poll.fault.message}`);
  const { profile } = poll;
  const parameters = { register_address: addressOf(register, profile), value };
  const command = { command_id: "shell", command_type: "write_register", parameters } as const;
  const [refusal] = checkCommand(command, profile);
  if (refusal) throw usage(`Cannot write to ${name}: ${commandReasonText(refusal.reason)}`);
  if (!flags.yes) throw usage(`This writes ${value} to ${register} of ${name}: add --yes`);
  using deadline = new TimeLimit(systemClock, Infinity);
  const order = { command, deadline, writesPerDay: Infinity };
  const targets = new Map([[name, inverter]]);
  show(
    await execute(order, { ...io, inverters: targets, journal: NO_JOURNAL, leases: NO_LEASES }, stop.signal),
    name,
    flags,
    terminal,
  );
}

/** An address as it is; else that of the holding register with this name. */
function addressOf(register: string, profile: Profile): number {
  if (/^[0-9]+$/.test(register)) return integer(0, 0xffff)(register);
  const named = lookup(profile, register);
  if (named?.table === "holding") return named.address;
  const writable = profile.registers.filter(({ access }) => access === "read-write").map(({ name }) => name);
  throw usage(`${profile.title} has no register "${register}" to write; it has ${writable.join(", ") || "none"}`);
}

function show(execution: Execution, name: string, { json }: Flags, terminal: Terminal): void {
  switch (execution.kind) {
    case "completed":
      return terminal.out(
        json
          ? JSON.stringify({ inverter: name, registers: execution.registers, notes: execution.notes ?? [] })
          : [...execution.registers.map(textOf), ...(execution.notes ?? [])].join("\n"),
      );
    case "failed":
      throw new CliFailure(EXIT.failed, `Cannot write to ${name}: ${execution.message}`);
    case "expired":
    case "stopped":
      throw new CliFailure(EXIT.failed, `Stopped: it is not known what ${name} holds`);
    default:
      execution satisfies never;
  }
}

import type { Command } from "commander";
import { dumpsBeside, machineLibrary } from "../../profiles/library.ts";
import { trialOf } from "../../profiles/trial.ts";
import type { Register } from "../../protocol/profile/register.ts";
import { chosenProfile, WHICH_PROFILE } from "../service/profile/chosen.ts";
import { reach } from "../service/profile/line.ts";
import { dumpText, recordDump } from "../service/profile/recording.ts";
import { triedValues } from "../service/profile/values.ts";
import { CliFailure, EXIT } from "../terminal/exit.ts";
import { INVERTER_URLS } from "../terminal/inverter_url.ts";
import { table, type Terminal } from "../terminal/output.ts";
import { untilStopped } from "../terminal/signals.ts";

interface Flags {
  readonly json?: boolean;
  readonly out?: string;
}

/** Devices as data: what there is, and what helps to write more. */
export function addProfile(program: Command, terminal: Terminal): void {
  const profile = program.command("profile").description(
    "the devices that are known, and what helps to describe another",
  );
  const add = (name: string, description: string) =>
    profile.command(name).description(description).option("--json", "as JSON");
  add("list", "the devices that are known").action((flags: Flags) => list(flags, terminal));
  add("show <profile>", "what is read of a device, and what it can be told").addHelpText("after", WHICH_PROFILE)
    .action((choice: string, flags: Flags) => show(choice, flags, terminal));
  add("check <file>", "check a file; faults come with line and column").addHelpText("after", WHICH_PROFILE)
    .action((choice: string, flags: Flags) => check(choice, flags, terminal));
  add("try <profile> <address>", "read a device by a profile, and say what looks wrong; nothing is stored or written")
    .addHelpText("after", `${WHICH_PROFILE}\nAddresses: ${INVERTER_URLS}.`)
    .action((choice: string, address: string, flags: Flags) => tryOut(choice, address, flags, terminal));
  add("dump <profile> <address>", "record a device's registers, without its serial number")
    .option("--out <file>", "where to (default: to standard output)")
    .addHelpText("after", `${WHICH_PROFILE}\nAddresses: ${INVERTER_URLS}.`)
    .action((choice: string, address: string, flags: Flags) => dump(choice, address, flags, terminal));
  add("test [profiles...]", "try profiles with the dumps beside them (all known without a name)")
    .addHelpText("after", WHICH_PROFILE)
    .action((choices: readonly string[], flags: Flags) => test(choices, flags, terminal));
}

function list(flags: Flags, terminal: Terminal): void {
  const devices = machineLibrary.names().map((name) => {
    const found = machineLibrary.find(name);
    if (!found.ok) return { name, title: found.detail, class: "", status: "broken", confidence: "" };
    const { title, class: kind, status, confidence } = found.value.document;
    return { name, title, class: kind, status, confidence };
  });
  if (flags.json) return terminal.out(JSON.stringify({ profiles: devices }));
  const rows = devices.map((
    { name, title, class: kind, status, confidence },
  ) => [name, kind, status, confidence, title]);
  terminal.out(table(["NAME", "CLASS", "STATUS", "CONFIDENCE", "TITLE"], rows));
}

async function show(choice: string, flags: Flags, terminal: Terminal): Promise<void> {
  const { kind: { document, maps } } = await chosenProfile(choice);
  if (flags.json) return terminal.out(JSON.stringify(document));
  const { title, class: kind, status, confidence } = document;
  terminal.out(`${document.name}: ${title} (${kind}, ${status}, confidence ${confidence})`);
  for (const { variant, profile } of maps) {
    const own = profile.registers.filter(({ part }) => part !== true);
    terminal.out(`\n${variant === undefined ? "" : `${variant}: ${profile.title}, `}${profile.id}`);
    terminal.out(table(["REGISTER", "AT", "TYPE", "UNIT", "ROLE", ""], own.map(registerRow)));
  }
  const controls = Object.entries(document.controls);
  if (controls.length === 0) return;
  const rows = controls.map(([name, { hardware, takes, title = "" }]) => [name, takes?.unit ?? "", hardware, title]);
  terminal.out(`\n${table(["CONTROL", "UNIT", "HARDWARE", ""], rows)}`);
}

function registerRow(
  { name, table, address, encoding, making, unit, role = "", description }: Register,
): readonly string[] {
  const type = making?.low ? `${encoding}…` : encoding;
  return [name, `${table} ${address}`, type, unit, role, description];
}

async function check(choice: string, flags: Flags, terminal: Terminal): Promise<void> {
  const { kind: { document, maps } } = await chosenProfile(choice);
  const found = { ok: true, name: document.name, registers: Object.keys(document.registers).length, maps: maps.length };
  const variants = found.maps === 1 ? "" : `, ${found.maps} variants`;
  terminal.out(flags.json ? JSON.stringify(found) : `${choice} is right: ${found.registers} registers${variants}`);
}

async function tryOut(choice: string, address: string, flags: Flags, terminal: Terminal): Promise<void> {
  const { kind } = await chosenProfile(choice);
  using stop = untilStopped();
  await using reached = reach(address, kind);
  const poll = await reached.device.poll(stop.signal);
  if (poll.kind === "nothing") {
    const exit = poll.fault.kind === "misfit" ? EXIT.failed : EXIT.unreachable;
    throw new CliFailure(exit, `Cannot read it by ${choice}: ${poll.fault.message}`);
  }
  const values = triedValues(poll);
  if (flags.json) {
    return terminal.out(JSON.stringify({ profile: poll.profile.id, values, refused: reached.device.quarantined() }));
  }
  const rows = values.map((
    { name, value, unit, description, hint },
  ) => [name, `${value ?? "-"}`, unit, description, hint ?? ""]);
  terminal.out(`${poll.profile.title}, ${poll.profile.id}\n${table(["REGISTER", "VALUE", "UNIT", "", ""], rows)}`);
  for (const { register, code } of reached.device.quarantined()) {
    terminal.out(`${register} is refused by the device (${code === 0 ? "no answer" : `exception ${code}`})`);
  }
}

async function dump(choice: string, address: string, flags: Flags, terminal: Terminal): Promise<void> {
  const { kind } = await chosenProfile(choice);
  using stop = untilStopped();
  await using reached = reach(address, kind);
  const recorded = await recordDump(kind, reached.bus, reached.unit, stop.signal).catch((error: unknown) => {
    throw new CliFailure(EXIT.unreachable, error instanceof Error ? error.message : String(error), { cause: error });
  });
  const text = flags.json ? JSON.stringify(recorded) : dumpText(recorded);
  if (flags.out === undefined) return terminal.out(text.trimEnd());
  await Deno.writeTextFile(flags.out, text);
  terminal.err(`${recorded.registers.length} runs of registers are in ${flags.out}; add what the display showed`);
}

async function test(choices: readonly string[], flags: Flags, terminal: Terminal): Promise<void> {
  const results = [];
  for (const name of choices.length > 0 ? choices : machineLibrary.names()) {
    const { kind, file } = await chosenProfile(name);
    const dumps = dumpsBeside(file);
    if (!dumps.ok) throw new CliFailure(EXIT.usage, `${name}: ${dumps.detail}`);
    results.push({ name, ...trialOf(kind, dumps.value) });
  }
  if (flags.json) terminal.out(JSON.stringify({ profiles: results }));
  else {
    const rows = results.map(({ name, points, dumps, caught, missed }) =>
      [name, points, dumps, caught, missed.length].map(String)
    );
    terminal.out(table(["PROFILE", "POINTS", "DUMPS", "CAUGHT", "MISSED"], rows));
    for (const { name, faults } of results) for (const fault of faults) terminal.out(`${name}: ${fault}`);
    if (choices.length > 0) {
      for (const { missed } of results) for (const one of missed) terminal.out(`not caught: ${one}`);
    }
  }
  const wrong = results.filter(({ faults }) => faults.length > 0).length;
  if (wrong > 0) {
    throw new CliFailure(EXIT.failed, `${wrong} of ${results.length} profiles do not show what their dumps say`);
  }
}

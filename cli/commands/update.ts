import type { Command } from "commander";
import { type SlotFiles, slotFiles } from "../../ota/slots/files.ts";
import { loadState } from "../../ota/slots/state.ts";
import { currentSlot, readTrial } from "../../ota/slots/slots.ts";
import { systemClock } from "../../platform/clock.ts";
import { processDataDir, slotsDir } from "../data_dir.ts";
import { CliFailure, EXIT } from "../terminal/exit.ts";
import type { Terminal } from "../terminal/output.ts";
import {
  answers,
  type Asked,
  askForCheck,
  hasRestarted,
  published,
  type PublishedStatus,
} from "../../ota/updater/status_files.ts";

interface Flags {
  readonly dataDir?: string;
  readonly json?: boolean;
}

/** Milliseconds after which a node that says nothing is taken for stopped, and in which it has to take a request up. */
const SILENCE_MS = 90_000;
const PATIENCE_MS = 120_000;

/** Updates of this machine's node. */
export function addUpdate(program: Command, terminal: Terminal): void {
  const group = program.command("update").description("updates of the node on this machine");
  const command = (name: string, what: string) =>
    group.command(name).description(what)
      .option("--data-dir <folder>", "folder of the state").option("--json", "as JSON");
  command("status", "what runs, what is on its way, what failed").action((flags: Flags) => status(flags, terminal));
  command("check", "have the running node look for an update, which it takes; say what it found").action((
    flags: Flags,
  ) => check(flags, terminal, (now) => now.phase.kind !== "checking"));
  command("now", "the same, and follow the update until the node restarts").action((flags: Flags) =>
    check(flags, terminal, ({ phase }) => phase.kind === "idle" || phase.kind === "restarting")
  );
}

async function status(flags: Flags, terminal: Terminal): Promise<void> {
  const files = await filesOf(flags);
  const [now, state, slot, trial] = [
    await published(files),
    await loadState(files),
    await currentSlot(files),
    await readTrial(files),
  ];
  const about = { running: now ?? null, slot: slot ?? null, trial: trial ?? null, floor: state.floor, bad: state.bad };
  if (flags.json) return terminal.out(JSON.stringify(about));
  terminal.out(now ? `Running  ${now.version}, ${phaseText(now)}` : "Running  no node with updates has run here");
  terminal.out(`Slot     ${slot ?? "none: the installed executable"}`);
  terminal.out(`Floor    sequence ${state.floor}`);
  if (now?.lastOutcome !== undefined) terminal.out(`Last     ${now.lastOutcome}`);
  for (const { version, sequence, reason } of state.bad) terminal.out(`Failed   ${version} (${sequence}): ${reason}`);
}

type Done = (status: PublishedStatus) => boolean;

async function check(flags: Flags, terminal: Terminal, done: Done): Promise<void> {
  const files = await filesOf(flags);
  const before = await published(files);
  if (before === undefined || systemClock.now() - before.at > SILENCE_MS) {
    throw new CliFailure(EXIT.unreachable, "No node with an `update:` section runs with this data directory");
  }
  const asked = { at: systemClock.now(), before };
  await askForCheck(files);
  const after = await follow(files, asked, { done, terminal, quiet: flags.json === true });
  const restarted = hasRestarted(after, before) ? "restarted; " : "";
  terminal.out(flags.json ? JSON.stringify(after) : restarted + phaseText(after));
  if (!flags.json && after.lastOutcome !== undefined) terminal.out(after.lastOutcome);
}

/** Waits until a check that was asked for is done; shows the progress meanwhile. */
async function follow(
  files: SlotFiles,
  asked: Asked,
  { done, terminal, quiet }: { readonly done: Done; readonly terminal: Terminal; readonly quiet: boolean },
): Promise<PublishedStatus> {
  let shown = "";
  for (let waited = systemClock.monotonic();;) {
    await systemClock.sleep(500);
    const now = await published(files);
    if (now !== undefined && hasRestarted(now, asked.before) && now.phase.kind !== "checking") return now;
    if (now !== undefined && answers(now, asked)) {
      if (done(now)) return now;
      const text = phaseText(now);
      if (text !== shown && !quiet) terminal.err(text);
      if (text !== shown) waited = systemClock.monotonic();
      shown = text;
    }
    if (systemClock.monotonic() - waited > PATIENCE_MS) {
      throw new CliFailure(EXIT.unreachable, "The node does not go on; `ecowatt update status` says where it is");
    }
  }
}

const BAR = 30;

/** What the node is at, in one line. */
function phaseText({ phase }: PublishedStatus): string {
  switch (phase.kind) {
    case "idle":
      return `next check at ${new Date(phase.nextCheckAt).toISOString()}`;
    case "checking":
      return "asking the gateway";
    case "downloading": {
      const full = Math.floor(BAR * phase.chunks / phase.total);
      const percent = Math.floor(100 * phase.chunks / phase.total);
      return `${phase.version} [${"#".repeat(full)}${"-".repeat(BAR - full)}] ${percent} %`;
    }
    case "verifying":
      return `checking ${phase.version}`;
    case "restarting":
      return `restarting into ${phase.version}`;
    case "on_trial":
      return `${phase.version} is on trial; missing: ${phase.missing.join(", ") || "nothing"}`;
    default:
      return phase satisfies never;
  }
}

async function filesOf(flags: Flags): Promise<SlotFiles> {
  return await slotFiles(Deno.env.get("ECOWATT_SLOTS") || slotsDir(processDataDir(flags.dataDir)));
}

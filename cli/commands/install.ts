import type { Command } from "commander";
import { resolve } from "node:path";
import { CliFailure, EXIT, usage } from "../terminal/exit.ts";
import { checkImage, checkMachine, checkUnits } from "../service/install/checks.ts";
import { layoutOf } from "../service/install/layout.ts";
import { installSteps, uninstallSteps } from "../service/install/plan.ts";
import { isActive } from "../service/install/service_step.ts";
import { type Step, takeAll, type Taken } from "../service/install/step.ts";
import { runProgram } from "../service/install/system.ts";
import { runsSystemd } from "../service/install/user.ts";
import type { Terminal } from "../terminal/output.ts";

interface Flags {
  readonly root: string;
  readonly packaged?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

interface InstallFlags extends Flags {
  readonly executable?: string;
  readonly start: boolean;
  readonly force?: boolean;
  readonly upgrade?: boolean;
}

interface UninstallFlags extends Flags {
  readonly purge?: boolean;
  readonly yes?: boolean;
}

/** Makes this program a service of the machine, or of a system image. */
export function addInstall(program: Command, terminal: Terminal): void {
  common(
    program.command("install").description("make this program a service of this machine (systemd), or complete it"),
  )
    .option("--executable <file>", "what to install (default: this program)")
    .option("--no-start", "do not start the service now")
    .option("--upgrade", "leave a service that was stopped or disabled as it is")
    .option("--force", "also replace an executable in use that is newer")
    .action((flags: InstallFlags) => install(flags, terminal));
}

/** Takes the service away again. */
export function addUninstall(program: Command, terminal: Terminal): void {
  common(program.command("uninstall").description("remove the service; configuration and data stay"))
    .option("--purge", "remove configuration, keys, samples and the user as well; needs --yes")
    .option("--yes", "yes, remove them for good")
    .action((flags: UninstallFlags) => uninstall(flags, terminal));
}

function common(command: Command): Command {
  return command
    .option("--root <folder>", "work on the system image in that folder, which does not run", "/")
    .option("--packaged", "the files were unpacked by a package already: for its scripts")
    .option("--dry-run", "only say what would be done")
    .option("--json", "as JSON");
}

async function install(flags: InstallFlags, terminal: Terminal): Promise<void> {
  const { root, packaged, live } = await whereOf(flags);
  const layout = layoutOf(root, packaged);
  const executable = packaged ? layout.executable : resolve(executableOf(flags));
  if (live) await checkMachine(runProgram);
  await checkImage(root, executable);
  await checkUnits("install", root, packaged);
  const upgrade = flags.upgrade === true;
  const start = live && flags.start && await systemdOr(packaged) && (!upgrade || await isActive(runProgram));
  const plan = { layout, executable, packaged, start, enable: !upgrade, force: flags.force === true };
  await take(await installSteps({ ...plan, isRoot: Deno.uid() === 0, run: runProgram }), flags, terminal, {
    nothing: "Everything is installed already.",
    after: `Next, to say what this box is: systemctl stop ecowatt; ecowatt init; systemctl start ecowatt
(or edit ${layout.config} and restart it). \`systemctl status ecowatt\` and \`ecowatt doctor\` say how it is.`,
  });
}

async function uninstall(flags: UninstallFlags, terminal: Terminal): Promise<void> {
  const { root, packaged, live } = await whereOf(flags);
  const layout = layoutOf(root, packaged);
  if (flags.purge && !flags.yes && !flags.dryRun) {
    throw usage(`--purge removes ${layout.configDir} and ${layout.dataDir}, with all keys and samples: add --yes`);
  }
  if (!packaged) await checkUnits("uninstall", root, packaged);
  const purge = flags.purge === true;
  const removal = { layout, packaged, live: live && await runsSystemd(), purge, run: runProgram };
  await take(uninstallSteps(removal), flags, terminal, {
    nothing: "Nothing is installed.",
    after: purge ? "Everything is removed." : `Kept: ${layout.configDir} and ${layout.dataDir}`,
  });
}

/** Which system is meant. Throws when this process may not change it. */
async function whereOf(flags: Flags): Promise<{ root: string; packaged: boolean; live: boolean }> {
  const root = resolve(flags.root);
  const live = root === "/";
  if (live && Deno.uid() !== 0 && !flags.dryRun) {
    throw new CliFailure(EXIT.failed, "Only root can change the services of this machine: use sudo");
  }
  if (!live && !await Deno.stat(root).then((found) => found.isDirectory, () => false)) {
    throw usage(`--root: there is no folder ${root}`);
  }
  return { root, packaged: flags.packaged === true, live };
}

function executableOf({ executable }: InstallFlags): string {
  if (executable !== undefined) return executable;
  if (Deno.build.standalone) return Deno.execPath();
  throw usage("From source there is no executable to install: `deno task build`, then `sudo dist/ecowatt install`");
}

/** A package is also installed where systemd does not run, as in a container: it starts with the machine then. */
async function systemdOr(packaged: boolean): Promise<boolean> {
  if (await runsSystemd()) return true;
  if (packaged) return false;
  throw new CliFailure(
    EXIT.failed,
    "This machine does not run systemd: have `ecowatt run` started by what it has, or use --no-start or --root",
  );
}

async function take(
  steps: readonly Step[],
  flags: Flags,
  terminal: Terminal,
  said: { readonly nothing: string; readonly after: string },
): Promise<void> {
  const report = (one: Taken) => flags.json ? undefined : terminal.out(lineOf(one));
  const taken = await takeAll(steps, { dryRun: flags.dryRun === true, report });
  if (flags.json) return terminal.out(JSON.stringify(taken));
  const changed = taken.some(({ outcome }) => outcome !== "unchanged");
  if (!changed) return terminal.out(said.nothing);
  if (!flags.dryRun) terminal.out(said.after);
}

function lineOf({ what, outcome, note }: Taken): string {
  return `${outcome.padEnd(9)}  ${what}${note === undefined ? "" : ` (${note})`}`;
}

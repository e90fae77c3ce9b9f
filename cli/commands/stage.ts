import type { Command } from "commander";
import { resolve } from "node:path";
import { processDataDir, slotsDir } from "../data_dir.ts";
import { stageExecutable } from "../service/install/staging.ts";
import type { Terminal } from "../terminal/output.ts";

interface Flags {
  readonly dataDir?: string;
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

/** For `install` and packages, which run it as the service's user: a root that wrote into that user's folders could be led astray. */
export function addStage(program: Command, terminal: Terminal): void {
  program.command("stage <executable>", { hidden: true })
    .description("have an executable tried at the next start of the service, as an update from the gateway is")
    .option("--data-dir <folder>", "folder of the state")
    .option("--dry-run", "only say what would come of it")
    .option("--force", "even when it is older than the one that runs")
    .action(async (executable: string, flags: Flags) => {
      const slots = slotsDir(processDataDir(flags.dataDir));
      const options = { dryRun: flags.dryRun === true, force: flags.force === true };
      terminal.out(await stageExecutable(slots, resolve(executable), options));
    });
}

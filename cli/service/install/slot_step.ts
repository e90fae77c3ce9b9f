import { join } from "node:path";
import { slotsDir } from "../../data_dir.ts";
import type { Layout } from "./layout.ts";
import type { Owner } from "./file_steps.ts";
import { exists } from "../../../platform/files.ts";
import { type StagedAs, stageExecutable } from "./staging.ts";
import type { Look, Step } from "./step.ts";
import { must, type RunProgram } from "./system.ts";
import { serviceUser } from "./user.ts";

/** What the step stands on. */
export interface SlotStepIo {
  readonly layout: Layout;
  readonly force: boolean;
  readonly isRoot: boolean;
  readonly run: RunProgram;
  /** Ends a service that runs, so that no update of its own comes between. */
  readonly quiesce: () => Promise<void>;
}

/**
 * The executable in the slots, from which the boot guard runs it: at once where there is none yet, else as an update that has
 * to prove itself.
 */
export function slotStep(io: SlotStepIo): Step {
  return {
    what: `${slotsDir(io.layout.dataDir)}, the executable for the boot guard`,
    look: async () => await exists(io.layout.executable) ? lookOf(await staged(io, true)) : { done: false },
    async perform() {
      await io.quiesce();
      await staged(io, false);
      if (io.layout.root !== "/" && io.isRoot) {
        await giveAway(slotsDir(io.layout.dataDir), await serviceUser(io.layout.root));
      }
    },
  };
}

function lookOf(as: StagedAs): Look {
  switch (as) {
    case "first":
      return { done: false };
    case "same":
      return { done: true };
    case "on_trial":
      return { done: false, note: "on trial: the old one runs again when this one does not prove itself" };
    case "older":
      return { done: true, note: "a newer one runs; --force has this one tried all the same" };
    default:
      return as satisfies never;
  }
}

/** In an image that is being built. Links have no owner that matters. */
async function giveAway(path: string, owner: Owner | undefined): Promise<void> {
  if (owner === undefined) return;
  await Deno.chown(path, owner.uid, owner.gid);
  for await (const { name, isDirectory, isFile } of Deno.readDir(path)) {
    if (isDirectory) await giveAway(join(path, name), owner);
    else if (isFile) await Deno.chown(join(path, name), owner.uid, owner.gid);
  }
}

/** On a running system the service's user does it: whatever it put there cannot lead root astray. */
async function staged({ layout, force, isRoot, run }: SlotStepIo, dryRun: boolean): Promise<StagedAs> {
  const { root, executable, dataDir } = layout;
  const user = root === "/" && isRoot ? await serviceUser(root) : undefined;
  if (user === undefined || !await exists(dataDir)) {
    return dryRun && !await exists(dataDir)
      ? "first"
      : await stageExecutable(slotsDir(dataDir), executable, { dryRun, force });
  }
  const flags = [...(dryRun ? ["--dry-run"] : []), ...(force ? ["--force"] : [])];
  const said = await must(run, executable, ["stage", executable, "--data-dir", dataDir, ...flags], user);
  return said === "first" || said === "same" || said === "on_trial" ? said : "older";
}

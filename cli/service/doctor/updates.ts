import { slotFiles } from "../../../ota/slots/files.ts";
import { currentSlot, readTrial } from "../../../ota/slots/slots.ts";
import { loadState } from "../../../ota/slots/state.ts";
import { slotsDir } from "../../data_dir.ts";
import { exists } from "../../../platform/files.ts";
import { published } from "../../../ota/updater/status_files.ts";
import { type Check, pass, warn } from "./finding.ts";

/** A running node says something this often (device/update/updater.ts), milliseconds. */
const SILENCE_MS = 180_000;

/** Updates of this program: what runs, what is on trial, what failed. */
export const updates: Check = async ({ file, dataDir, clock, node }) => {
  if (!file?.update) return [];
  const folder = Deno.env.get("ECOWATT_SLOTS") || slotsDir(dataDir);
  if (!await exists(folder)) return [warn("updates", "there are no slots for them", "sudo ecowatt install")];
  const files = await slotFiles(folder);
  const [now, state, slot, trial] = [
    await published(files),
    await loadState(files),
    await currentSlot(files),
    await readTrial(files),
  ];
  if (trial) return [warn("updates", `an image in slot ${trial.slot} is on trial`, "ecowatt update status")];
  const worst = state.bad.at(-1);
  if (worst) {
    return [
      warn("updates", `${worst.version} failed: ${worst.reason}`, "ecowatt update status; release a newer version"),
    ];
  }
  if (node.kind === "running" && (now === undefined || clock.now() - now.at > SILENCE_MS)) {
    return [warn("updates", "the node does not look for any", "start it by its service: ecowatt install")];
  }
  return [pass("updates", `from slot ${slot ?? "none (the installed executable)"}, floor ${state.floor}`)];
};

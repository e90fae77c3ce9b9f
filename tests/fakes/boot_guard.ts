import { durablyNoted, isProgram } from "./boot_guard_steps.ts";
import type { SlotFiles } from "../../ota/slots/files.ts";
import { currentSlot, executableOf, readTrial } from "../../ota/slots/slots.ts";
import { failureText, parseAttempts } from "../../ota/slots/attempts.ts";
import { MOST_STARTS, type SlotName, type Trial } from "../../ota/slots/trial.ts";

/** How a program ended: `undefined` reason for one that was confirmed meanwhile. */
export type RunSlot = (slot: SlotName, trial: string) => Promise<string>;

/**
 * packaging/boot-guard in TypeScript, for the simulated disk; a test compares it with the script. `run` stands for a program and
 * resolves with the words for how it ended, such as `exit 1`. Returns the slot that becomes the process; `undefined`: none is
 * left, or the one on trial was confirmed and ended.
 */
export async function bootGuard(files: SlotFiles, run: RunSlot): Promise<SlotName | undefined> {
  for (let trial = await pending(files); trial !== undefined; trial = await pending(files)) {
    const { failures, starts, last } = await attempts(files, trial);
    if (failures >= trial.limit || starts >= MOST_STARTS) break;
    if (!isProgram(await files.read(executableOf(trial.slot)))) {
      await durablyNoted(files, `${trial.image} ${trial.limit} ${starts} not a program for this machine\n`);
      break;
    }
    await durablyNoted(files, `${trial.image} ${failures} ${starts + 1} ${failureText(last)}\n`);
    const end = await run(trial.slot, trial.image);
    if ((await pending(files))?.image !== trial.image) return undefined;
    await durablyNoted(files, `${trial.image} ${failures + 1} ${starts + 1} ${end}\n`);
  }
  const current = await currentSlot(files);
  const order: readonly SlotName[] = current === undefined ? ["a", "b"] : [current, "a", "b"];
  for (const slot of order) if (isProgram(await files.read(executableOf(slot)))) return slot;
  return undefined;
}

async function pending(files: SlotFiles): Promise<Trial | undefined> {
  const trial = await readTrial(files);
  return trial?.slot === await currentSlot(files) ? undefined : trial;
}

async function attempts(files: SlotFiles, trial: Trial) {
  const bytes = await files.read("attempts");
  const none = { failures: 0, starts: 0, last: { code: "none" } as const };
  if (bytes === undefined) return none;
  const found = parseAttempts(new TextDecoder().decode(bytes));
  if (found === undefined) return { ...none, failures: trial.limit };
  return found.image === trial.image ? found : none;
}

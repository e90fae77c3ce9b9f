import { join } from "node:path";
import { type SlotFiles, slotFiles } from "../../../ota/slots/files.ts";
import { currentSlot, executableOf } from "../../../ota/slots/slots.ts";
import { stage, type Staging, stagingOf } from "../../../ota/slots/stage.ts";
import { runVersion } from "../../../ota/updater/probe.ts";
import { systemClock } from "../../../platform/clock.ts";
import { compareVersions, FirmwareVersion } from "../../../ota/manifest/version.ts";
import { VERSION } from "../../version.ts";
import { exists } from "../../../platform/files.ts";
import { fileSha256 } from "./file_content.ts";

/** Failed starts that an image is given, and seconds in which it has to prove itself, as for an update by default. */
const TRIAL = { limit: 3, windowS: 600 };

/** What staging came to, or comes to. */
export type StagedAs = Staging | "older";

/**
 * Stages an executable in the slots below `slots`, or says what that would come to. One that is older than the one that runs
 * is left out unless `force` is set: a package does not undo the updates that came since.
 */
export async function stageExecutable(
  slots: string,
  executable: string,
  options: { readonly dryRun: boolean; readonly force: boolean },
): Promise<StagedAs> {
  if (options.dryRun && !await exists(slots)) return "first";
  const files = await slotFiles(slots);
  const sha256 = await fileSha256(executable);
  const as = await stagingOf(files, { sha256 }, (path) => hashOf(join(slots, path)));
  if (as === "same") return as;
  if (as === "on_trial" && !options.force && await isOlder(files, slots)) return "older";
  if (!options.dryRun) {
    await stage(files, { sha256, version: VERSION, pieces: () => pieces(executable) }, { as, ...TRIAL });
  }
  return as;
}

async function isOlder(files: SlotFiles, slots: string): Promise<boolean> {
  const current = await currentSlot(files);
  if (current === undefined) return false;
  const said = await runVersion(systemClock)(join(slots, executableOf(current)));
  const running = said.ok ? versionIn(said.value) : undefined;
  return running !== undefined && compareVersions(VERSION, running) < 0;
}

function versionIn(about: string): string | undefined {
  const version = /"version":"([^"]*)"/.exec(about)?.[1];
  return FirmwareVersion.safeParse(version).data;
}

async function hashOf(path: string): Promise<string | undefined> {
  return await fileSha256(path).catch(() => undefined);
}

async function* pieces(path: string): AsyncIterable<Uint8Array> {
  using file = await Deno.open(path, { read: true });
  const buffer = new Uint8Array(1 << 20);
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    yield buffer.subarray(0, count);
  }
}

import { pathToFileURL } from "node:url";
import { machineLibrary, readProfile } from "../../../profiles/library.ts";
import type { DeviceKind } from "../../../protocol/profile/format/compile.ts";
import { usage } from "../../terminal/exit.ts";
import { readingTrouble } from "../../terminal/reading_trouble.ts";

/** For the help of a command that takes a profile. */
export const WHICH_PROFILE = "\nA profile is a file, such as ./mine.yaml, or a name of `ecowatt profile list`.";

/** A profile, and the file that it is in. */
interface Chosen {
  readonly kind: DeviceKind;
  readonly file: URL;
}

/** The profile in a file, or the known one of a name; whatever is wrong is a usage fault with its places. */
export async function chosenProfile(choice: string): Promise<Chosen> {
  if (/[/\\]|\.ya?ml$/.test(choice)) return { kind: await profileIn(choice), file: pathToFileURL(choice) };
  const found = machineLibrary.find(choice);
  const file = machineLibrary.fileOf(choice);
  if (found.ok && file) return { kind: found.value, file };
  throw usage(found.ok ? `There is no profile ${choice}` : found.detail);
}

async function profileIn(path: string): Promise<DeviceKind> {
  const text = await Deno.readTextFile(path).catch((error: unknown) => {
    throw usage(`Cannot read ${path}: ${readingTrouble(error)}`);
  });
  const read = readProfile(text, path);
  if (read.ok) return read.value;
  throw usage(read.detail);
}

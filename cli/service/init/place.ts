import { dirname, join } from "node:path";
import { utf8 } from "../../../crypto/bytes.ts";
import { writeFileAtomic } from "../../../platform/files.ts";
import { ConfigFile } from "../config/config_file.ts";
import { CliFailure, EXIT, usage } from "../../terminal/exit.ts";
import { asset } from "../install/assets.ts";
import { parseYaml } from "../config/yaml_file.ts";
import { exists } from "../../../platform/files.ts";

/** Refuses to go on where a configuration is, unless it may be replaced, or is as `ecowatt install` left it. */
export async function requireFree(path: string, force: boolean): Promise<void> {
  if (force || !await exists(path)) return;
  if (await Deno.readTextFile(path) === await asset("ecowatt.yaml")) return;
  throw usage(`${path} is there already: change it by hand, or give --force, which keeps it as ${path}.bak`);
}

/** Writes a configuration, whole or not at all; one that was there stays beside it as `.bak`. */
export async function placeConfig(path: string, text: string): Promise<void> {
  const checked = parseYaml(text, ConfigFile, () => undefined);
  if (!checked.ok) {
    const faults = checked.faults.map(({ line, message }) => `line ${line}: ${message}`).join("; ");
    throw new CliFailure(EXIT.failed, `What was answered makes no configuration: ${faults}`);
  }
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    if (await exists(path)) await writeFileAtomic(`${path}.bak`, await Deno.readFile(path));
    await writeFileAtomic(path, utf8(text));
    await shareWithService(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliFailure(EXIT.failed, `Cannot write ${path}: ${why}`, { cause: error });
  }
}

/** A service with a user of its own reads what root writes by the folder's group: mode 0640, otherwise 0600. */
async function shareWithService(path: string): Promise<void> {
  const { gid } = await Deno.stat(dirname(path));
  if (Deno.uid() !== 0 || gid === null || gid === 0) return;
  await Deno.chown(path, 0, gid);
  await Deno.chmod(path, 0o640);
}

/** What root made in a data directory of somebody else's belongs to them. */
export async function giveToOwner(dataDir: string): Promise<void> {
  const { uid, gid } = await Deno.stat(dataDir);
  if (Deno.uid() !== 0 || uid === null || gid === null || uid === 0) return;
  for await (const path of everythingIn(dataDir)) await Deno.chown(path, uid, gid);
}

async function* everythingIn(folder: string): AsyncIterable<string> {
  for await (const { name, isDirectory, isSymlink } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isSymlink) continue; // it may lead root astray
    yield path;
    if (isDirectory) yield* everythingIn(path);
  }
}

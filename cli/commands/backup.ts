import { resolve } from "node:path";
import type { Command } from "commander";
import { systemClock } from "../../platform/clock.ts";
import { makeBackup } from "../service/backup/make.ts";
import { restoreBackup, type Restored } from "../service/backup/restore.ts";
import { processDataDir } from "../data_dir.ts";
import { giveToOwner } from "../service/init/place.ts";
import type { Terminal } from "../terminal/output.ts";

interface BackupFlags {
  readonly dataDir?: string;
  readonly withKeys?: boolean;
  readonly json?: boolean;
}

interface RestoreFlags {
  readonly dataDir?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** Makes a backup. */
export function addBackup(program: Command, terminal: Terminal): void {
  program.command("backup <file>")
    .description("copy what this box keeps into one file, while it runs or not")
    .option("--data-dir <folder>", "folder of the state")
    .option("--with-keys", "also the master key, the device key and the firmware keys: the file is a secret then")
    .option("--json", "as JSON")
    .action((file: string, flags: BackupFlags) => backup(resolve(file), flags, terminal));
}

/** Restores one. */
export function addRestore(program: Command, terminal: Terminal): void {
  program.command("restore <file>")
    .description("put a backup in the place of what is in the data directory; nothing may run on it")
    .option("--data-dir <folder>", "folder of the state")
    .option("--force", "replace what is there; it is kept in a folder beside")
    .option("--json", "as JSON")
    .action((file: string, flags: RestoreFlags) => restore(resolve(file), flags, terminal));
}

const WITHOUT_KEYS =
  "It holds no keys, so it opens only where master.key still is: anywhere else every device needs a new " +
  "key. --with-keys takes them in.";

async function backup(file: string, flags: BackupFlags, terminal: Terminal): Promise<void> {
  const withKeys = flags.withKeys ?? false;
  const dataDir = resolve(processDataDir(flags.dataDir));
  const { names, bytes } = await makeBackup({ dataDir, file, withKeys, now: systemClock.now() });
  if (flags.json) return terminal.out(JSON.stringify({ file, bytes, with_keys: withKeys, files: names }));
  terminal.out(`${file}: ${(bytes / 2 ** 20).toFixed(1)} MiB with ${names.join(", ")}`);
  terminal.out(
    withKeys ? "It holds the keys of this box: keep it as you keep them. Only its owner can read it." : WITHOUT_KEYS,
  );
  terminal.out("The configuration file and firmware images are not in it.");
}

async function restore(file: string, flags: RestoreFlags, terminal: Terminal): Promise<void> {
  const dataDir = resolve(processDataDir(flags.dataDir));
  const restored = await restoreBackup({ file, dataDir, force: flags.force ?? false, now: systemClock.now() });
  await giveToOwner(dataDir);
  const { manifest, keys, replaced, gateway } = restored;
  if (flags.json) {
    const { created_at, files } = manifest;
    return terminal.out(
      JSON.stringify({
        data_dir: dataDir,
        created_at,
        files: files.map(({ name }) => name),
        keys,
        replaced,
        ...gateway,
      }),
    );
  }
  for (const line of told(restored, dataDir)) terminal.out(line);
}

function told({ manifest, keys, replaced, gateway }: Restored, dataDir: string): readonly string[] {
  return [
    `${dataDir} is as it was at ${manifest.created_at}`,
    ...(replaced === undefined ? [] : [`What was there is in ${replaced}; remove it when all is well`]),
    ...(keys === "no_key" ? ["The master key is missing: give every device a new key (ecowatt keys rotate NAME)"] : []),
    ...(keys === "other_key"
      ? [
        "The master key here is another one: give every device a new key (ecowatt keys rotate NAME), or restore a backup with keys",
      ]
      : []),
    ...(gateway ? ["What was revoked since the backup, tokens and keys, works again: revoke it once more"] : []),
    ...(gateway?.boards ? [`${gateway.boards} boards of the older scheme go on counting; have each upload soon`] : []),
  ];
}

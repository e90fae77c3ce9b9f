import { join } from "node:path";
import { utf8 } from "../crypto/bytes.ts";
import { Firmware, type FirmwareFault } from "../protocol/ota/firmware.ts";
import { type Outcome, refusal, success } from "../protocol/outcome.ts";
import type { Sink } from "./image_stream.ts";
import { diskFiles, type ShelfFiles } from "./shelf_files.ts";

const IMAGE = "image.bin";
const RECORD = "firmware.json";
const TEMPORARY = ".new-";
const REMOVED = ".removed-";
/** An unfinished image older than this belongs to nobody. */
const ABANDONED_MS = 86_400_000;

/**
 * Images on disk, a folder each, named after model and version. A folder gets its name when everything in it is on disk, so one
 * that was half added is never seen. Several processes may use one shelf.
 */
export interface Shelf {
  /** Every image, by model and then by name. */
  list(): readonly Firmware[];
  find(model: string, version: string): Firmware | undefined;
  /** Runs `fill` with a place to write the encrypted image to, and keeps it under the record that comes out of it. */
  put(fill: (sink: Sink) => Promise<Outcome<Firmware, FirmwareFault>>): Promise<Outcome<Firmware, FirmwareFault>>;
  /** The encrypted image. */
  open(firmware: Firmware): Promise<Deno.FsFile>;
  /** `false` when there was none. */
  remove(model: string, version: string): Promise<boolean>;
}

/** A shelf in a folder, which is made when missing. Clears away what a killed process left there a day ago. */
export function openShelf(folder: string, files: ShelfFiles = diskFiles): Shelf {
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  clearAway(folder);
  const pathOf = ({ model, version }: Pick<Firmware, "model" | "version">) => join(folder, `${model}@${version}`);
  const find = (model: string, version: string) => read(pathOf({ model, version }));
  return {
    list: () =>
      [...Deno.readDirSync(folder)].filter(({ name }) => !name.startsWith(".")).map(({ name }) => name).toSorted()
        .flatMap((name) => read(join(folder, name)) ?? []),
    find,
    put: (fill) => put(folder, fill, { pathOf, files }),
    open: (firmware) => Deno.open(join(pathOf(firmware), IMAGE), { read: true }),
    async remove(model, version) {
      const doomed = join(folder, `${REMOVED}${crypto.randomUUID()}`);
      if (!find(model, version)) return false;
      await files.rename(pathOf({ model, version }), doomed); // from here on nobody sees it
      await files.sync(folder);
      await files.removeTree(doomed);
      return true;
    },
  };
}

async function put(
  folder: string,
  fill: (sink: Sink) => Promise<Outcome<Firmware, FirmwareFault>>,
  { pathOf, files }: { readonly pathOf: (firmware: Firmware) => string; readonly files: ShelfFiles },
): Promise<Outcome<Firmware, FirmwareFault>> {
  const temporary = join(folder, `${TEMPORARY}${crypto.randomUUID()}`);
  await files.makeFolder(temporary);
  try {
    const filled = await writeImage(join(temporary, IMAGE), fill, files);
    if (!filled.ok) return filled;
    await files.append(join(temporary, RECORD), utf8(JSON.stringify(filled.value)));
    await files.sync(join(temporary, RECORD));
    await files.sync(temporary);
    return await name({ temporary, target: pathOf(filled.value), folder, files }, filled.value);
  } finally {
    await Deno.remove(temporary, { recursive: true }).catch(() => {}); // renamed: there is none
  }
}

async function writeImage(
  path: string,
  fill: (sink: Sink) => Promise<Outcome<Firmware, FirmwareFault>>,
  files: ShelfFiles,
): Promise<Outcome<Firmware, FirmwareFault>> {
  const filled = await fill((piece) => files.append(path, piece));
  if (filled.ok) await files.sync(path);
  return filled;
}

/** The rename decides between two who add the same: a folder that has files is not replaced. */
async function name(
  { temporary, target, folder, files }: {
    readonly temporary: string;
    readonly target: string;
    readonly folder: string;
    readonly files: ShelfFiles;
  },
  firmware: Firmware,
): Promise<Outcome<Firmware, FirmwareFault>> {
  try {
    await files.rename(temporary, target);
  } catch (error) {
    if (read(target) === undefined) throw error;
    return refusal("exists", `There is a firmware ${firmware.version} of ${firmware.model} already`);
  }
  await files.sync(folder);
  return success(firmware);
}

function read(path: string): Firmware | undefined {
  try {
    return Firmware.parse(JSON.parse(Deno.readTextFileSync(join(path, RECORD))));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw new Error(`Cannot read the firmware in ${path}`, { cause: error });
  }
}

function clearAway(folder: string): void {
  for (const { name } of Deno.readDirSync(folder)) {
    if (!name.startsWith(TEMPORARY) && !name.startsWith(REMOVED)) continue;
    const path = join(folder, name);
    const { mtime } = Deno.statSync(path);
    if (mtime === null || Date.now() - mtime.getTime() > ABANDONED_MS) Deno.removeSync(path, { recursive: true });
  }
}

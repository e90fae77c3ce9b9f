import { join } from "node:path";
import { utf8 } from "../../crypto/bytes.ts";
import type { Firmware, FirmwareFault } from "../manifest/firmware.ts";
import { FirmwareRecords } from "./firmware_records.ts";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import { markedSequence, markSequence } from "./sequence_marks.ts";
import { diskFiles, type ImageStoreFiles } from "./image_store_files.ts";
import { SerialQueue } from "../../platform/serial_queue.ts";

const IMAGE = "image.bin";
const RECORD = "firmware.json";
const OLDER_RECORD = "firmware-0.1.json";
const TEMPORARY = ".new-";
const REMOVED = ".removed-";
/** An unfinished image older than this belongs to nobody. */
const ABANDONED_MS = 86_400_000;

/**
 * Images on disk, a folder each, named after model and version. A folder gets its name when everything in it is on disk, so one
 * that was half added is never seen. No sequence of a model is given twice, also when its image was removed.
 */
export interface ImageStore {
  /** Every image, by model and then by name. */
  list(): readonly Firmware[];
  find(model: string, version: string): Firmware | undefined;
  /** The highest sequence that an image of the model has or had; 0 when there was none. */
  highestSequence(model: string): number;
  /**
   * Runs `fill` with a place for the encrypted image, and keeps it under the record that comes out of it. Images are filled side
   * by side and described in turn: `highestSequence` does not move while one is.
   */
  put(fill: Fill): Promise<Outcome<Firmware, FirmwareFault>>;
  /** The encrypted image. At once: it costs a tenth of asking another thread, for every chunk. */
  open(firmware: Firmware): Deno.FsFile;
  /** The same firmware as it is given to older nodes (`forOlderNodes`), once it was made. */
  findOlder(firmware: Firmware): Firmware | undefined;
  keepOlder(older: Firmware): Promise<void>;
  /** `false` when there was none. */
  remove(model: string, version: string): Promise<boolean>;
}

/** An encrypted image on its way into the store. */
export interface Draft {
  append(piece: Uint8Array): Promise<void>;
  /** What was appended. */
  open(): Promise<Deno.FsFile>;
}

/** Writes an image, and gives what describes it when nothing is appended any more. */
type Fill = (draft: Draft) => Promise<Outcome<() => Promise<Outcome<Firmware, FirmwareFault>>, FirmwareFault>>;

/**
 * A imageStore in a folder, which is made when missing. Clears away what a killed process left there a day ago.
 *
 * @example
 * ```ts
 * const images = openImageStore(await Deno.makeTempDir());
 * images.list(); // => []
 * images.highestSequence("ecowatt"); // => 0
 * ```
 */
export function openImageStore(folder: string, files: ImageStoreFiles = diskFiles): ImageStore {
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  clearAway(folder);
  const pathOf = ({ model, version }: Pick<Firmware, "model" | "version">) => join(folder, `${model}@${version}`);
  const [records, olderRecords] = [new FirmwareRecords(RECORD), new FirmwareRecords(OLDER_RECORD)];
  const find = (model: string, version: string) => records.read(pathOf({ model, version }));
  const list = () => recordsIn(folder, records);
  const highestSequence = (model: string) => {
    const sequences = list().filter((f) => f.model === model).map(({ sequence }) => sequence ?? 0);
    return Math.max(markedSequence(folder, model), ...sequences);
  };
  const queue = new SerialQueue();
  const imageStore = { folder, files, pathOf, find, highestSequence, queue };
  return {
    list,
    find,
    highestSequence,
    put: (fill) => put(fill, imageStore),
    open: (firmware) => Deno.openSync(join(pathOf(firmware), IMAGE), { read: true }),
    findOlder: (firmware) => olderRecords.read(pathOf(firmware)),
    keepOlder: (older) => queue.run(() => keepOlder(pathOf(older), older, files)),
    remove: (model, version) =>
      queue.run(async () => {
        const found = find(model, version);
        if (!found) return false;
        if (found.sequence !== null) await markSequence(folder, model, found.sequence, files);
        const doomed = join(folder, `${REMOVED}${crypto.randomUUID()}`);
        await files.rename(pathOf(found), doomed); // from here on nobody sees it
        await files.sync(folder);
        await files.removeTree(doomed);
        return true;
      }),
  };
}

/** What gives an image its place, and what its place is decided by. */
interface Naming {
  readonly folder: string;
  readonly files: ImageStoreFiles;
  readonly pathOf: (firmware: Firmware) => string;
  readonly find: ImageStore["find"];
  readonly highestSequence: (model: string) => number;
  /** Names are given one after the other. */
  readonly queue: SerialQueue;
}

function recordsIn(folder: string, records: FirmwareRecords): readonly Firmware[] {
  return [...Deno.readDirSync(folder)].filter(({ name }) => !name.startsWith(".")).map(({ name }) => name).toSorted()
    .flatMap((name) => records.read(join(folder, name)) ?? []);
}

async function put(
  fill: Fill,
  imageStore: Naming,
): Promise<Outcome<Firmware, FirmwareFault>> {
  const { folder, files } = imageStore;
  const temporary = join(folder, `${TEMPORARY}${crypto.randomUUID()}`);
  await files.makeFolder(temporary);
  try {
    const image = join(temporary, IMAGE);
    const filled = await fill({
      append: (piece) => files.append(image, piece),
      open: () => Deno.open(image, { read: true }),
    });
    if (!filled.ok) return filled;
    await files.sync(image);
    return await imageStore.queue.run(async () => {
      const described = await filled.value();
      if (!described.ok) return described;
      await files.append(join(temporary, RECORD), utf8(JSON.stringify(described.value)));
      await files.sync(join(temporary, RECORD));
      await files.sync(temporary);
      return await name(temporary, described.value, imageStore);
    });
  } finally {
    await Deno.remove(temporary, { recursive: true }).catch(() => {}); // renamed: there is none
  }
}

/** The name decides between two who add the same, and between two who were to get the same sequence. */
async function name(
  temporary: string,
  firmware: Firmware,
  { folder, files, pathOf, find, highestSequence }: Naming,
): Promise<Outcome<Firmware, FirmwareFault>> {
  const { model, version, sequence } = firmware;
  const target = pathOf(firmware);
  if (find(model, version) !== undefined) {
    return refusal("exists", `There is a firmware ${version} of ${model} already`);
  }
  const highest = highestSequence(model);
  if (sequence !== null && sequence <= highest) {
    return refusal("sequence", `The sequence ${sequence} is not above ${highest}, the highest of ${model}`);
  }
  await files.rename(temporary, target);
  await files.sync(folder);
  return success(firmware);
}

async function keepOlder(path: string, older: Firmware, files: ImageStoreFiles): Promise<void> {
  const temporary = join(path, `${TEMPORARY}${crypto.randomUUID()}`);
  await files.append(temporary, utf8(JSON.stringify(older)));
  await files.sync(temporary);
  await files.rename(temporary, join(path, OLDER_RECORD));
  await files.sync(path);
}

function clearAway(folder: string): void {
  for (const { name } of Deno.readDirSync(folder)) {
    if (!name.startsWith(TEMPORARY) && !name.startsWith(REMOVED)) continue;
    const path = join(folder, name);
    const { mtime } = Deno.statSync(path);
    if (mtime === null || Date.now() - mtime.getTime() > ABANDONED_MS) Deno.removeSync(path, { recursive: true });
  }
}

import assert from "node:assert/strict";
import { basename, dirname, join } from "node:path";
import { keysFolder, openRepository } from "../../../ota/repository/repository.ts";
import type { FirmwareRepository } from "../../../ota/repository/firmware_repository.ts";
import { writeKeySet } from "../../../keys/firmware_keys.ts";
import { diskFiles, type ImageStoreFiles } from "../../../ota/repository/image_store_files.ts";
import { systemRandom } from "../../../platform/random.ts";
import { BoardManifest, NewFirmware } from "../../../ota/manifest/firmware.ts";
import { temporaryDirectory } from "../../fakes/temporary_directory.ts";
import { BOARD_FILES, boardKeys, image, once, testKeys } from "../fixture.ts";
import { testWith } from "../../needs.ts";

type Step =
  | { readonly kind: "makeFolder" | "sync" | "removeTree"; readonly path: string }
  | { readonly kind: "append"; readonly path: string; readonly piece: Uint8Array }
  | { readonly kind: "rename"; readonly path: string; readonly to: string };

/** The disk, with a record of what is done to it. */
function recording(steps: Step[]): ImageStoreFiles {
  return {
    makeFolder: (path) => (steps.push({ kind: "makeFolder", path }), diskFiles.makeFolder(path)),
    append: (
      path,
      piece,
    ) => (steps.push({ kind: "append", path, piece: piece.slice() }), diskFiles.append(path, piece)),
    sync: (path) => (steps.push({ kind: "sync", path }), diskFiles.sync(path)),
    rename: (path, to) => (steps.push({ kind: "rename", path, to }), diskFiles.rename(path, to)),
    removeTree: (path) => (steps.push({ kind: "removeTree", path }), diskFiles.removeTree(path)),
  };
}

interface File {
  now: number[];
  durable: number[];
}
interface Folder {
  readonly now: Map<string, File | Folder>;
  durable: Map<string, File | Folder>;
}
const folder = (): Folder => ({ now: new Map(), durable: new Map() });

/** A disk that knows what arrived and what did not. */
class Disk {
  readonly #root = folder();
  readonly #top: string;

  constructor(top: string) {
    this.#top = top;
  }

  apply(step: Step): void {
    const parent = this.#folderAt(dirname(step.path));
    const name = basename(step.path);
    const found = step.path === this.#top ? this.#root : parent.now.get(name);
    switch (step.kind) {
      case "makeFolder":
        parent.now.set(name, folder());
        break;
      case "append": {
        const file = found && !(found.now instanceof Map) ? found as File : { now: [], durable: [] };
        for (const byte of step.piece) file.now.push(byte);
        parent.now.set(name, file);
        break;
      }
      case "sync":
        if (found === undefined) throw new Error(`${step.path} is synced, and is not there`);
        if (found.now instanceof Map) (found as Folder).durable = new Map(found.now);
        else (found as File).durable = [...(found as File).now];
        break;
      case "rename":
        parent.now.delete(name);
        if (found) this.#folderAt(dirname(step.to)).now.set(basename(step.to), found);
        break;
      case "removeTree":
        parent.now.delete(name);
        break;
      default:
        step satisfies never;
    }
  }

  /** What is found after a power cut: `names` and `data` that were not synced arrived or not. */
  async write(target: string, names: "now" | "durable", data: "now" | "durable"): Promise<void> {
    await writeFolder(this.#root, target, names, data);
  }

  #folderAt(path: string): Folder {
    if (path === this.#top || path.length < this.#top.length) return this.#root;
    const found = this.#folderAt(dirname(path)).now.get(basename(path));
    if (!found || !(found.now instanceof Map)) throw new Error(`${path} is no folder`);
    return found as Folder;
  }
}

async function writeFolder(from: Folder, target: string, names: "now" | "durable", data: "now" | "durable") {
  await Deno.mkdir(target, { recursive: true });
  for (const [name, entry] of from[names]) {
    const path = join(target, name);
    if (entry.now instanceof Map) await writeFolder(entry as Folder, path, names, data);
    else await Deno.writeFile(path, new Uint8Array((entry as File)[data]));
  }
}

const LOSSES = (["now", "durable"] as const).flatMap((names) =>
  (["now", "durable"] as const).map((data) => [names, data] as const)
);

async function open(dataDir: string, files?: ImageStoreFiles): Promise<FirmwareRepository> {
  await writeKeySet(keysFolder(dataDir), "default", testKeys);
  await writeKeySet(keysFolder(dataDir), "boards", await boardKeys());
  return openRepository({ dataDir, random: systemRandom, clock: { now: () => 1 }, ...(files ? { files } : {}) });
}

const NODE = NewFirmware.parse({ model: "test", version: "1.0.0", chunk_size: 1024 });

testWith(
  [BOARD_FILES.image, BOARD_FILES.manifest],
  "the power goes at every step of add, import and remove: what is offered afterwards is whole, or is not there",
  async (t) => {
    await using directory = await temporaryDirectory();
    const steps: Step[] = [];
    const live = join(directory.path, "live");
    const repository = await open(live, recording(steps));
    const marks: [steps: number, listed: readonly string[]][] = [[0, []]];
    const mark = () => marks.push([steps.length, names(repository)]);
    const added = await repository.add(image(5_000), NODE);
    assert.ok(added.ok);
    mark();
    const manifest = BoardManifest.parse(JSON.parse(await Deno.readTextFile(BOARD_FILES.manifest.url)));
    const board = once(await Deno.readFile(BOARD_FILES.image.url));
    const imported = await repository.importBoard(board, manifest, { model: "esp32", keys: "boards" });
    assert.ok(imported.ok, JSON.stringify(imported));
    mark();
    await repository.remove("test", "1.0.0");
    mark();
    let cuts = 0;
    for (let cut = 0; cut <= steps.length; cut++) {
      const disk = new Disk(join(live, "firmware"));
      for (const step of steps.slice(0, cut)) disk.apply(step);
      for (const [namesOf, data] of LOSSES) {
        const dataDir = join(directory.path, `cut-${cut}-${namesOf}-${data}`);
        await disk.write(join(dataDir, "firmware"), namesOf, data);
        const found = await open(dataDir);
        await requireWhole(found, marks, cut);
        if (cut >= (marks[1]?.[0] ?? 0)) await requireNextSequence(found, cut);
        await Deno.remove(dataDir, { recursive: true });
        cuts++;
      }
    }
    await t.step(`${steps.length} steps, ${cuts} power cuts`, () => assert.ok(steps.length > 15));
  },
);

function names(repository: FirmwareRepository): readonly string[] {
  return repository.list().map(({ model, version }) => `${model}@${version}`);
}

/** Everything that is listed is good; what was done is done, and only what was under way may be either way. */
async function requireWhole(
  repository: FirmwareRepository,
  marks: readonly [number, readonly string[]][],
  cut: number,
) {
  const listed = names(repository);
  for (const firmware of repository.list()) {
    assert.equal((await repository.verify(firmware)).ok, true, `cut after ${cut}`);
  }
  const before = marks.findLast(([steps]) => steps <= cut)?.[1] ?? [];
  const after = marks.find(([steps]) => steps >= cut)?.[1] ?? [];
  const possible = [before, after].map((one) => one.join());
  assert.ok(possible.includes(listed.join()), `cut after ${cut}: ${listed} instead of ${possible.join(" or ")}`);
}

/** The first sequence was given, whatever became of its image. */
async function requireNextSequence(repository: FirmwareRepository, cut: number) {
  const added = await repository.add(image(10), { ...NODE, version: "2.0.0" });
  assert.equal(added.ok ? added.value.sequence : added.fault, 2, `cut after ${cut}`);
}

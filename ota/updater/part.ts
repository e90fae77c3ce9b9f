import { z } from "zod";
import { type Bytes, fromHex, toHex, utf8 } from "../../crypto/bytes.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { bytesOf, type Manifest, Sha256Hex } from "../manifest/manifest.ts";
import { removeFile } from "../slots/durable.ts";
import type { SlotFile, SlotFiles } from "../slots/files.ts";
import type { SlotName } from "../slots/trial.ts";

/** Bytes between two notes: no write to one touches what a disk has in the same place as the other, or as the image. */
const NOTE_BYTES = 4096;

/** What is to be downloaded, and where to. */
export interface Wanted {
  readonly manifest: Manifest;
  /** SHA-256 of the manifest. */
  readonly image: string;
  readonly slot: SlotName;
}

/** How far a download has come. */
const Place = z.object({
  /** SHA-256 of the manifest. */
  image: Sha256Hex,
  /** The next chunk to be had. */
  next: z.int().min(0),
  /** Bytes of the plain image that are there. */
  written: z.int().min(0),
  /** The cipher block before that chunk, in hex: decryption goes on from it. */
  before: z.string().regex(/^[0-9a-f]{32}$/),
  /** SHA-256 of the last chunk, plain. */
  last: Sha256Hex,
});
export type Place = Readonly<z.infer<typeof Place>>;

/**
 * Where the image grows before it has passed every check.
 *
 * @example
 * ```ts
 * partOf("b"); // => "b/ecowatt.part"
 * ```
 */
export function partOf(slot: SlotName): string {
  return `${slot}/ecowatt.part`;
}

/**
 * Whether a download was begun, and neither came to its end nor was given up.
 *
 * @example
 * ```ts
 * import { slotFiles } from "../slots/files.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * await isBegun(files); // => false
 * await files.write(partOf("b"), 0, new Uint8Array(1));
 * await isBegun(files); // => true
 * ```
 */
export async function isBegun(files: SlotFiles): Promise<boolean> {
  return await files.size(partOf("a")) !== undefined || await files.size(partOf("b")) !== undefined;
}

/**
 * Forgets what was downloaded.
 *
 * @example
 * ```ts
 * import { slotFiles } from "../slots/files.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * await files.write(partOf("b"), 0, new Uint8Array(1));
 * await forgetPart(files, "b");
 * await isBegun(files); // => false
 * ```
 */
export async function forgetPart(files: SlotFiles, slot: SlotName): Promise<void> {
  if (await files.size(partOf(slot)) !== undefined) await removeFile(files, partOf(slot));
}

/**
 * An image that grows in its slot. Behind its end there are two notes, written by turns, of the place to go on from: so a chunk and
 * its place need one sync. A note counts when the chunk that it speaks of is there; else the power went during that sync, and
 * the other one counts. Disposing closes the file.
 *
 * @example
 * ```ts
 * import { slotFiles } from "../slots/files.ts";
 * const manifest = { format: "ecowatt-firmware/1", model: "ecowatt", version: "1.2.0", sequence: 7, original_size: 100,
 *   encrypted_size: 112, sha256_hash: "00", signature: "", iv: "", chunk_size: 64, total_chunks: 2 } as const;
 * const files = await slotFiles(await Deno.makeTempDir());
 * const wanted = { manifest, image: "00".repeat(32), slot: "b" } as const;
 * using part = await Part.open(wanted, files);
 * await part.add(new Uint8Array(64), new Uint8Array(16));
 * using again = await Part.open(wanted, files);
 * again.place.next; // => 1
 * ```
 */
export class Part implements Disposable {
  readonly #wanted: Wanted;
  readonly #files: SlotFiles;
  readonly #file: SlotFile;
  #place: Place;

  private constructor(wanted: Wanted, files: SlotFiles, file: SlotFile, place: Place) {
    this.#wanted = wanted;
    this.#files = files;
    this.#file = file;
    this.#place = place;
  }

  /** Goes on where it was; anew when another image was begun, or nothing is there that can be trusted. */
  static async open(wanted: Wanted, files: SlotFiles): Promise<Part> {
    const path = partOf(wanted.slot);
    if (await files.size(path) !== undefined) {
      const file = await files.open(path);
      const place = await placeIn(file, wanted).catch((error: unknown) => {
        file[Symbol.dispose]();
        throw error;
      });
      if (place) return new Part(wanted, files, file, place);
      file[Symbol.dispose]();
      await files.unlink(path);
    }
    return new Part(wanted, files, await files.open(path), atStart(wanted));
  }

  get place(): Place {
    return this.#place;
  }

  /** The plain bytes of the next chunk, and the cipher block after which the one behind it goes on. On disk when it resolves. */
  async add(plain: Bytes, before: Bytes): Promise<void> {
    const { next, written, image } = this.#place;
    const write = this.#file.write(written, plain); // in a thread of its own, meanwhile:
    const last = toHex(sha256(plain));
    await write;
    const place = { image, next: next + 1, written: written + plain.length, before: toHex(before), last };
    await this.#file.write(noteAt(this.#wanted.manifest, place.next), noteOf(place));
    await this.#file.sync();
    if (next === 0) await this.#files.syncFolder(partOf(this.#wanted.slot)); // the name; from then on it is there
    this.#place = place;
  }

  /** Leaves the image alone in its file. */
  async end(): Promise<void> {
    await this.#file.truncate(this.#place.written);
    await this.#file.sync();
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

function atStart({ image, manifest }: Wanted): Place {
  return { image, next: 0, written: 0, before: toHex(bytesOf(manifest.iv)), last: toHex(sha256("")) };
}

function noteAt({ original_size }: Manifest, next: number): number {
  return NOTE_BYTES * (Math.ceil(original_size / NOTE_BYTES) + next % 2);
}

/** One line: its own hash, and the place. */
function noteOf(place: Place): Bytes {
  const text = JSON.stringify(place);
  return utf8(`${toHex(sha256(text))} ${text}\n`);
}

function parseNote(bytes: Uint8Array): Place | undefined {
  const [, hash, text] = /^([0-9a-f]{64}) (\{[^\n]*\})\n/.exec(new TextDecoder().decode(bytes)) ?? [];
  if (text === undefined || toHex(sha256(text)) !== hash) return undefined;
  return Place.safeParse(JSON.parse(text)).data; // whole, as its hash says
}

/** The later note of the two whose chunk is there. */
async function placeIn(file: SlotFile, { manifest, image }: Wanted): Promise<Place | undefined> {
  const notes = [0, 1].map(async (turn) => parseNote(await file.read(noteAt(manifest, turn), NOTE_BYTES)));
  const places = (await Promise.all(notes)).filter((place) => place?.image === image);
  for (const place of places.toSorted((one, other) => (other?.next ?? 0) - (one?.next ?? 0))) {
    if (place && await isThere(file, place, manifest)) return place;
  }
  return undefined;
}

async function isThere(file: SlotFile, { next, written, last }: Place, { chunk_size }: Manifest): Promise<boolean> {
  const start = (next - 1) * chunk_size;
  const size = written - start;
  if (start < 0 || size < 0 || size > chunk_size) return false;
  return toHex(sha256(await file.read(start, size))) === last;
}

/**
 * The block that decryption goes on after.
 *
 * @example
 * ```ts
 * blockBefore({ image: "", next: 0, written: 0, before: "00ff".repeat(8), last: "" }).length; // => 16
 * ```
 */
export function blockBefore({ before }: Place): Bytes {
  const block = fromHex(before);
  if (!block) throw new RangeError("Cannot read a place whose form was checked");
  return block;
}

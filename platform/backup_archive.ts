import { join } from "node:path";
import { createTarDecoder, createTarPacker, type ParsedTarEntry, type TarPackController } from "modern-tar";
import { z } from "zod";
import { type Bytes, concat, toHex, utf8 } from "../crypto/bytes.ts";
import { createSha256 } from "../crypto/sha256.ts";

/** `gateway/gateway.db`: no way out of the folder it is unpacked into. */
const Name = z.string().max(255).regex(
  /^(gateway|node)(\/[A-Za-z0-9_-][A-Za-z0-9_.+-]*)+$/,
  "is no name of a file in a backup",
);

/** The first file of a backup: what is in it, so that nothing is believed before it was compared. */
export const BackupManifest = z.strictObject({
  format: z.literal("ecowatt-backup/1"),
  /** Version of the program that made it. */
  program: z.string().max(64),
  created_at: z.iso.datetime(),
  /** Whether the keys of this machine are in it: then it is a secret itself. */
  with_keys: z.boolean(),
  /** Says which master key seals the device keys in the gateway's database, without giving it away. */
  master_key_id: z.string().max(64).nullable(),
  files: z.array(z.strictObject({
    name: Name,
    size: z.int().min(0),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  })).max(10_000),
}).refine(({ files }) => new Set(files.map(({ name }) => name)).size === files.length, "names a file twice");
export type BackupManifest = z.infer<typeof BackupManifest>;

/** A file to be put into a backup; it must not change meanwhile. */
export interface BackupFile {
  /** `gateway/…` or `node/…` */
  readonly name: string;
  readonly path: string;
}

const MANIFEST = "manifest.json";
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** A backup as it goes into a file or over the network: a gzipped tar, in constant memory. Errors like its source. */
export async function packBackup(
  files: readonly BackupFile[],
  about: Omit<BackupManifest, "format" | "files">,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const listed = [];
  for (const { name, path } of files) listed.push({ name, ...await digestOf(path) });
  const manifest = BackupManifest.parse({ format: "ecowatt-backup/1", ...about, files: listed });
  const { readable, controller } = createTarPacker();
  pack(controller, manifest, files).catch((error) => controller.error(error));
  return readable.pipeThrough(new CompressionStream("gzip"));
}

async function pack(controller: TarPackController, manifest: BackupManifest, files: readonly BackupFile[]) {
  const mtime = new Date(manifest.created_at);
  const text = utf8(JSON.stringify(manifest, null, 2));
  await new Blob([text]).stream().pipeTo(controller.add({ name: MANIFEST, size: text.length, mode: 0o600, mtime }));
  for (const [index, { path }] of files.entries()) {
    const { name = "", size = 0 } = manifest.files[index] ?? {};
    const entry = controller.add({ name, size, mode: 0o600, mtime }); // throws when nobody reads on: no file is open yet
    const file = await Deno.open(path, { read: true });
    await file.readable.pipeTo(entry);
  }
  controller.finalize();
}

async function digestOf(path: string): Promise<{ readonly size: number; readonly sha256: string }> {
  const hash = createSha256();
  let size = 0;
  using file = await Deno.open(path, { read: true });
  for await (const piece of pieces(file)) {
    hash.update(piece);
    size += piece.length;
  }
  return { size, sha256: toHex(hash.digest()) };
}

async function* pieces(file: Deno.FsFile): AsyncIterable<Uint8Array> {
  const buffer = new Uint8Array(256 * 1024);
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    yield buffer.subarray(0, count);
  }
}

/**
 * Unpacks a backup into an empty folder, each file with mode 0600 and on the disk when this resolves. Throws one line for
 * people when it is no backup, is cut, or a file is not what the manifest says.
 */
export async function unpackBackup(
  archive: ReadableStream<Uint8Array<ArrayBuffer>>,
  folder: string,
): Promise<BackupManifest> {
  try {
    const entries = archive.pipeThrough(new DecompressionStream("gzip")).pipeThrough(
      createTarDecoder({ strict: true }),
    );
    return await unpack(entries, folder);
  } catch (error) {
    throw error instanceof NotABackup
      ? error
      : new NotABackup("it is damaged, cut or something else", { cause: error });
  }
}

/** Why an archive is not taken for a backup. */
export class NotABackup extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`Cannot use this backup: ${reason}`, options);
    this.name = "NotABackup";
  }
}

async function unpack(entries: ReadableStream<ParsedTarEntry>, folder: string): Promise<BackupManifest> {
  let manifest: BackupManifest | undefined;
  const missing = new Map<string, BackupManifest["files"][number]>();
  for await (const { header: { name }, body } of entries) {
    if (manifest === undefined) {
      if (name !== MANIFEST) throw new NotABackup("it does not begin with a manifest");
      manifest = await readManifest(body);
      for (const file of manifest.files) missing.set(file.name, file);
      continue;
    }
    const expected = missing.get(name);
    if (expected === undefined) throw new NotABackup(`its manifest does not know ${JSON.stringify(name)}`);
    await unpackFile(body, expected, folder);
    missing.delete(name);
  }
  if (manifest === undefined) throw new NotABackup("it is empty");
  const [first] = missing.keys();
  if (first !== undefined) throw new NotABackup(`${first} is missing`);
  return manifest;
}

async function readManifest(body: ReadableStream<Uint8Array>): Promise<BackupManifest> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.length;
    if (length > MAX_MANIFEST_BYTES) throw new NotABackup("its manifest is too large");
    parts.push(part);
  }
  const parsed = BackupManifest.safeParse(json(concat(...parts)));
  if (parsed.success) return parsed.data;
  throw new NotABackup(`its manifest is not one of this program: ${parsed.error.issues[0]?.message ?? ""}`);
}

function json(bytes: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined; // the schema says what is wrong
  }
}

async function unpackFile(
  body: ReadableStream<Uint8Array>,
  { name, size, sha256 }: BackupManifest["files"][number],
  folder: string,
): Promise<void> {
  const path = join(folder, name);
  await Deno.mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  const hash = createSha256();
  let length = 0;
  for await (const piece of body) {
    length += piece.length;
    if (length > size) break;
    hash.update(piece);
    for (let done = 0; done < piece.length;) done += await file.write(piece.subarray(done));
  }
  await file.sync();
  if (length !== size || toHex(hash.digest()) !== sha256) throw new NotABackup(`${name} is not what the manifest says`);
}

import assert from "node:assert/strict";
import { join } from "node:path";
import { setImmediate } from "node:timers";
import { packTar } from "modern-tar";
import { type BackupFile, NotABackup, packBackup, unpackBackup } from "../../platform/backup_archive.ts";

const ABOUT = { program: "0.0.0", created_at: "2026-01-02T03:04:05Z", with_keys: true, master_key_id: null };

async function folder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

async function site(dir: string): Promise<readonly BackupFile[]> {
  const files = [
    { name: "gateway/gateway.db", path: join(dir, "a"), content: crypto.getRandomValues(new Uint8Array(60_000)) },
    { name: "gateway/firmware-keys/a-1.0+b/x.pem", path: join(dir, "b"), content: new Uint8Array(0) },
    { name: "node/node.sqlite", path: join(dir, "c"), content: new Uint8Array(700_000).fill(7) },
  ];
  for (const { path, content } of files) await Deno.writeFile(path, content);
  return files;
}

function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new Blob([bytes]).stream();
}

async function gzipped(entries: Parameters<typeof packTar>[0]): Promise<Uint8Array<ArrayBuffer>> {
  const packed = streamOf(await packTar(entries)).pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

Deno.test("what is packed comes out byte for byte, readable by its owner only", async () => {
  await using dir = await folder();
  const files = await site(dir.path);
  const out = join(dir.path, "out");
  const manifest = await unpackBackup(await packBackup(files, ABOUT), out);
  assert.deepEqual(manifest.files.map(({ name }) => name), files.map(({ name }) => name));
  for (const { name, path } of files) {
    assert.deepEqual(await Deno.readFile(join(out, name)), await Deno.readFile(path));
    assert.equal(((await Deno.stat(join(out, name))).mode ?? 0) & 0o777, 0o600);
  }
});

Deno.test("a backup that is cut or changed anywhere is refused", async () => {
  await using dir = await folder();
  const whole = new Uint8Array(await new Response(await packBackup(await site(dir.path), ABOUT)).arrayBuffer());
  for (const at of [0, 5, 100, 3_000, 30_000, whole.length - 1]) {
    await assert.rejects(unpackBackup(streamOf(whole.slice(0, at)), join(dir.path, `cut${at}`)), NotABackup);
  }
  for (const at of [0, 40, 5_000, 40_000, whole.length - 6]) {
    const changed = whole.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x10;
    await assert.rejects(unpackBackup(streamOf(changed), join(dir.path, `changed${at}`)), NotABackup);
  }
});

const manifestWith = (files: readonly unknown[]) => ({
  header: { name: "manifest.json", size: 0 },
  body: JSON.stringify({ format: "ecowatt-backup/1", ...ABOUT, files }),
});
const sized = (entry: { header: { name: string; size: number }; body: string }) => ({
  ...entry,
  header: { ...entry.header, size: new TextEncoder().encode(entry.body).length },
});
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

for (
  const [name, files, entries] of [
    ["../../etc/passwd", [{ name: "../../etc/passwd", size: 0, sha256: EMPTY }], []],
    ["gateway/../../x", [{ name: "gateway/../../x", size: 0, sha256: EMPTY }], []],
    ["gateway/.ssh", [{ name: "gateway/.ssh", size: 0, sha256: EMPTY }], []],
    ["/gateway/a", [{ name: "/gateway/a", size: 0, sha256: EMPTY }], []],
    ["a file that the manifest does not know", [], [{ header: { name: "gateway/a", size: 0 }, body: "x" }]],
    ["a file less than the manifest says", [{ name: "gateway/a", size: 0, sha256: EMPTY }], []],
    ["a file twice in the manifest", [
      { name: "gateway/a", size: 0, sha256: EMPTY },
      { name: "gateway/a", size: 0, sha256: EMPTY },
    ], []],
    ["a longer file than the manifest says", [{ name: "gateway/a", size: 0, sha256: EMPTY }], [
      { header: { name: "gateway/a", size: 0 }, body: "x" },
    ]],
  ] as const
) {
  Deno.test(`a backup with ${name} is refused and writes nothing outside`, async () => {
    await using dir = await folder();
    const bytes = await gzipped([manifestWith(files), ...entries].map(sized));
    await assert.rejects(unpackBackup(streamOf(bytes), join(dir.path, "out")), NotABackup);
    assert.deepEqual([...Deno.readDirSync(dir.path)].filter(({ name }) => name !== "out"), []);
  });
}

Deno.test("a backup that is broken off, however early, closes the file that it was reading", async () => {
  await using dir = await folder();
  const files = await site(dir.path);
  for (const turns of Array(30).keys()) {
    const archive = await packBackup(files, ABOUT);
    for (let turn = 0; turn < turns; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
    await archive.cancel(); // Deno's checks for leaks see a file that is open still
  }
});

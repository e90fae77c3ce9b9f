import assert from "node:assert/strict";
import { join } from "node:path";
import { setImmediate } from "node:timers";
import { packTar } from "modern-tar";
import { toHex, utf8 } from "../../crypto/bytes.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { noteDiskCalls } from "../fakes/disk_calls.ts";
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

/** A backup of one file with this content, whose manifest says something of it. */
function backupOf(body: string, said: { readonly size?: number; readonly sha256?: string } = {}) {
  const real = { size: new TextEncoder().encode(body).length, sha256: toHex(sha256(utf8(body))) };
  const entry = { header: { name: "gateway/a", size: 0 }, body };
  return gzipped([manifestWith([{ name: "gateway/a", ...real, ...said }]), entry].map(sized));
}

Deno.test("a file that was changed, and all that is around it with it, is told by its hash", async () => {
  await using dir = await folder();
  await unpackBackup(streamOf(await backupOf("true")), join(dir.path, "good"));
  const bad = streamOf(await backupOf("fake", { sha256: toHex(sha256(utf8("true"))) }));
  await assert.rejects(unpackBackup(bad, join(dir.path, "bad")), /gateway\/a is not what the manifest says/);
});

Deno.test("of a file that is longer than its manifest says no more is written than that", async () => {
  await using dir = await folder();
  const bytes = await backupOf("x".repeat(3_000_000), { size: 1_000 });
  await assert.rejects(unpackBackup(streamOf(bytes), join(dir.path, "out")), /is not what the manifest says/);
  const written = Deno.statSync(join(dir.path, "out/gateway/a")).size;
  assert.ok(written < 1_000_000, `${written} bytes`);
});

Deno.test("what was unpacked is on the disk", async () => {
  await using dir = await folder();
  const packed = await packBackup(await site(dir.path), ABOUT);
  using disk = noteDiskCalls();
  await unpackBackup(packed, join(dir.path, "out"));
  assert.deepEqual(disk.atRisk(), []);
  assert.equal(disk.calls.filter(({ kind }) => kind === "sync").length, 3);
});

for (
  const [name, files, entries] of [
    ["../../etc/passwd", [{ name: "../../etc/passwd", size: 0, sha256: EMPTY }], []],
    ["gateway/../../x", [{ name: "gateway/../../x", size: 0, sha256: EMPTY }], []],
    ["gateway/.ssh", [{ name: "gateway/.ssh", size: 0, sha256: EMPTY }], []],
    ["gateway/..", [{ name: "gateway/..", size: 0, sha256: EMPTY }], []],
    ["node/.hidden/x", [{ name: "node/.hidden/x", size: 0, sha256: EMPTY }], []],
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
    await assert.rejects(unpackBackup(streamOf(bytes), join(dir.path, "out")), (error) => {
      assert.ok(error instanceof NotABackup);
      if (/^[./]|\/\./.test(name)) assert.match(error.message, /its manifest is not one.*is no name of a file/);
      return true;
    });
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

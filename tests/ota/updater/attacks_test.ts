import assert from "node:assert/strict";
import { toBase64, utf8 } from "../../../crypto/bytes.ts";
import { loadState, storeState } from "../../../ota/slots/state.ts";
import { checkImage } from "../../../ota/updater/image_check.ts";
import { bring, consider, giveUp, tryNext, type UpdateFault } from "../../../ota/updater/install.ts";
import { canonicalJson } from "../../../ota/manifest/canonical_json.ts";
import { signRsa } from "../../../crypto/rsa.ts";
import { signManifest } from "../../../ota/manifest/manifest.ts";
import type { Clock } from "../../../platform/clock.ts";
import { refusal, success } from "../../../protocol/outcome.ts";
import {
  chunkAnswer,
  FirmwareGateway,
  type Misbehave,
  type Release,
  release,
  signingKey,
  strangersKey,
} from "../../fakes/firmware.ts";
import { PowerFiles } from "../../fakes/power.ts";
import { installIo, NEW_IMAGE, newRelease, saying } from "../machine.ts";
import type { InstallIo } from "../../../ota/updater/install.ts";

const never = new AbortController().signal;
const text = newRelease.signed.manifest;
const other = await release(utf8("#!/bin/sh\necho another image of the same maker\n"), {
  version: "2.0.1",
  sequence: 3,
});

const even = await release(new Uint8Array(150).fill(35));

interface Attack {
  readonly name: string;
  readonly fault: UpdateFault;
  /** What is offered; the chunks are of the same release unless `served`. */
  readonly offered?: Pick<Release, "signed">;
  readonly served?: Release;
  readonly misbehave?: Misbehave;
  readonly io?: Partial<InstallIo>;
  readonly floor?: number;
}

const resign = async (manifest: string) => toBase64(await signRsa(signingKey, utf8(manifest)));
const signedText = (manifest: string, manifest_signature = newRelease.signed.manifest_signature) => ({
  signed: { manifest, manifest_signature },
});
const altered =
  (change: (answer: Awaited<ReturnType<typeof chunkAnswer>>, n: number) => unknown): Misbehave => async (path, n) =>
    path === "/ota/chunk" ? { kind: "ok", value: await change(await chunkAnswer(newRelease, n), n) } : undefined;
const flipped = (base64: string) => (base64.startsWith("A") ? "B" : "A") + base64.slice(1);

/** Time in which every request takes `ms`. */
function slowClock(ms: number): Clock {
  let now = 0;
  return { now: () => now, monotonic: () => (now += ms), sleep: () => Promise.resolve() };
}

/** A manifest that its maker never makes: written and signed with the right key all the same. */
async function misshapen(changes: Record<string, string | number>): Promise<Pick<Release, "signed">> {
  const { signature = "", ...rest } = newRelease.manifest;
  const manifest = canonicalJson({ ...rest, signature, min_version: "0.0.1", ...changes });
  return { signed: { manifest, manifest_signature: await resign(manifest) } };
}

const ATTACKS: readonly Attack[] = [
  {
    name: "an arbitrary image, signed by a stranger",
    fault: "manifest_signature",
    offered: await release(NEW_IMAGE, {}, strangersKey),
  },
  { name: "no signature", fault: "manifest_signature", offered: signedText(text, "") },
  { name: "a short signature", fault: "manifest_signature", offered: signedText(text, "AAAA") },
  { name: "a signature of zeros", fault: "manifest_signature", offered: signedText(text, `${"A".repeat(342)}==`) },
  {
    name: "a manifest changed after it was signed",
    fault: "manifest_signature",
    offered: signedText(text.replace("2.0.0", "2.0.9")),
  },
  { name: "an endless manifest", fault: "manifest_size", offered: signedText(text + " ".repeat(10_000)) },
  {
    name: "a path in the version",
    fault: "manifest_form",
    offered: await misshapen({ version: "../../../etc/passwd" }),
  },
  { name: "a path in the model", fault: "manifest_form", offered: await misshapen({ model: "../ecowatt" }) },
  { name: "sizes that do not agree", fault: "manifest_form", offered: await misshapen({ total_chunks: 1_000_000 }) },
  { name: "an empty image signature", fault: "manifest_form", offered: await misshapen({ signature: "" }) },
  { name: "a key that nobody knows", fault: "manifest_form", offered: await misshapen({ also: 1 }) },
  {
    name: "the wrong model",
    fault: "wrong_model",
    offered: await release(NEW_IMAGE, { model: "ESP32_EcoWatt_Smart" }),
  },
  { name: "a rollback to an older sequence", fault: "rollback", floor: 3, offered: newRelease },
  { name: "a replayed check, of what is confirmed already", fault: "rollback", floor: 2, offered: newRelease },
  { name: "an older version on a new box", fault: "rollback", offered: await release(NEW_IMAGE, { version: "0.9.0" }) },
  {
    name: "a step that must not be skipped",
    fault: "min_version",
    offered: await release(NEW_IMAGE, { min_version: "1.5.0" }),
  },
  { name: "an endless image", fault: "too_large", offered: newRelease, io: { room: 50 } },
  { name: "the manifest of one image with the chunks of another", fault: "chunk_size", served: other },
  {
    name: "chunks in another order",
    fault: "chunk_hmac",
    offered: even,
    misbehave: async (path, n) => {
      if (path !== "/ota/chunk") return undefined;
      const swapped = await chunkAnswer(even, 1 - n);
      return { kind: "ok", value: { ...swapped, chunk: { ...swapped.chunk, chunk_number: n } } };
    },
  },
  {
    name: "another chunk than was asked for",
    fault: "chunk_number",
    misbehave: altered((_, n) => chunkAnswer(newRelease, n + 1)),
  },
  {
    name: "a tampered chunk",
    fault: "chunk_hmac",
    misbehave: altered((answer) => ({ ...answer, chunk: { ...answer.chunk, data: flipped(answer.chunk.data) } })),
  },
  {
    name: "a tampered HMAC",
    fault: "chunk_hmac",
    misbehave: altered((answer) => ({ ...answer, chunk: { ...answer.chunk, hmac: "0".repeat(64) } })),
  },
  {
    name: "a truncated chunk",
    fault: "chunk_size",
    misbehave: altered((answer) => ({ ...answer, chunk: { ...answer.chunk, data: answer.chunk.data.slice(0, 8) } })),
  },
  {
    name: "an endless chunk",
    fault: "chunk_size",
    misbehave: altered((answer) => ({ ...answer, chunk: { ...answer.chunk, data: "A".repeat(100_000) } })),
  },
  {
    name: "a release that is gone meanwhile",
    fault: "refused",
    misbehave: (path) => path === "/ota/chunk" ? { kind: "refused", status: 404, reason: "404" } : undefined,
  },
  {
    name: "answers that drip for ever",
    fault: "too_slow",
    misbehave: (path) =>
      path === "/ota/chunk" ? { kind: "later", reason: "less than 512 bytes/s", waitMs: 0, drips: true } : undefined,
  },
  {
    name: "a server that drips",
    fault: "too_slow",
    offered: await release(new Uint8Array(2000).fill(35)),
    io: { clock: slowClock(10_000) },
  },
  { name: "a download that never ends", fault: "too_slow", io: { clock: slowClock(20 * 3_600_000) } },
  {
    name: "another IV than the image was encrypted with",
    fault: "sha256",
    offered: await release(NEW_IMAGE, { iv: "AAAAAAAAAAAAAAAAAAAAAA==" }),
  },
  { name: "another hash", fault: "sha256", offered: await release(NEW_IMAGE, { sha256_hash: "0".repeat(64) }) },
  { name: "another size", fault: "size", offered: await release(NEW_IMAGE, { original_size: NEW_IMAGE.length + 1 }) },
  { name: "a program of another version", fault: "program", io: { run: saying("1.9.9") } },
  { name: "a program of another model", fault: "program", io: { run: saying("2.0.0", "toaster") } },
  { name: "a program that says nothing", fault: "program", io: { run: () => Promise.resolve(success("")) } },
  {
    name: "a program that does not start",
    fault: "program",
    io: { run: () => Promise.resolve(refusal("program", "no")) },
  },
];

for (const attack of ATTACKS) {
  Deno.test(`refused as ${attack.fault}: ${attack.name}`, async () => {
    const files = new PowerFiles();
    const offered = attack.offered ?? newRelease;
    const served = attack.served ?? ("encrypted" in offered ? offered as Release : newRelease);
    const gateway = new FirmwareGateway(served);
    if (attack.misbehave) gateway.misbehave = attack.misbehave;
    if (attack.floor !== undefined) await storeState(files, { floor: attack.floor, bad: [], reports: [] });
    const io = installIo(files, gateway, attack.io);
    const wanted = await consider(offered.signed, io);
    const result = wanted.ok ? await bring(wanted.value, io, never) : wanted;
    assert.equal(result.ok ? "ok" : result.fault, attack.fault);
    assert.equal(await files.read("a/ecowatt"), undefined, "nothing that could be started");
    assert.equal(await files.read("trial"), undefined);
  });
}

Deno.test("an image that failed its checks is reported with the code, and is not downloaded a second time", async () => {
  const files = new PowerFiles();
  const gateway = new FirmwareGateway(newRelease);
  const io = installIo(files, gateway, { run: saying("1.9.9") });
  const wanted = await consider(newRelease.signed, io);
  assert.ok(wanted.ok);
  const brought = await bring(wanted.value, io, never);
  assert.ok(!brought.ok);
  await giveUp(wanted.value, brought, io);
  const { reports } = await loadState(files);
  assert.deepEqual(
    reports.map((report) => report.kind === "verify" && [report.verified, report.error?.split(":")[0]]),
    [[false, "program"]],
  );
  const again = await consider(newRelease.signed, io);
  assert.equal(again.ok ? "ok" : again.fault, "known_bad");
});

Deno.test("a good image passes, and only then is there something to start", async () => {
  const files = new PowerFiles();
  const io = installIo(files, new FirmwareGateway(newRelease));
  const wanted = await consider(newRelease.signed, io);
  assert.ok(wanted.ok);
  assert.ok((await bring(wanted.value, io, never)).ok);
  assert.deepEqual(await files.read("a/ecowatt"), NEW_IMAGE);
  await tryNext(wanted.value, io, true);
  assert.match(new TextDecoder().decode(await files.read("trial")), /^a [0-9a-f]{64} 2 60\n$/);
});

Deno.test("an image is vouched for by its manifest: without a signature of its own it passes, changed it does not", async () => {
  const { signature: _, ...manifest } = newRelease.manifest;
  const signed = await signManifest(manifest, signingKey);
  const files = new PowerFiles();
  const io = installIo(files, new FirmwareGateway({ ...newRelease, manifest, signed }));
  const wanted = await consider(signed, io);
  assert.ok(wanted.ok);
  assert.ok((await bring(wanted.value, io, never)).ok);
  const image = await files.read("a/ecowatt") ?? assert.fail();
  assert.deepEqual(image, NEW_IMAGE);
  for (const at of [0, image.length - 1]) {
    const changed = image.with(at, (image[at] ?? 0) ^ 1);
    const file = await files.open("b/changed");
    await file.write(0, changed);
    const checked = await checkImage("b/changed", manifest, files);
    assert.equal(checked.ok ? "ok" : checked.fault, "sha256");
  }
});

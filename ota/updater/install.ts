import { toHex } from "../../crypto/bytes.ts";
import type { RsaPublicKey } from "../../crypto/rsa.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { type ManifestFault, type SignedManifest, verifyManifest } from "../manifest/manifest.ts";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import { loadState, remembered, storeState, told } from "../slots/state.ts";
import { forgetDigest, keepDigest } from "../slots/digest.ts";
import { arm, currentSlot, executableOf } from "../slots/slots.ts";
import { otherSlot } from "../slots/trial.ts";
import { download, type DownloadFault, type DownloadIo } from "./download.ts";
import { eligible, type Ineligible, type Self } from "./eligibility.ts";
import { checkImage, type ImageFault } from "./image_check.ts";
import { forgetPart, partOf, type Wanted } from "./part.ts";
import { probe, type RunVersion } from "./probe.ts";

/** Everything that can be wrong with an update, by code, in the order in which it is looked for. */
export type UpdateFault = ManifestFault | Ineligible | DownloadFault | ImageFault | "program";

/** What an installation stands on. */
export interface InstallIo extends DownloadIo {
  readonly self: Self;
  /** Vouches for manifests, and so for images. */
  readonly publicKey: RsaPublicKey;
  readonly run: RunVersion;
  /** The path of an executable within the slots, for `run`. */
  readonly pathOf: (path: string) => string;
  /** Bytes that an image may have. */
  readonly room: number;
  readonly trial: { readonly limit: number; readonly windowS: number };
}

/** What of it brings an image into its slot. */
type BringIo = DownloadIo & Pick<InstallIo, "run" | "pathOf">;

/** Faults of the image itself: it would have them the next time as well. */
const BAD: ReadonlySet<UpdateFault> = new Set(["decrypt", "size", "sha256", "program"]);

/** Whether an image with this fault is not to be tried again. */
function isBad(fault: UpdateFault): boolean {
  return BAD.has(fault);
}

/**
 * Believes nothing of an offer before its signature; then whether it is for this node.
 *
 * @example
 * ```ts
 * import { generateRsaKeyPair, importRsaPublicKey } from "../../crypto/rsa.ts";
 * import { slotFiles } from "../slots/files.ts";
 * const publicKey = await importRsaPublicKey((await generateRsaKeyPair()).publicPem);
 * if (!publicKey) throw new Error("this is an RSA-2048 key");
 * const files = await slotFiles(await Deno.makeTempDir());
 * const io = { publicKey, files, self: { model: "ecowatt", version: "1.1.0" }, room: 1_000_000 };
 * const forged = await consider({ manifest: "{}", manifest_signature: `${"A".repeat(342)}==` }, io);
 * forged.ok ? "for this node" : forged.fault; // => "manifest_signature"
 * ```
 */
export async function consider(
  offer: SignedManifest,
  io: Pick<InstallIo, "files" | "publicKey" | "room" | "self">,
): Promise<Outcome<Wanted, UpdateFault>> {
  const manifest = await verifyManifest(offer, io.publicKey);
  if (!manifest.ok) return manifest;
  const image = toHex(sha256(offer.manifest));
  const fit = eligible(manifest.value, image, { self: io.self, state: await loadState(io.files), room: io.room });
  if (!fit.ok) return fit;
  return success({ manifest: fit.value, image, slot: otherSlot(await currentSlot(io.files)) });
}

/**
 * Downloads and checks an image and puts it into its slot, complete and durable. It is not started before `tryNext`. The slot
 * holds an old image until then: the one that runs is in the other.
 *
 * @example
 * ```ts
 * import { importAesKey } from "../../crypto/aes_cbc.ts";
 * import { importHmacKey } from "../../crypto/hmac.ts";
 * import { systemClock as clock } from "../../platform/clock.ts";
 * import { systemRandom as random } from "../../platform/random.ts";
 * import { slotFiles } from "../slots/files.ts";
 * const manifest = { format: "ecowatt-firmware/1", model: "ecowatt", version: "1.2.0", sequence: 7, original_size: 100,
 *   encrypted_size: 112, sha256_hash: "00", iv: "", chunk_size: 1_024, total_chunks: 1 } as const;
 * const keys = { image: await importAesKey(new Uint8Array(32)), chunks: await importHmacKey(new Uint8Array(32)) };
 * const gateway = { ask: () => Promise.resolve({ kind: "refused", status: 409, reason: "it was recalled" } as const) };
 * const program = { run: () => Promise.resolve({ ok: true, value: "" } as const), pathOf: (path: string) => path };
 * const io = { device: "roof", files: await slotFiles(await Deno.makeTempDir()), gateway, keys, clock, random };
 * const wanted = { manifest, image: "00".repeat(32), slot: "b" } as const;
 * const brought = await bring(wanted, { ...io, ...program }, new AbortController().signal);
 * brought.ok || brought.detail; // => "it was recalled"
 * ```
 */
export async function bring(wanted: Wanted, io: BringIo, signal: AbortSignal): Promise<Outcome<Wanted, UpdateFault>> {
  const { files } = io;
  const { slot, manifest: { sha256_hash } } = wanted;
  // It lies there, good: the power went before its trial, or the trial was postponed.
  if ((await checked(executableOf(slot), wanted, io)).ok) {
    await files.syncFolder(executableOf(slot)); // the program may have ended between the name and its sync
    await keepDigest(files, slot, sha256_hash);
    return await probed(executableOf(slot), wanted, io);
  }
  // All of it may be there, and the power went before its checks.
  if (!(await checked(partOf(slot), wanted, io)).ok) {
    const downloaded = await download(wanted, io, signal);
    if (!downloaded.ok) return downloaded;
    // Somebody staged another image meanwhile (ota/slots/stage.ts): that says nothing against this one.
    if (await files.size(partOf(slot)) === undefined) throw new Error("what was downloaded was taken away");
    const image = await checked(partOf(slot), wanted, io);
    if (!image.ok) return image;
  }
  const program = await probed(partOf(slot), wanted, io);
  if (!program.ok) return program;
  if (signal.aborted) return refusal("stopped", "the program ends");
  await files.sync(partOf(slot)); // what was checked was read from memory perhaps
  await forgetDigest(files, slot);
  await files.rename(partOf(slot), executableOf(slot));
  await files.syncFolder(executableOf(slot));
  await keepDigest(files, slot, sha256_hash);
  return success(wanted);
}

async function checked(path: string, { manifest }: Wanted, { files }: BringIo) {
  return await checkImage(path, manifest, files);
}

async function probed(path: string, wanted: Wanted, io: BringIo): Promise<Outcome<Wanted, UpdateFault>> {
  const program = await probe(io.pathOf(path), wanted.manifest, io.run);
  return program.ok ? success(wanted) : program;
}

/**
 * From the next start on the image is on trial.
 *
 * @example
 * ```ts
 * import { slotFiles } from "../slots/files.ts";
 * import { readTrial } from "../slots/slots.ts";
 * const manifest = { format: "ecowatt-firmware/1", model: "ecowatt", version: "1.2.0", sequence: 7, original_size: 100,
 *   encrypted_size: 112, sha256_hash: "00", signature: "", iv: "", chunk_size: 1_024, total_chunks: 1 } as const;
 * const files = await slotFiles(await Deno.makeTempDir());
 * const wanted = { manifest, image: "00".repeat(32), slot: "b" } as const;
 * await tryNext(wanted, { files, trial: { limit: 3, windowS: 600 } }, true);
 * (await readTrial(files))?.slot; // => "b"
 * ```
 */
export async function tryNext(
  { manifest, image, slot }: Wanted,
  io: Pick<InstallIo, "files" | "trial">,
  invertersAnswered: boolean,
): Promise<void> {
  const state = await loadState(io.files);
  const pending = {
    image,
    version: manifest.version,
    sequence: manifest.sequence,
    inverters_answered: invertersAnswered || (state.postponed?.inverters_answered ?? false),
  };
  const report = { kind: "verify", version: manifest.version, verified: true } as const;
  const known = [state.pending, state.postponed].some((one) => one?.image === image); // it was told before
  await storeState(io.files, known ? { ...state, pending } : told({ ...state, pending }, report));
  await arm(io.files, { slot, image, ...io.trial });
}

/**
 * Remembers a failed image if it is bad, keeps what is to be reported, and frees its slot.
 *
 * @example
 * ```ts
 * import { slotFiles } from "../slots/files.ts";
 * import { loadState } from "../slots/state.ts";
 * const manifest = { format: "ecowatt-firmware/1", model: "ecowatt", version: "1.2.0", sequence: 7, original_size: 100,
 *   encrypted_size: 112, sha256_hash: "00", signature: "", iv: "", chunk_size: 1_024, total_chunks: 1 } as const;
 * const files = await slotFiles(await Deno.makeTempDir());
 * const wanted = { manifest, image: "00".repeat(32), slot: "b" } as const;
 * await giveUp(wanted, { fault: "sha256", detail: "its hash is another" }, { files });
 * (await loadState(files)).bad.map(({ reason }) => reason); // => ["sha256: its hash is another"]
 * ```
 */
export async function giveUp(
  { manifest, image, slot }: Wanted,
  { fault, detail }: { readonly fault: UpdateFault; readonly detail: string },
  io: Pick<InstallIo, "files">,
): Promise<void> {
  const state = await loadState(io.files);
  const { version, sequence } = manifest;
  const error = `${fault}: ${detail}`.slice(0, 500);
  const one = { image, version, sequence, inverters_answered: false, code: fault, reason: error };
  const report = { kind: "verify", version, verified: false, error } as const;
  await storeState(io.files, told(isBad(fault) ? remembered(state, one) : state, report));
  await forgetPart(io.files, slot);
}

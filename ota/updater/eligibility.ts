import type { Manifest } from "../manifest/manifest.ts";
import { compareVersions, type FirmwareVersion } from "../manifest/version.ts";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import type { UpdateState } from "../slots/state.ts";

/** What a node is. */
export interface Self {
  /** What a manifest has to be for. */
  readonly model: string;
  /** What runs now. */
  readonly version: FirmwareVersion;
}

/** Why a manifest that is signed and in form is not for this node. */
export type Ineligible = "wrong_model" | "rollback" | "min_version" | "known_bad" | "too_large";

/**
 * Whether this node may install what a verified manifest describes. `room`: bytes that an image may have.
 *
 * @example
 * ```ts
 * const manifest = { format: "ecowatt-firmware/1", model: "ecowatt", version: "1.2.0", sequence: 7, original_size: 100,
 *   encrypted_size: 112, sha256_hash: "00", signature: "", iv: "", chunk_size: 1_024, total_chunks: 1 } as const;
 * const self = { model: "ecowatt", version: "1.1.0" };
 * const take = (floor: number) =>
 *   eligible(manifest, "1f2e", { self, state: { floor, bad: [], reports: [] }, room: 1_000 });
 * take(6).ok; // => true
 * take(7); // => { ok: false, fault: "rollback", detail: "its sequence 7 is not above 7" }
 * ```
 */
export function eligible(
  manifest: Manifest,
  image: string,
  { self, state, room }: { readonly self: Self; readonly state: UpdateState; readonly room: number },
): Outcome<Manifest, Ineligible> {
  const { model, version, sequence, min_version } = manifest;
  if (model !== self.model) return refusal("wrong_model", `it is for ${model}, this is ${self.model}`);
  if (sequence <= state.floor) return refusal("rollback", `its sequence ${sequence} is not above ${state.floor}`);
  if (state.floor === 0 && compareVersions(version, self.version) <= 0) {
    // Nothing was ever confirmed here, so what was installed by hand is the floor.
    return refusal("rollback", `${version} is not newer than ${self.version}, which was installed`);
  }
  if (min_version !== undefined && compareVersions(self.version, min_version) < 0) {
    return refusal("min_version", `it needs ${min_version} first, this is ${self.version}`);
  }
  const bad = state.bad.find((one) => one.image === image || one.sequence === sequence);
  if (bad) return refusal("known_bad", `it failed here before: ${bad.reason}`);
  if (manifest.original_size > room) {
    return refusal("too_large", `${manifest.original_size} bytes, ${room} are allowed`);
  }
  return success(manifest);
}

import type { Outcome } from "../../protocol/outcome.ts";
import type { BoardManifest, Firmware, FirmwareFault, NewFirmware } from "../manifest/firmware.ts";
import type { SignedManifest } from "../manifest/manifest.ts";
import type { ReadyChunk } from "./ready_chunks.ts";

/** Firmware that can be offered to devices: on disk, and whole, or not there. */
export interface FirmwareImages {
  list(): readonly Firmware[];
  find(model: string, version: string): Firmware | undefined;
  /** `undefined` for a number that the image does not have. */
  chunk(firmware: Firmware, number: number): Promise<ReadyChunk | undefined>;
  /** As nodes of version 0.1 take it: with a signature over the image itself, which is made when it is first asked for. */
  forOlderNodes(firmware: Firmware): Promise<Outcome<Firmware, FirmwareFault>>;
}

/** An image as it comes: in pieces, which take constant memory. */
export type Pieces = AsyncIterable<Uint8Array>;

/** What became of an image that was to be added. */
export type Added = Promise<Outcome<Firmware, FirmwareFault>>;

/** What operators do with firmware. */
export interface FirmwareRepository extends FirmwareImages {
  /** Hashes, signs and encrypts a plain image, with keys of which the private one is here. */
  add(plain: Pieces, details: NewFirmware): Added;
  /** As `add`, for an image that was signed on another machine: the public key is enough. */
  addSigned(plain: Pieces, signed: SignedManifest, options: { readonly keys: string }): Added;
  /** Takes what the boards' own tools made, byte for byte, once it passes every check that a board makes. */
  importBoard(
    encrypted: Pieces,
    manifest: BoardManifest,
    options: { readonly model: string; readonly keys: string },
  ): Added;
  /** Reads an image back and checks all that devices check. */
  verify(firmware: Firmware): Added;
  remove(model: string, version: string): Promise<boolean>;
}

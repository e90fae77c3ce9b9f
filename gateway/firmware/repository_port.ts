import type { Bytes } from "../../crypto/bytes.ts";
import type { BoardManifest, Firmware, FirmwareFault, NewFirmware } from "../../protocol/ota/firmware.ts";
import type { SignedManifest } from "../../protocol/ota/manifest.ts";
import { type Outcome, refusal } from "../../protocol/outcome.ts";

/** What the paths of devices need of the firmware on disk. */
export interface FirmwareShelf {
  list(): readonly Firmware[];
  find(model: string, version: string): Firmware | undefined;
  /** One encrypted chunk with its HMAC in hex; `undefined` for a number that the image does not have. */
  chunk(firmware: Firmware, number: number): Promise<{ readonly data: Bytes; readonly hmac: string } | undefined>;
}

type Pieces = AsyncIterable<Uint8Array>;
type Added = Promise<Outcome<Firmware, FirmwareFault>>;

/** What operators do with it. Images come in pieces and take constant memory. */
export interface FirmwareRepository extends FirmwareShelf {
  add(plain: Pieces, details: NewFirmware): Added;
  addSigned(plain: Pieces, signed: SignedManifest, options: { readonly keys: string }): Added;
  importBoard(
    encrypted: Pieces,
    manifest: BoardManifest,
    options: { readonly model: string; readonly keys: string },
  ): Added;
  verify(firmware: Firmware): Added;
  remove(model: string, version: string): Promise<boolean>;
}

const none = (): Added => Promise.resolve(refusal("keys", "This gateway was started without a firmware repository"));

/** For a gateway that offers no firmware. */
export const NO_FIRMWARE: FirmwareRepository = {
  list: () => [],
  find: () => undefined,
  chunk: () => Promise.resolve(undefined),
  add: none,
  addSigned: none,
  importBoard: none,
  verify: none,
  remove: () => Promise.resolve(false),
};

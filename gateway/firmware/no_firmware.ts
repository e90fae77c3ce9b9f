import type { Added, FirmwareRepository } from "../../ota/repository/firmware_repository.ts";
import { refusal } from "../../protocol/outcome.ts";

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

import { utf8 } from "../../crypto/bytes.ts";
import type { Clock } from "../../platform/clock.ts";
import { success } from "../../protocol/outcome.ts";
import type { SlotFiles } from "../../ota/slots/files.ts";
import type { InstallIo } from "../../ota/updater/install.ts";
import { type FirmwareGateway, firmwareKeys, type Release, release } from "../fakes/firmware.ts";

/** A clock on which nothing takes any time. */
export const instant: Clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };

/**
 * Scripts that say who they are, so that the real boot guard can run them as well; the new one ends a boot guard that tries it,
 * since one look is enough.
 */
export const OLD_IMAGE = utf8("#!/bin/sh\necho old\n");
export const NEW_IMAGE = utf8(
  '#!/bin/sh\necho new\n[ -z "$ECOWATT_TRIAL" ] || kill -KILL "$PPID"\n# more\n# and more\n',
);

export const newRelease: Release = await release(NEW_IMAGE);

/** What `version --json` says. */
export function saying(version = "2.0.0", model = "ecowatt"): InstallIo["run"] {
  return () => Promise.resolve(success(JSON.stringify({ model, version, os: Deno.build.os, arch: Deno.build.arch })));
}

/** The updater's surroundings, on any filesystem. */
export function installIo(files: SlotFiles, gateway: FirmwareGateway, changes: Partial<InstallIo> = {}): InstallIo {
  return {
    device: "test-node",
    files,
    gateway,
    keys: firmwareKeys,
    publicKey: firmwareKeys.publicKey,
    self: { model: "ecowatt", version: "1.0.0" },
    run: saying(),
    pathOf: (path) => path,
    room: 1_000_000,
    trial: { limit: 2, windowS: 60 },
    clock: instant,
    random: { float: () => 0.5 },
    ...changes,
  };
}

import { ACCESS } from "./edits/access.ts";
import { BOARDS } from "./edits/boards.ts";
import { BOOT_GUARD } from "./edits/boot_guard.ts";
import { COMMAND } from "./edits/commands.ts";
import { CRYPTO } from "./edits/crypto.ts";
import { IMAGES } from "./edits/images.ts";
import { KEYS } from "./edits/keys.ts";
import { MQTT_EDITS } from "./edits/mqtt.ts";
import { OUTBOXES } from "./edits/outbox.ts";
import { PROTOCOL } from "./edits/protocol.ts";
import { SLOT_EDITS } from "./edits/slots.ts";
import { STORES } from "./edits/store.ts";
import { UPDATER_EDITS } from "./edits/updater.ts";
import { UPLINKS } from "./edits/uplink.ts";
import type { Mutant } from "./mutant.ts";

/** All edits by the name of their list. */
export const EDITS: Readonly<Record<string, readonly Mutant[]>> = {
  crypto: CRYPTO,
  protocol: PROTOCOL,
  store: STORES,
  access: ACCESS,
  boards: BOARDS,
  keys: KEYS,
  outbox: OUTBOXES,
  commands: COMMAND,
  uplink: UPLINKS,
  mqtt: MQTT_EDITS,
  slots: SLOT_EDITS,
  updater: UPDATER_EDITS,
  images: IMAGES,
  boot_guard: BOOT_GUARD,
};

import assert from "node:assert/strict";
import type { UpdateState } from "../../../ota/slots/state.ts";
import { eligible } from "../../../ota/updater/eligibility.ts";
import { newRelease } from "../machine.ts";

const manifest = { ...newRelease.manifest, version: "2.0.0", sequence: 7, original_size: 100 };
const IMAGE = "1f".repeat(32);
const bad = { image: "2e".repeat(32), version: "2.0.0", sequence: 9, inverters_answered: true, code: "x", reason: "x" };

interface Case {
  readonly manifest?: Partial<typeof manifest> & { readonly min_version?: string };
  readonly version?: string;
  readonly state?: Partial<UpdateState>;
  readonly room?: number;
}

const table: readonly (readonly [string, Case, string])[] = [
  ["that is newer than all", {}, "ok"],
  ["for another model", { manifest: { model: "esp32" } }, "wrong_model"],
  ["with the sequence that is confirmed", { state: { floor: 7 } }, "rollback"],
  ["with an older sequence", { state: { floor: 8 } }, "rollback"],
  ["with the next sequence", { state: { floor: 6 } }, "ok"],
  ["of the version that was installed by hand", { version: "2.0.0" }, "rollback"],
  ["of an older version than was installed by hand", { version: "2.0.1" }, "rollback"],
  [
    "of an older version with a newer sequence, once one was confirmed",
    { version: "2.0.1", state: { floor: 6 } },
    "ok",
  ],
  ["that needs the version that runs", { manifest: { min_version: "1.0.0" } }, "ok"],
  ["that needs a newer version first", { manifest: { min_version: "1.0.1" } }, "min_version"],
  ["that failed here", { state: { bad: [{ ...bad, image: IMAGE }] } }, "known_bad"],
  ["with another image under a sequence that failed here", { state: { bad: [{ ...bad, sequence: 7 }] } }, "known_bad"],
  ["beside which another failed here", { state: { bad: [bad] } }, "ok"],
  ["that just fits", { room: 100 }, "ok"],
  ["that does not fit by a byte", { room: 99 }, "too_large"],
];
for (const [name, { manifest: changes, version = "1.0.0", state = {}, room = 1_000 }, expected] of table) {
  Deno.test(`an image ${name}: ${expected}`, () => {
    const outcome = eligible({ ...manifest, ...changes }, IMAGE, {
      self: { model: "ecowatt", version },
      state: { floor: 0, bad: [], reports: [], ...state },
      room,
    });
    assert.equal(outcome.ok ? "ok" : outcome.fault, expected);
  });
}

import { profileDocument } from "../../protocol/profile/format/document.ts";
import { compileDocument } from "../../protocol/profile/format/compile.ts";
import type { Profile } from "../../protocol/profile/register.ts";

/** A user's own meter as it is written in its file, with what differs. */
export function ownDocument(
  { scale = 0.1, word = "running", ...more }: { scale?: number; word?: string; [key: string]: unknown } = {},
): Record<string, unknown> {
  return {
    profile: "ecowatt-profile/1",
    name: "my-meter",
    title: "My meter",
    class: "meter",
    status: "transcribed",
    registers: {
      GridW: { address: 0, type: "i16", scale, unit: "W", role: "grid_power", positive: "export" },
      State: { address: 1, type: "u16", role: "state", values: { 1: `ok ${word}` } },
      ImportWh: { address: 2, type: "u32", unit: "Wh", role: "grid_import_total", counts: "lifetime" },
    },
    fit: [{ register: "State", between: [0, 9] }],
    poll: { slow: { every: "30s", of: ["ImportWh"] } },
    ...more,
  };
}

/** What a document says, of its first kind. */
export function profileIn(document: Record<string, unknown>): Profile {
  return compileDocument(profileDocument().parse(document)).maps[0].profile;
}

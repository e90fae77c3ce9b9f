import assert from "node:assert/strict";
import fc from "fast-check";
import {
  BELIEVED_AFTER,
  judge,
  STEP_MEMORY_MS,
  type Track,
  type Verdict,
} from "../../../device/inverter/plausibility.ts";
import { profileById } from "../../../protocol/profile/catalogue.ts";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { lookup } from "../../../protocol/profile/lookup.ts";
import { physical } from "../../../protocol/profile/physical.ts";
import { floatBits } from "../../../protocol/profile/raw.ts";
import type { Profile, Register } from "../../../protocol/profile/register.ts";

function register(profile: Profile | undefined, name: string): Register {
  const found = profile && lookup(profile, name);
  assert.ok(found, name);
  return found;
}

const voltage = register(ecowatt, "Vac1");
const energy = register(profileById("sunspec:103@0/50"), "103.WH");

/** The verdicts of consecutive readings, one each `everyMs`. */
function verdicts(register: Register, raws: readonly number[], everyMs = 2000, factor = 0): Verdict[] {
  let track: Track = {};
  return raws.map((raw, i) => {
    const judged = judge(register, { raw, physical: physical(register, raw, () => factor), at: i * everyMs }, track);
    track = judged.track;
    return judged.verdict;
  });
}

Deno.test("verdicts of consecutive readings", () => {
  const B = "believed", S = "step", R = "range", M = "missing", A = "absent";
  const table: readonly [string, Register, readonly number[], readonly Verdict[]][] = [
    ["a steady voltage", voltage, [2300, 2310, 2290], [B, B, B]],
    ["a single spike is withheld and forgotten", voltage, [2300, 170, 2300, 170, 2300], [B, S, B, S, B]],
    ["the grid goes away and stays away", voltage, [2300, 0, 0, 0, 0, 2300, 2300, 2300], [B, S, S, B, B, S, S, B]],
    ["wild values do not confirm each other", voltage, [2300, 0, 1200, 0, 1200, 0], [B, S, S, S, S, S]],
    ["out of range is never believed", voltage, [2300, 65535, 65535, 65535, 65535], [B, R, R, R, R]],
    ["a reading out of range does not disturb the next", voltage, [2300, 9999, 2301], [B, R, B]],
    ["a counter that grows", energy, [1000, 1001, 1001, 1500], [B, B, B, B]],
    ["a counter at 0 that never counted", energy, [0, 0, 7, 8], [A, A, B, B]],
    ["a counter that wakes with 0", energy, [1000, 0, 0, 0, 0, 1001], [B, M, M, M, M, B]],
    ["a counter that dips and comes back", energy, [1000, 900, 1001], [B, S, B]],
    ["a replaced inverter counts from a lower level", energy, [9000, 10, 11, 11, 12], [B, S, S, B, B]],
    ["a counter wraps at 2^32", energy, [4294967290, 5, 6], [B, B, B]],
    ["a counter leaps", energy, [1000, 0x7f000000, 1001], [B, S, B]],
  ];
  for (const [name, register, raws, expected] of table) assert.deepEqual(verdicts(register, raws), expected, name);
});

Deno.test("after a long silence any level is believed, but no counter that ran backwards", () => {
  assert.deepEqual(verdicts(voltage, [2300, 0], STEP_MEMORY_MS), ["believed", "step"]);
  assert.deepEqual(verdicts(voltage, [2300, 0], STEP_MEMORY_MS + 1), ["believed", "believed"]);
  assert.deepEqual(verdicts(energy, [1000, 900_000], STEP_MEMORY_MS + 1), ["believed", "believed"]);
  assert.deepEqual(verdicts(energy, [1000, 900], STEP_MEMORY_MS + 1), ["believed", "step"]);
});

Deno.test("a float counter is a counter too", () => {
  const float = register(profileById("sunspec:113@0/60"), "113.WH");
  const raws = [1000, 1001, 0, 999, 1002].map(floatBits);
  assert.deepEqual(verdicts(float, raws), ["believed", "believed", "missing", "step", "believed"]);
});

Deno.test("a value whose scale factor is unusable is absent", () => {
  assert.deepEqual(verdicts(energy, [1000], 2000, -32768), ["absent"]);
});

Deno.test("whatever comes, what is believed is in range, and no step is believed before it was seen three times", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 4000 }), { maxLength: 60 }), (raws) => {
    let last: number | undefined;
    let run = 0;
    verdicts(voltage, raws).forEach((verdict, i) => {
      const value = (raws[i] ?? 0) / 10;
      run = verdict === "step" ? run + 1 : run;
      if (verdict !== "believed") return;
      assert.ok(value <= 300);
      if (last !== undefined && Math.abs(value - last) > 100) assert.ok(run >= BELIEVED_AFTER - 1);
      last = value;
      run = 0;
    });
  }));
});

Deno.test("no level blinds for ever: three equal readings in range are believed whatever came before", () => {
  const anyRaws = fc.array(fc.integer({ min: 0, max: 65535 }), { maxLength: 30 });
  fc.assert(fc.property(anyRaws, fc.integer({ min: 0, max: 3000 }), (before, level) => {
    assert.equal(verdicts(voltage, [...before, level, level, level]).at(-1), "believed");
  }));
});

Deno.test("a counter of 64 bits is judged by both its halves", () => {
  const counter = register(profileById("sunspec:701@0/153"), "701.TotWhInj");
  let track: Track = {};
  const judged = [1_000, 1_010, 0, 1_020, 900].map((low, i) => {
    const rawOf = (name: string) => name.endsWith(".low") ? low : 0;
    const reading = { raw: 0, physical: physical(counter, 0, rawOf), at: i * 2000 };
    const { verdict, track: next } = judge(counter, reading, track);
    track = next;
    return verdict;
  });
  assert.deepEqual(judged, ["believed", "believed", "missing", "believed", "step"]);
});

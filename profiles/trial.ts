import type { DeviceKind } from "../protocol/profile/format/compile.ts";
import type { Profile, Register } from "../protocol/profile/register.ts";
import { type Dump, shownBy, valuesOf, wordsOfDump } from "./dump.ts";

/** A mistake that somebody could have made in a profile. */
const MISTAKES = ["swapped words", "flipped sign", "ten times"] as const;
type Mistake = typeof MISTAKES[number];

/** What trying a profile with its dumps came to. */
interface Trial {
  /** Registers and computed values that it polls. */
  readonly points: number;
  readonly dumps: number;
  /** What is wrong, for people. */
  readonly faults: readonly string[];
  /** Mistakes that a dump would show, and those that none would: "BatW: flipped sign". */
  readonly caught: number;
  readonly missed: readonly string[];
}

/** Tries a profile with its dumps: they fit, they show what is expected, and they would show the usual mistakes. */
export function trialOf(kind: DeviceKind, dumps: readonly (readonly [file: string, dump: Dump])[]): Trial {
  const faults: string[] = [];
  const caught = new Set<string>();
  const possible = new Set<string>();
  for (const [file, dump] of dumps) {
    const wordsAt = wordsOfDump(dump);
    const shown = shownBy(kind, wordsAt);
    if (shown === undefined) {
      faults.push(`${file}: is none of the variants`);
      continue;
    }
    faults.push(...shown.misfits.map((fault) => `${file}: ${fault}`));
    for (const [name, expected] of Object.entries(dump.expect)) {
      const value = shown.values.get(name);
      if (!isSame(value, expected)) {
        faults.push(`${file}: ${name} is ${value ?? "not there"}, and not ${expected ?? "absent"}`);
      }
    }
    const { profile } = shown.map;
    for (const register of profile.registers.filter(({ name }) => profile.defaultRegisters.includes(name))) {
      for (const mistake of MISTAKES) {
        const wrong = withMistake(register, mistake);
        if (wrong === undefined) continue;
        const place = `${register.name}: ${mistake}`;
        possible.add(place);
        const expected = dump.expect[register.name];
        if (expected === undefined) continue;
        const value = valuesOf(withRegister(profile, wrong), wordsAt).get(register.name);
        if (!isSame(value, expected)) caught.add(place);
      }
    }
  }
  const points = kind.maps[0].profile.defaultRegisters.length + (kind.maps[0].profile.derived?.length ?? 0);
  const missed = [...possible].filter((place) => !caught.has(place));
  return { points, dumps: dumps.length, faults, caught: caught.size, missed };
}

/** Displays round: a part in two hundred, or half a unit of the last digit shown, is no difference. */
function isSame(value: number | undefined, expected: number | null): boolean {
  if (value === undefined || expected === null) return value === undefined && expected === null;
  return Math.abs(value - expected) <= Math.max(1e-9, Math.abs(expected) / 200);
}

/** The register with the mistake; `undefined` where it cannot be made. */
function withMistake(register: Register, mistake: Mistake): Register | undefined {
  const { making, encoding, scale, reversed, lowFirst, role, ...rest } = register;
  const same = { ...rest, encoding, scale, ...(role === undefined ? {} : { role }), ...(making ? { making } : {}) };
  switch (mistake) {
    case "swapped words":
      if (!["u32", "i32", "f32", "acc32"].includes(encoding) || making?.low) return undefined;
      return { ...same, ...(reversed ? { reversed } : {}), ...(lowFirst ? {} : { lowFirst: true }) };
    case "flipped sign":
      if (role === undefined || !DIRECTIONAL.test(role)) return undefined;
      return { ...same, ...(lowFirst ? { lowFirst } : {}), ...(reversed ? {} : { reversed: true }) };
    case "ten times": {
      if (scale.kind !== "gain" || register.values || register.bits || register.unit === "") return undefined;
      const gain = scale.gain > 0 ? scale.gain / 10 : scale.gain * 10;
      const wide = { ...same, scale: { kind: "gain", gain } as const };
      return { ...wide, ...(lowFirst ? { lowFirst } : {}), ...(reversed ? { reversed } : {}) };
    }
    default:
      return mistake satisfies never;
  }
}

/** Roles of which a sign tells the direction. */
const DIRECTIONAL = /^(grid_power|battery_(power|current))/;

function withRegister(profile: Profile, register: Register): Profile {
  return { ...profile, registers: profile.registers.map((one) => one.name === register.name ? register : one) };
}

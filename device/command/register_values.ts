import type { ReadBack } from "../../protocol/command/device_messages.ts";
import { lookup } from "../../protocol/profile/lookup.ts";
import { physical, type RawOf } from "../../protocol/profile/physical.ts";
import { rawFromWords, wordsOf } from "../../protocol/profile/raw.ts";
import type { Profile, Register } from "../../protocol/profile/register.ts";
import type { BusOutcome } from "../modbus/fault.ts";
import type { CommandTarget } from "./target.ts";

/** Reads the raw values of some registers, one by one, ahead of waiting polls. The first fault ends it. */
export async function readRaws(
  registers: readonly Register[],
  target: CommandTarget,
  signal: AbortSignal,
): Promise<BusOutcome<RawOf>> {
  const raws = new Map<string, number | undefined>();
  for (const register of registers) {
    const { name, address, encoding } = register;
    const answer = await target.readRegisters(address, wordsOf(encoding), { signal, priority: "write" });
    if (!answer.ok) return answer;
    raws.set(name, rawFromWords(encoding, answer.value, 0, register));
  }
  return { ok: true, value: (name) => raws.get(name) };
}

/** Words from `address` on as people read them: by register where the profile names them, in runs where it does not. */
export function describeWords(
  profile: Profile,
  address: number,
  words: readonly number[],
  rawOf: RawOf,
): readonly ReadBack[] {
  const starts = new Map(
    profile.registers.filter(({ table }) => table === "holding").map((register) => [register.address, register]),
  );
  const parts: ReadBack[] = [];
  let run: number[] = [];
  const endRun = (end: number) => {
    if (run.length > 0) parts.push({ address: end - run.length, words: run });
    run = [];
  };
  for (let at = 0; at < words.length;) {
    const register = starts.get(address + at);
    const own = register && words.slice(at, at + wordsOf(register.encoding));
    if (!register || !own || own.length < wordsOf(register.encoding)) {
      run.push(words[at++] ?? 0);
      continue;
    }
    endRun(address + at);
    parts.push(describeRegister(register, own, rawOf));
    at += own.length;
  }
  endRun(address + words.length);
  return parts;
}

/** One register with its value in its unit, where that can be told. */
export function describeRegister(register: Register, words: readonly number[], rawOf: RawOf): ReadBack {
  const { name, address, encoding, unit } = register;
  const value = physical(register, rawFromWords(encoding, words, 0, register), rawOf);
  return { address, words: [...words], register: name, ...(value === undefined ? {} : { value, unit }) };
}

/** The scale factors of the registers within a range of addresses. */
export function factorsWithin(profile: Profile, address: number, count: number): readonly Register[] {
  const factors = new Map<string, Register>();
  for (const { table, address: at, scale } of profile.registers) {
    if (table !== "holding" || at < address || at >= address + count || scale.kind !== "exponent") continue;
    const factor = lookup(profile, scale.register);
    if (factor) factors.set(factor.name, factor);
  }
  return [...factors.values()];
}

/** For people: `Pow = 50 %`. */
export function textOf({ register, address, words, value, unit }: ReadBack): string {
  return `${register ?? address} = ${value ?? words.join(" ")}${unit ? ` ${unit}` : ""}`;
}

import { columnsOf, lookup } from "../../protocol/profile/lookup.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import { wordsOf } from "../../protocol/profile/raw.ts";
import type { Profile, Register } from "../../protocol/profile/register.ts";
import type { ModelBlock } from "../../protocol/profile/sunspec/map_id.ts";
import { headersOf } from "./model_header.ts";
import type { Span } from "./read_plan.ts";

/** What is read from one inverter: fixed until its profile or the choice of registers changes. */
export interface RegisterMap {
  readonly profile: Profile;
  /** One a column, scale factors included. */
  readonly registers: readonly Register[];
  readonly columns: readonly string[];
  /** SunSpec model headers read along to be checked; none for other profiles. */
  readonly headers: readonly ModelBlock[];
  /** Everything to read: columns first, then headers. */
  readonly spans: readonly Span[];
}

/** The map for a choice of registers by any spelling; none: those the profile polls by default. */
export function registerMap(
  profile: Profile,
  names: readonly string[],
): Outcome<RegisterMap, "unknown_register" | "too_many"> {
  const columns = columnsOf(profile, names.length > 0 ? names : profile.defaultRegisters);
  if (!columns.ok) return columns;
  const registers = columns.value;
  const headers = headersOf(profile, registers);
  const spans = [
    ...registers.map((register) => spanOf(profile, register)),
    ...headers.flatMap(({ address }) => [header(address), header(address + 1)]),
  ];
  return {
    ok: true,
    value: { profile, registers, columns: registers.map((register) => register.name), headers, spans },
  };
}

function spanOf(profile: Profile, { table, address, encoding, scale }: Register): Span {
  const factor = scale.kind === "exponent" ? lookup(profile, scale.register)?.address : undefined;
  return { table, address, words: wordsOf(encoding), ...(factor === undefined ? {} : { factor }) };
}

function header(address: number): Span {
  return { table: "holding", address, words: 1 };
}

import { columnsOf, lookup, partsOf } from "../../protocol/profile/lookup.ts";
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
  /** Everything to read, by unit id: columns first, then headers. */
  readonly units: readonly UnitSpans[];
  /** Milliseconds between two polls of what is polled less often. */
  readonly slowMs: number | undefined;
}

/** What is read of one unit id. */
interface UnitSpans {
  /** Where it is not the device's own. */
  readonly unitId: number | undefined;
  readonly all: readonly Span[];
  /** Without what is polled less often. */
  readonly fast: readonly Span[];
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
  const { slow } = profile.reading ?? {};
  const units = [...new Set(registers.map(({ unitId }) => unitId))].map((unitId): UnitSpans => {
    const own = registers.filter((register) => register.unitId === unitId);
    const more = unitId === undefined ? headers.flatMap(({ address }) => [header(address), header(address + 1)]) : [];
    const spans = (some: readonly Register[]) => [...some.map((register) => spanOf(profile, register)), ...more];
    const all = spans(own);
    return {
      unitId,
      all,
      fast: slow === undefined ? all : spans(own.filter((register) => !isRare(register, profile))),
    };
  });
  const columnNames = registers.map((register) => register.name);
  return { ok: true, value: { profile, registers, columns: columnNames, headers, units, slowMs: slow?.everyMs } };
}

/** Whether a register is polled less often: it is said so of it, or of all that it is a part of. */
function isRare({ name }: Register, { registers, reading }: Profile): boolean {
  const rare = reading?.slow?.registers ?? [];
  if (rare.includes(name)) return true;
  const wholes = registers.filter((whole) => partsOf(whole).includes(name));
  return wholes.length > 0 && wholes.every((whole) => rare.includes(whole.name));
}

function spanOf(profile: Profile, { table, address, encoding, scale, making }: Register): Span {
  const part = making?.low?.register ?? (scale.kind === "exponent" ? scale.register : undefined);
  const factor = part === undefined ? undefined : lookup(profile, part)?.address;
  return { table, address, words: wordsOf(encoding), ...(factor === undefined ? {} : { factor }) };
}

function header(address: number): Span {
  return { table: "holding", address, words: 1 };
}

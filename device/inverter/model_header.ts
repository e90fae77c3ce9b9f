import type { Profile, Register } from "../../protocol/profile/register.ts";
import { type ModelBlock, parseMapId } from "../../protocol/profile/sunspec/map_id.ts";

/**
 * The models of a SunSpec profile that hold any of these registers. Their ID and length, two words before the data, are
 * read with every poll: they tell a changed map, and an answer that starts a register early or late, from a true one.
 */
export function headersOf(profile: Profile, registers: readonly Register[]): readonly ModelBlock[] {
  const map = parseMapId(profile.id);
  if (!map.ok) return [];
  return map.value.filter((block) => {
    const end = block.address + 2 + block.length;
    return registers.some(({ address }) => address >= block.address && address < end);
  });
}

/** The first model whose header, where it was read, is not what the map says. */
export function changedModel(
  headers: readonly ModelBlock[],
  wordAt: (address: number) => number | undefined,
): ModelBlock | undefined {
  return headers.find(({ model, address, length }) => {
    return (wordAt(address) ?? model) !== model || (wordAt(address + 1) ?? length) !== length;
  });
}

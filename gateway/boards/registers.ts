/** Names of the registers a board knows, by its register id (which is also the Modbus address), as in the `ecowatt` profile. */
const REGISTER_NAMES = ["Vac1", "Iac1", "Fac1", "Vpv1", "Vpv2", "Ipv1", "Ipv2", "Temp", "Pow", "Pac"] as const;

/** Register ids of the six columns a board sends unless its settings say otherwise. */
export const DEFAULT_LAYOUT: readonly number[] = [0, 1, 5, 9, 6, 7];

/** How many columns the dictionary and every batch of a board have. */
export const COLUMNS = DEFAULT_LAYOUT.length;

/** Names of the columns of a layout; an id out of range falls back to the default layout as a whole. */
export function columnNames(layout: readonly number[]): readonly string[] {
  const names = layout.map((id) => REGISTER_NAMES[id]);
  return names.some((name) => name === undefined)
    ? columnNames(DEFAULT_LAYOUT)
    : names.filter((name) => name !== undefined);
}

/** Board spelling of a register name: `Vac1` is `REG_VAC1`. */
export function boardName(name: string): string {
  return `REG_${name.toUpperCase()}`;
}

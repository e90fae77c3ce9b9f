/** Units that a profile may write; what is stored is the same number, what is shown has the unit on the right. */
const SHOWN = {
  W: ["W", 1],
  kW: ["W", 1e3],
  MW: ["W", 1e6],
  VA: ["VA", 1],
  kVA: ["VA", 1e3],
  var: ["var", 1],
  kvar: ["var", 1e3],
  Wh: ["Wh", 1],
  kWh: ["Wh", 1e3],
  MWh: ["Wh", 1e6],
  varh: ["varh", 1],
  kvarh: ["varh", 1e3],
  VAh: ["VAh", 1],
  kVAh: ["VAh", 1e3],
  V: ["V", 1],
  mV: ["V", 1e-3],
  A: ["A", 1],
  mA: ["A", 1e-3],
  Ah: ["Ah", 1],
  Hz: ["Hz", 1],
  "%": ["%", 1],
  "°C": ["°C", 1],
  "°": ["°", 1],
  Ω: ["Ω", 1],
  kΩ: ["Ω", 1e3],
  s: ["s", 1],
  min: ["min", 1],
  h: ["h", 1],
  "W/m²": ["W/m²", 1],
  "m/s": ["m/s", 1],
  "": ["", 1],
} as const satisfies Readonly<Record<string, readonly [shown: string, factor: number]>>;

type Unit = keyof typeof SHOWN;
export const UNITS = Object.keys(SHOWN) as readonly Unit[];

/**
 * The unit in which a value is shown, and what to multiply it by: energy in Wh, power in W, whoever made the device.
 *
 * @example
 * ```ts
 * shownUnit("kWh"); // => { unit: "Wh", factor: 1_000 }
 * ```
 */
export function shownUnit(unit: Unit): { readonly unit: string; readonly factor: number } {
  const [shown, factor] = SHOWN[unit];
  return { unit: shown, factor };
}

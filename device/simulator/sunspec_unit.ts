import type { InverterValues, SimulatedInverter } from "./inverter.ts";
import type { SunSpecOptions } from "./options.ts";
import { drawRegisters } from "./register_image.ts";
import { layMap } from "./sunspec_map.ts";
import { createSettings } from "./sunspec_settings.ts";
import { scaleFactors, sunspecValues } from "./sunspec_values.ts";
import type { SimulatedUnit } from "./unit.ts";

/**
 * The inverter as a SunSpec device: models 1, 101 or 103 (111, 113), 120, 121, 122, 123 and 160. Models 121 and 123 can
 * be written; WMaxLimPct takes effect while WMaxLim_Ena is 1, and reverts after WMaxLimPct_RvrtTms where that is set.
 */
export function sunspecUnit(inverter: SimulatedInverter, options: SunSpecOptions, unit: number): SimulatedUnit {
  const { plant } = inverter;
  const map = layMap(options, plant.phases, unit, {
    manufacturer: "EcoWatt",
    model: `Simulator ${plant.ratedWatts}`,
    version: "1.0",
    serialNumber: `SIM-${plant.seed}`,
  });
  const factors = scaleFactors(map.inverterModel, options.unusableFactors);
  const settings = createSettings(map, inverter, factors);
  let drawn: { readonly from: InverterValues; readonly words: readonly number[] } | undefined;

  const words = () => {
    const from = inverter.values();
    if (drawn?.from === from) return drawn.words;
    const image = [...map.frame];
    const values = { ...sunspecValues(map.inverterModel, plant, from), ...settings.at(from.at), ...factors };
    drawRegisters(image, map.base, map.profile.registers, values);
    drawn = { from, words: image };
    return image;
  };

  return {
    functions: new Set([3, 6, 16]),
    read(address, count) {
      const from = address - map.base;
      const all = words();
      return from < 0 || from + count > all.length ? 2 : all.slice(from, from + count);
    },
    write: (address, values) => settings.write(address, values),
  };
}

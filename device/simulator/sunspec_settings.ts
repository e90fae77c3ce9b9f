import { physical } from "../../protocol/profile/physical.ts";
import { rawFromWords } from "../../protocol/profile/raw.ts";
import type { Register } from "../../protocol/profile/register.ts";
import type { ExceptionCode } from "../modbus/exception.ts";
import type { SimulatedInverter } from "./inverter.ts";
import type { Values } from "./register_image.ts";
import type { SunSpecMap } from "./sunspec_map.ts";
import { factorySettings } from "./sunspec_values.ts";

/** The writable points of a SunSpec map (models 121 and 123), and what they do to the inverter. */
interface SunSpecSettings {
  /** What they hold at a simulated moment, in physical units: a limit reverts when its time is over. */
  at(moment: number): Values;
  /** Takes consecutive words from `address`, all or none. */
  write(address: number, words: readonly number[]): ExceptionCode | undefined;
}

/** Settings as delivered. `factors` are the scale factors of the map by name. */
export function createSettings(map: SunSpecMap, inverter: SimulatedInverter, factors: Values): SunSpecSettings {
  let settings = factorySettings(inverter.plant);
  let revertAt = Number.POSITIVE_INFINITY;
  return {
    at(moment) {
      if (moment >= revertAt) {
        settings = { ...settings, "123.WMaxLim_Ena": 0 };
        revertAt = Number.POSITIVE_INFINITY;
      }
      return settings;
    },
    write(address, words) {
      const changed: Record<string, number> = {};
      for (const [i, word] of words.entries()) {
        const register = map.writable.get(address + i);
        if (!register) return 2;
        const value = acceptable(register, word, factors);
        if (value === undefined) return 3;
        changed[register.name] = value;
      }
      settings = { ...settings, ...changed };
      revertAt = apply(settings, inverter);
      return undefined;
    },
  };
}

/** The physical value of a word; `undefined` when the register does not take it. All writable points have 16 bits. */
function acceptable(register: Register, word: number, factors: Values): number | undefined {
  const value = physical(register, rawFromWords(register.encoding, [word]), (name) => factors[name]);
  const { min, max } = register.plausible ?? { min: -Infinity, max: Infinity };
  return value === undefined || value < min || value > max ? undefined : value;
}

/** Brings settings into force; the moment at which the limit reverts. A limit is a share of WMax (model 121). */
function apply(settings: Values, inverter: SimulatedInverter): number {
  const { ratedWatts } = inverter.plant;
  const share = (settings["121.WMax"] ?? ratedWatts) / ratedWatts;
  const limited = settings["123.WMaxLim_Ena"] === 1;
  const seconds = settings["123.WMaxLimPct_RvrtTms"] ?? 0;
  const revertAt = limited && seconds > 0 ? inverter.values().at + seconds * 1000 : Number.POSITIVE_INFINITY;
  inverter.limit("WMax", 100 * share);
  inverter.limit("WMaxLimPct", limited ? (settings["123.WMaxLimPct"] ?? 100) * share : 100, revertAt);
  inverter.connect(settings["123.Conn"] !== 0);
  return revertAt;
}

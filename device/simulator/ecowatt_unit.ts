import { ecowatt } from "../../protocol/profile/ecowatt.ts";
import type { InverterValues, SimulatedInverter } from "./inverter.ts";
import { drawRegisters, type Values } from "./register_image.ts";
import type { SimulatedUnit } from "./unit.ts";

/** The ten registers of the inverter simulator's API: functions 03 and 06 only, one register to write. */
export function ecowattUnit(inverter: SimulatedInverter): SimulatedUnit {
  let limit = 100;
  let drawn: { readonly from: InverterValues; readonly words: readonly number[] } | undefined;
  const words = () => {
    const from = inverter.values();
    if (drawn?.from !== from) drawn = { from, words: draw(from, limit) };
    return drawn.words;
  };
  return {
    functions: new Set([3, 6]),
    read(address, count) {
      const all = words();
      return address + count > all.length ? 2 : all.slice(address, address + count);
    },
    write(address, [value = 0]) {
      const register = ecowatt.registers.find((known) => known.address === address);
      if (register?.access !== "read-write") return 2;
      if (value > (register.plausible?.max ?? 0)) return 3;
      limit = value;
      inverter.limit("ecowatt", value);
      return undefined;
    },
  };
}

function draw(values: InverterValues, limit: number): readonly number[] {
  const image = ecowatt.registers.map(() => 0);
  drawRegisters(image, 0, ecowatt.registers, physicalValues(values, limit));
  return image;
}

function physicalValues(values: InverterValues, limit: number): Values {
  const [first, second] = values.dc;
  const volts = values.phaseVolts[0] ?? 0;
  return {
    Vac1: volts,
    Iac1: values.acWatts / volts,
    Fac1: values.hertz,
    Vpv1: first.volts,
    Vpv2: second.volts,
    Ipv1: first.amps,
    Ipv2: second.amps,
    Temp: values.cabinetCelsius,
    Pow: limit,
    Pac: values.acWatts,
  };
}

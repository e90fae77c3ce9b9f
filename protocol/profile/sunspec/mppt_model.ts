import { factor, measured, type Model, skipped, stated } from "./point.ts";

/** Model 160: the DC inputs of an inverter. How many modules there are follows from the length of the block. */
export const mppt: Model = {
  id: 160,
  title: "MPPT inputs",
  points: [
    factor("DCA_SF"),
    factor("DCV_SF"),
    factor("DCW_SF"),
    factor("DCWH_SF"),
    stated("Evt", "bitfield32", "", "Events"),
    stated("N", "uint16", "", "Number of modules"),
    stated("TmsPer", "uint16", "", "Timestamp period"),
  ],
  repeating: [
    stated("ID", "uint16", "", "Number of the input"),
    skipped("string8", "IDStr"),
    measured("DCA", "uint16", "A", "DC current", "DCA_SF"),
    measured("DCV", "uint16", "V", "DC voltage", "DCV_SF"),
    measured("DCW", "uint16", "W", "DC power", "DCW_SF"),
    measured("DCWH", "acc32", "Wh", "DC energy since installation", "DCWH_SF"),
    stated("Tms", "uint32", "s", "Seconds since 2000-01-01 UTC"),
    measured("Tmp", "int16", "°C", "Temperature"),
    stated(
      "DCSt",
      "enum16",
      "",
      "State: 1 off, 2 sleeping, 3 starting, 4 MPPT, 5 throttled, 7 fault, 8 standby, 9 test",
    ),
    stated("DCEvt", "bitfield32", "", "Events"),
  ],
};

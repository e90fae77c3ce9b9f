import { factor, measured, type Model, type Point, type PointType, stated } from "./point.ts";

/** Models 101 to 103: an inverter in integers and scale factors; one, split and three phases share the layout. */
export const integerInverters: readonly Model[] = [
  { id: 101, title: "Single-phase inverter", points: integerPoints() },
  { id: 102, title: "Split-phase inverter", points: integerPoints() },
  { id: 103, title: "Three-phase inverter", points: integerPoints() },
];

/** Models 111 to 113: the same in floating point, without scale factors. */
export const floatInverters: readonly Model[] = [
  { id: 111, title: "Single-phase inverter (float)", points: floatPoints() },
  { id: 112, title: "Split-phase inverter (float)", points: floatPoints() },
  { id: 113, title: "Three-phase inverter (float)", points: floatPoints() },
];

function integerPoints(): readonly Point[] {
  return [
    ...amps("uint16", "A_SF"),
    factor("A_SF"),
    ...volts("uint16", "V_SF"),
    factor("V_SF"),
    measured("W", "int16", "W", "AC power", "W_SF"),
    factor("W_SF"),
    measured("Hz", "uint16", "Hz", "Line frequency", "Hz_SF"),
    factor("Hz_SF"),
    measured("VA", "int16", "VA", "AC apparent power", "VA_SF"),
    factor("VA_SF"),
    measured("VAr", "int16", "var", "AC reactive power", "VAr_SF"),
    factor("VAr_SF"),
    measured("PF", "int16", "%", "AC power factor", "PF_SF"),
    factor("PF_SF"),
    measured("WH", "acc32", "Wh", "AC energy since installation", "WH_SF"),
    factor("WH_SF"),
    measured("DCA", "uint16", "A", "DC current", "DCA_SF"),
    factor("DCA_SF"),
    measured("DCV", "uint16", "V", "DC voltage", "DCV_SF"),
    factor("DCV_SF"),
    measured("DCW", "int16", "W", "DC power", "DCW_SF"),
    factor("DCW_SF"),
    ...temperatures("int16", "Tmp_SF"),
    factor("Tmp_SF"),
    ...states(),
  ];
}

function floatPoints(): readonly Point[] {
  return [
    ...amps("float32"),
    ...volts("float32"),
    measured("W", "float32", "W", "AC power"),
    measured("Hz", "float32", "Hz", "Line frequency"),
    measured("VA", "float32", "VA", "AC apparent power"),
    measured("VAr", "float32", "var", "AC reactive power"),
    measured("PF", "float32", "%", "AC power factor"),
    measured("WH", "float32", "Wh", "AC energy since installation"),
    measured("DCA", "float32", "A", "DC current"),
    measured("DCV", "float32", "V", "DC voltage"),
    measured("DCW", "float32", "W", "DC power"),
    ...temperatures("float32"),
    ...states(),
  ];
}

function amps(type: PointType, scale?: string): readonly Point[] {
  return [
    measured("A", type, "A", "AC current, all phases", scale),
    measured("AphA", type, "A", "AC current, phase A", scale),
    measured("AphB", type, "A", "AC current, phase B", scale),
    measured("AphC", type, "A", "AC current, phase C", scale),
  ];
}

function volts(type: PointType, scale?: string): readonly Point[] {
  return [
    measured("PPVphAB", type, "V", "AC voltage, phase A to B", scale),
    measured("PPVphBC", type, "V", "AC voltage, phase B to C", scale),
    measured("PPVphCA", type, "V", "AC voltage, phase C to A", scale),
    measured("PhVphA", type, "V", "AC voltage, phase A to neutral", scale),
    measured("PhVphB", type, "V", "AC voltage, phase B to neutral", scale),
    measured("PhVphC", type, "V", "AC voltage, phase C to neutral", scale),
  ];
}

function temperatures(type: PointType, scale?: string): readonly Point[] {
  return [
    measured("TmpCab", type, "°C", "Cabinet temperature", scale),
    measured("TmpSnk", type, "°C", "Heat sink temperature", scale),
    measured("TmpTrns", type, "°C", "Transformer temperature", scale),
    measured("TmpOt", type, "°C", "Other temperature", scale),
  ];
}

function states(): readonly Point[] {
  return [
    stated(
      "St",
      "enum16",
      "",
      "State: 1 off, 2 sleeping, 3 starting, 4 MPPT, 5 throttled, 6 shutting down, 7 fault, 8 standby",
    ),
    stated("StVnd", "enum16", "", "Vendor's state"),
    stated("Evt1", "bitfield32", "", "Events"),
    stated("Evt2", "bitfield32", "", "Events, reserved"),
    stated("EvtVnd1", "bitfield32", "", "Vendor's events 1"),
    stated("EvtVnd2", "bitfield32", "", "Vendor's events 2"),
    stated("EvtVnd3", "bitfield32", "", "Vendor's events 3"),
    stated("EvtVnd4", "bitfield32", "", "Vendor's events 4"),
  ];
}

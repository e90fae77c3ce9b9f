import { factor, type Model, type Point, setting, skipped, stated } from "./point.ts";

const PERCENT = { min: 0, max: 100 };
const SIGNED_PERCENT = { min: -100, max: 100 };
const SWITCH = { min: 0, max: 1 };

/** Model 120: what the inverter was built for. */
export const nameplate: Model = {
  id: 120,
  title: "Nameplate ratings",
  points: [
    stated("DERTyp", "enum16", "", "Kind of resource: 4 PV, 82 PV with storage"),
    stated("WRtg", "uint16", "W", "Power rating", "WRtg_SF"),
    factor("WRtg_SF"),
    stated("VARtg", "uint16", "VA", "Apparent power rating", "VARtg_SF"),
    factor("VARtg_SF"),
    ...quadrants((q) => stated(`VArRtgQ${q}`, "int16", "var", `Reactive power rating, quadrant ${q}`, "VArRtg_SF")),
    factor("VArRtg_SF"),
    stated("ARtg", "uint16", "A", "AC current rating", "ARtg_SF"),
    factor("ARtg_SF"),
    ...quadrants((q) => stated(`PFRtgQ${q}`, "int16", "", `Smallest power factor, quadrant ${q}`, "PFRtg_SF")),
    factor("PFRtg_SF"),
    stated("WHRtg", "uint16", "Wh", "Energy rating of the storage", "WHRtg_SF"),
    factor("WHRtg_SF"),
    stated("AhrRtg", "uint16", "Ah", "Charge rating of the storage", "AhrRtg_SF"),
    factor("AhrRtg_SF"),
    stated("MaxChaRte", "uint16", "W", "Largest charging power", "MaxChaRte_SF"),
    factor("MaxChaRte_SF"),
    stated("MaxDisChaRte", "uint16", "W", "Largest discharging power", "MaxDisChaRte_SF"),
    factor("MaxDisChaRte_SF"),
    skipped("pad"),
  ],
};

/** Model 121: basic settings. */
export const settings: Model = {
  id: 121,
  title: "Basic settings",
  points: [
    setting("WMax", "uint16", "W", "Largest power output", "WMax_SF"),
    setting("VRef", "uint16", "V", "Voltage at the point of common coupling", "VRef_SF"),
    setting("VRefOfs", "int16", "V", "Offset from that point to the inverter", "VRefOfs_SF"),
    setting("VMax", "uint16", "V", "Largest voltage", "VMinMax_SF"),
    setting("VMin", "uint16", "V", "Smallest voltage", "VMinMax_SF"),
    setting("VAMax", "uint16", "VA", "Largest apparent power", "VAMax_SF"),
    ...quadrants((q) => setting(`VArMaxQ${q}`, "int16", "var", `Largest reactive power, quadrant ${q}`, "VArMax_SF")),
    setting("WGra", "uint16", "%/s", "Ramp rate of active power, of WMax", "WGra_SF"),
    ...quadrants((q) => setting(`PFMinQ${q}`, "int16", "", `Smallest power factor, quadrant ${q}`, "PFMin_SF")),
    setting("VArAct", "enum16", "", "VAR action between charging and discharging: 1 switch, 2 maintain"),
    setting("ClcTotVA", "enum16", "", "Apparent power calculation: 1 vector, 2 arithmetic"),
    setting("MaxRmpRte", "uint16", "%", "Largest ramp rate, of WGra", "MaxRmpRte_SF"),
    setting("ECPNomHz", "uint16", "Hz", "Nominal frequency", "ECPNomHz_SF"),
    setting("ConnPh", "enum16", "", "Connected phase: 1 A, 2 B, 3 C"),
    factor("WMax_SF"),
    factor("VRef_SF"),
    factor("VRefOfs_SF"),
    factor("VMinMax_SF"),
    factor("VAMax_SF"),
    factor("VArMax_SF"),
    factor("WGra_SF"),
    factor("PFMin_SF"),
    factor("MaxRmpRte_SF"),
    factor("ECPNomHz_SF"),
  ],
};

/** Model 122: extended measurements. Its 64-bit counters are stepped over: a sample holds 32 bits. */
export const status: Model = {
  id: 122,
  title: "Extended status",
  points: [
    stated("PVConn", "bitfield16", "", "PV: bit 0 connected, 1 available, 2 operating, 3 test"),
    stated("StorConn", "bitfield16", "", "Storage: bit 0 connected, 1 available, 2 operating, 3 test"),
    stated("ECPConn", "bitfield16", "", "Grid connection point: 0 disconnected, 1 connected"),
    skipped("acc64", "ActWh"),
    skipped("acc64", "ActVAh"),
    ...quadrants((q) => skipped("acc64", `ActVArhQ${q}`)),
    stated("VArAval", "int16", "var", "Reactive power available", "VArAval_SF"),
    factor("VArAval_SF"),
    stated("WAval", "uint16", "W", "Power available", "WAval_SF"),
    factor("WAval_SF"),
    stated("StSetLimMsk", "bitfield32", "", "Limits reached; reading clears them"),
    stated("StActCtl", "bitfield32", "", "Controls in force"),
    skipped("string4", "TmSrc"),
    stated("Tms", "uint32", "s", "Seconds since 2000-01-01 UTC"),
    stated("RtSt", "bitfield16", "", "Ride-through in progress"),
    stated("Ris", "uint16", "Ω", "Isolation resistance", "Ris_SF"),
    factor("Ris_SF"),
  ],
};

/** Model 123: immediate controls. */
export const controls: Model = {
  id: 123,
  title: "Immediate controls",
  points: [
    setting("Conn_WinTms", "uint16", "s", "Time window to connect or disconnect"),
    setting("Conn_RvrtTms", "uint16", "s", "Time after which the connection reverts"),
    setting("Conn", "enum16", "", "Connection: 0 off, 1 on", undefined, SWITCH),
    setting("WMaxLimPct", "uint16", "%", "Power limit, of WMax", "WMaxLimPct_SF", PERCENT),
    setting("WMaxLimPct_WinTms", "uint16", "s", "Time window of the power limit"),
    setting("WMaxLimPct_RvrtTms", "uint16", "s", "Time after which the power limit reverts"),
    setting("WMaxLimPct_RmpTms", "uint16", "s", "Ramp time of the power limit"),
    setting("WMaxLim_Ena", "enum16", "", "Power limit: 0 off, 1 on", undefined, SWITCH),
    setting("OutPFSet", "int16", "", "Power factor", "OutPFSet_SF", { min: -1, max: 1 }),
    setting("OutPFSet_WinTms", "uint16", "s", "Time window of the power factor"),
    setting("OutPFSet_RvrtTms", "uint16", "s", "Time after which the power factor reverts"),
    setting("OutPFSet_RmpTms", "uint16", "s", "Ramp time of the power factor"),
    setting("OutPFSet_Ena", "enum16", "", "Fixed power factor: 0 off, 1 on", undefined, SWITCH),
    setting("VArWMaxPct", "int16", "%", "Reactive power, of WMax", "VArPct_SF", SIGNED_PERCENT),
    setting("VArMaxPct", "int16", "%", "Reactive power, of VArMax", "VArPct_SF", SIGNED_PERCENT),
    setting("VArAvalPct", "int16", "%", "Reactive power, of what is available", "VArPct_SF", SIGNED_PERCENT),
    setting("VArPct_WinTms", "uint16", "s", "Time window of the reactive power"),
    setting("VArPct_RvrtTms", "uint16", "s", "Time after which the reactive power reverts"),
    setting("VArPct_RmpTms", "uint16", "s", "Ramp time of the reactive power"),
    setting("VArPct_Mod", "enum16", "", "Reactive power of: 0 none, 1 WMax, 2 VArMax, 3 available", undefined, {
      min: 0,
      max: 3,
    }),
    setting("VArPct_Ena", "enum16", "", "Reactive power limit: 0 off, 1 on", undefined, SWITCH),
    factor("WMaxLimPct_SF"),
    factor("OutPFSet_SF"),
    factor("VArPct_SF"),
  ],
};

function quadrants(point: (quadrant: number) => Point): readonly Point[] {
  return [1, 2, 3, 4].map(point);
}

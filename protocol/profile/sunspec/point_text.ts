import type { Meaning, Severity } from "../register.ts";
import type { Point } from "./model.ts";

/** What points are called that people see; the standard's data has only their short names. */
const NAMES: Readonly<Record<string, string>> = {
  A: "AC current, all phases",
  Aph: "AC current",
  PPV: "AC voltage between phases",
  PPVph: "AC voltage",
  PhV: "AC voltage, phases to neutral",
  PhVph: "AC voltage",
  W: "AC power",
  Wph: "AC power",
  Hz: "Line frequency",
  VA: "AC apparent power",
  VAph: "AC apparent power",
  VAr: "AC reactive power",
  VAR: "AC reactive power",
  VARph: "AC reactive power",
  Var: "AC reactive power",
  PF: "AC power factor",
  PFph: "AC power factor",
  WH: "AC energy since installation",
  DCA: "DC current",
  DCV: "DC voltage",
  DCW: "DC power",
  DCWH: "DC energy since installation",
  DCWhInj: "DC energy given since installation",
  DCWhAbs: "DC energy taken since installation",
  TmpCab: "Cabinet temperature",
  TmpSnk: "Heat sink temperature",
  TmpTrns: "Transformer temperature",
  TmpOt: "Other temperature",
  TmpSw: "Switch temperature",
  TmpAmb: "Ambient temperature",
  TmpBOM: "Module temperature",
  St: "State",
  StVnd: "Vendor's state",
  Evt: "Events",
  Evt1: "Events",
  Evt2: "Events, reserved",
  EvtVnd1: "Vendor's events 1",
  EvtVnd2: "Vendor's events 2",
  EvtVnd3: "Vendor's events 3",
  EvtVnd4: "Vendor's events 4",
  DERTyp: "Kind of resource",
  WRtg: "Power rating",
  VARtg: "Apparent power rating",
  VArRtg: "Reactive power rating",
  ARtg: "AC current rating",
  PFRtg: "Smallest power factor",
  WHRtg: "Energy rating of the storage",
  AhrRtg: "Charge rating of the storage",
  MaxChaRte: "Largest charging power",
  MaxDisChaRte: "Largest discharging power",
  WMax: "Largest power output",
  VRef: "Voltage at the point of common coupling",
  VRefOfs: "Offset from that point to the inverter",
  VMax: "Largest voltage",
  VMin: "Smallest voltage",
  VAMax: "Largest apparent power",
  VArMax: "Largest reactive power",
  WGra: "Ramp rate of active power, of WMax",
  PFMin: "Smallest power factor",
  VArAct: "VAR action between charging and discharging",
  ClcTotVA: "Apparent power calculation",
  MaxRmpRte: "Largest ramp rate, of WGra",
  ECPNomHz: "Nominal frequency",
  ConnPh: "Connected phase",
  PVConn: "PV",
  StorConn: "Storage",
  ECPConn: "Grid connection point",
  VArAval: "Reactive power available",
  WAval: "Power available",
  StSetLimMsk: "Limits reached; reading clears them",
  StActCtl: "Controls in force",
  Tms: "Seconds since 2000-01-01 UTC",
  RtSt: "Ride-through in progress",
  Ris: "Isolation resistance",
  Conn: "Connection",
  WMaxLimPct: "Power limit, of WMax",
  WMaxLim_Ena: "Power limit",
  WMaxLimPctEna: "Power limit switch",
  WMaxLimPctRvrtTms: "Time after which the power limit reverts",
  OutPFSet: "Power factor",
  OutPFSet_Ena: "Fixed power factor",
  VArWMaxPct: "Reactive power, of WMax",
  VArMaxPct: "Reactive power, of VArMax",
  VArAvalPct: "Reactive power, of what is available",
  VArPct_Mod: "Reactive power of",
  VArPct_Ena: "Reactive power limit",
  N: "Number of modules",
  TmsPer: "Timestamp period",
  ID: "Number of the input",
  Tmp: "Temperature",
  DCSt: "State",
  DCEvt: "Events",
  TotWhExp: "Energy exported since installation",
  TotWhExpPh: "Energy exported since installation",
  TotWhImp: "Energy imported since installation",
  TotWhImpPh: "Energy imported since installation",
  TotWhInj: "AC energy since installation",
  TotWhAbs: "AC energy taken since installation",
  InvSt: "Inverter state",
  ConnSt: "Grid connection",
  Alrm: "Alarms",
  LLV: "AC voltage between phases",
  LNV: "AC voltage to neutral",
  ChaState: "State of charge",
  ChaSt: "Charging state",
  SoC: "State of charge",
  SoH: "State of health",
  WHAvail: "Energy available",
  InBatV: "Battery voltage",
  GHI: "Global horizontal irradiance",
  POAI: "Irradiance in the plane of the modules",
  RH: "Relative humidity",
  WndSpd: "Wind speed",
  WndDir: "Wind direction",
  Rain: "Rain",
  "306.A": "Current of the reference cell",
  "306.V": "Voltage of the reference cell",
  "802.A": "Battery current",
  "802.V": "Battery voltage",
  "802.W": "Battery power",
  "802.State": "Battery state",
};

/** What a window, a reversal and a ramp of model 123 belong to. */
const TIMED: Readonly<Record<string, readonly [noun: string, window: string]>> = {
  Conn: ["connection", "to connect or disconnect"],
  WMaxLimPct: ["power limit", "of the power limit"],
  OutPFSet: ["power factor", "of the power factor"],
  VArPct: ["reactive power", "of the reactive power"],
  InOutWRte: ["charging rates", "of the charging rates"],
};
const SEPARATE_PHASE = /^(.*[Pp]h)([ABC]{1,2})$/;
/** Symbols that a description has room for. */
const LISTED = 10;

/**
 * What a point is, for people: with its values or bits where they are few.
 *
 * @example
 * ```ts
 * describePoint(103, { name: "AphB", offset: 4, type: "uint16", words: 1 }); // => "AC current, phase B"
 * ```
 */
export function describePoint(model: number, { name, type, symbols = {} }: Point): string {
  if (type === "sunssf") return "Scale factor (power of ten)";
  const title = titleOf(model, name);
  const known = Object.entries(symbols);
  if (known.length === 0 || known.length > LISTED) return title;
  const bits = type.startsWith("bitfield") ? "bit " : "";
  return `${title}: ${bits}${known.map(([value, symbol]) => `${value} ${wordsOf(symbol)}`).join(", ")}`;
}

function titleOf(model: number, name: string): string {
  const own = NAMES[`${model}.${name}`] ?? NAMES[name];
  if (own !== undefined) return own;
  const [, timed = "", what] = /^(\w+?)_(Win|Rvrt|Rmp)Tms$/.exec(name) ?? [];
  const [noun, window] = TIMED[timed] ?? [];
  if (noun !== undefined) {
    return what === "Win" ? `Time window ${window}` : what === "Rmp" ? `Ramp time of the ${noun}` : revertOf(noun);
  }
  const [, phased = "", phases = ""] = SEPARATE_PHASE.exec(name) ?? [];
  if (NAMES[phased] !== undefined) return `${NAMES[phased]}, phase ${phaseOf(phased, phases)}`;
  const [, quartered = "", quadrant] = /^(\w+)Q([1-4])$/.exec(name) ?? [];
  if (NAMES[quartered] !== undefined) return `${NAMES[quartered]}, quadrant ${quadrant}`;
  const [, lined = "", line] = /^(\w+?)L([123])$/.exec(name) ?? [];
  return NAMES[lined] === undefined ? name : `${NAMES[lined]}, L${line}`;
}

function revertOf(noun: string): string {
  return `Time after which the ${noun} reverts`;
}

function phaseOf(name: string, phases: string): string {
  const [first, second] = phases;
  if (second !== undefined) return `${first} to ${second}`;
  return name === "PhVph" ? `${first} to neutral` : `${first}`;
}

/**
 * What the values of an enumeration, or bits, mean.
 *
 * @example
 * ```ts
 * meaningsOf({ 4: "MPPT", 7: "FAULT" }).get(7); // => { severity: "fault", text: "fault" }
 * ```
 */
export function meaningsOf(symbols: Readonly<Record<string, string>>): ReadonlyMap<number, Meaning> {
  return new Map(
    Object.entries(symbols).map(([raw, symbol]) => [Number(raw), {
      severity: severityOf(symbol),
      text: wordsOf(symbol),
    }]),
  );
}

function severityOf(symbol: string): Severity {
  if (/FAULT|ERROR|ALARM|FAILURE/.test(symbol)) return "fault";
  if (/WARNING/.test(symbol)) return "warning";
  return /^(SLEEPING|OFF)$/.test(symbol) ? "asleep" : "info";
}

/** A symbol as people read it; what has no vowel, or is a letter alone, is an abbreviation. */
function wordsOf(symbol: string): string {
  const isWord = (word: string) => word.length > 1 && /[AEIOU]/.test(word) && word === word.toUpperCase();
  return symbol.split("_").map((word) => isWord(word) ? word.toLowerCase() : word).join(" ");
}

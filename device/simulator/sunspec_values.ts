import type { DcInput, State } from "./plant.ts";
import type { InverterValues } from "./inverter.ts";
import type { Plant } from "./plant.ts";
import type { Values } from "./register_image.ts";

/** Scale factors: what a 16-bit register of an inverter of up to 20 kW needs. */
const FACTORS: Readonly<Record<string, Values>> = {
  inverter: {
    A_SF: -2,
    V_SF: -1,
    W_SF: 0,
    Hz_SF: -2,
    VA_SF: 0,
    VAr_SF: 0,
    PF_SF: -2,
    WH_SF: 0,
    DCA_SF: -2,
    DCV_SF: -1,
    DCW_SF: 0,
    Tmp_SF: -1,
  },
  120: { WRtg_SF: 0, VARtg_SF: 0, ARtg_SF: -1 },
  121: { WMax_SF: 0, VRef_SF: 0, VRefOfs_SF: 0, VMinMax_SF: 0, VAMax_SF: 0, ECPNomHz_SF: -1 },
  122: { WAval_SF: 0, Ris_SF: 3 },
  123: { WMaxLimPct_SF: -2, OutPFSet_SF: -3, VArPct_SF: 0 },
  160: { DCA_SF: -2, DCV_SF: -1, DCW_SF: 0, DCWH_SF: 0 },
};

/** Point St of models 101 to 113; DCSt of model 160 uses the same numbers. */
const STATES = { off: 1, sleeping: 2, starting: 3, mppt: 4, throttled: 5, fault: 7 } as const satisfies Record<
  State,
  number
>;
/** Evt1: AC over voltage, which is what trips the simulated grid. */
const AC_OVER_VOLTAGE = 1 << 10;
const SUNSPEC_EPOCH_SECONDS = Date.UTC(2000, 0, 1) / 1000;
const NOMINAL_VOLTS = 230;

/** Scale factors of the map by full name; those in `unusable` are left out, which reads as not implemented. */
export function scaleFactors(inverterModel: number, unusable: readonly string[]): Values {
  const all = Object.entries(FACTORS).flatMap(([model, factors]) => {
    const prefix = model === "inverter" ? `${inverterModel}` : model;
    return Object.entries(factors).map(([name, value]) => [`${prefix}.${name}`, value] as const);
  });
  return Object.fromEntries(all.filter(([name]) => !unusable.includes(name)));
}

/** What the settable points (models 121 and 123) hold from the factory, in physical units. */
export function factorySettings(plant: Plant): Values {
  return {
    "121.WMax": plant.ratedWatts,
    "121.VRef": NOMINAL_VOLTS,
    "121.VRefOfs": 0,
    "121.VMax": 264,
    "121.VMin": 184,
    "121.VAMax": plant.ratedWatts,
    "121.ECPNomHz": 50,
    "123.Conn_WinTms": 0,
    "123.Conn_RvrtTms": 0,
    "123.Conn": 1,
    "123.WMaxLimPct": 100,
    "123.WMaxLimPct_WinTms": 0,
    "123.WMaxLimPct_RvrtTms": 0,
    "123.WMaxLimPct_RmpTms": 0,
    "123.WMaxLim_Ena": 0,
    "123.OutPFSet_Ena": 0,
    "123.VArPct_Ena": 0,
  };
}

/** All measured and rated points at a moment, by full name, in physical units. */
export function sunspecValues(inverterModel: number, plant: Plant, values: InverterValues): Values {
  return {
    ...prefixed(inverterModel, { ...acValues(plant, values), ...dcTotals(values.dc), ...statusOf(values) }),
    ...prefixed(120, {
      DERTyp: 4,
      WRtg: plant.ratedWatts,
      VARtg: plant.ratedWatts,
      ARtg: plant.ratedWatts / plant.phases / NOMINAL_VOLTS,
    }),
    ...prefixed(122, {
      PVConn: values.irradiance > 0 ? 0b111 : 0b001,
      ECPConn: values.state === "off" ? 0 : 1,
      WAval: values.availableWatts,
      Tms: secondsOf(values),
      RtSt: 0,
      Ris: 2_000_000,
    }),
    ...prefixed(160, { Evt: 0, N: values.dc.length, TmsPer: 0 }),
    ...Object.assign({}, ...values.dc.map((input, k) => prefixed(`160.${k + 1}`, moduleValues(values, input, k)))),
  };
}

function acValues(plant: Plant, values: InverterValues): Values {
  const amps = values.phaseVolts.map((volts) => values.acWatts / plant.phases / volts);
  const [a, b, c] = values.phaseVolts;
  return {
    A: amps.reduce((sum, each) => sum + each, 0),
    AphA: amps[0],
    AphB: amps[1],
    AphC: amps[2],
    PPVphAB: between(a, b),
    PPVphBC: between(b, c),
    PPVphCA: between(c, a),
    PhVphA: a,
    PhVphB: b,
    PhVphC: c,
    W: values.acWatts,
    Hz: values.hertz,
    VA: values.acWatts,
    VAr: 0,
    PF: 100,
    WH: Math.floor(values.wattHours),
  };
}

/** Voltage between two phases 120 degrees apart. */
function between(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return undefined;
  return Math.sqrt(one * one + other * other + one * other);
}

function dcTotals(dc: readonly DcInput[]): Values {
  const amps = dc.reduce((sum, input) => sum + input.amps, 0);
  const watts = dc.reduce((sum, input) => sum + input.watts, 0);
  return { DCA: amps, DCV: amps > 0 ? watts / amps : dc[0]?.volts, DCW: watts };
}

function statusOf(values: InverterValues): Values {
  const { cabinetCelsius, state } = values;
  return {
    TmpCab: cabinetCelsius,
    TmpSnk: cabinetCelsius + 3,
    St: STATES[state],
    Evt1: state === "fault" ? AC_OVER_VOLTAGE : 0,
    Evt2: 0,
  };
}

function moduleValues(values: InverterValues, input: DcInput, k: number): Values {
  // Both strings share the counter in the proportion of their panels; a share of what never falls never falls.
  const share = [0.53, 0.5][k] ?? 0;
  return {
    ID: k + 1,
    DCA: input.amps,
    DCV: input.volts,
    DCW: input.watts,
    DCWH: Math.floor(values.wattHours * share),
    Tms: secondsOf(values),
    Tmp: Math.round(values.cabinetCelsius),
    DCSt: STATES[values.state],
    DCEvt: 0,
  };
}

function secondsOf(values: InverterValues): number {
  return Math.floor(values.at / 1000) - SUNSPEC_EPOCH_SECONDS;
}

function prefixed(model: number | string, values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${model}.${name}`, value]));
}

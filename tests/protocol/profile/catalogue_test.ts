import assert from "node:assert/strict";
import fc from "fast-check";
import { createMapCatalogue, profileById } from "../../../protocol/profile/catalogue.ts";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { columnsOf, lookup } from "../../../protocol/profile/lookup.ts";
import { wordsOf } from "../../../protocol/profile/raw.ts";
import type { Profile } from "../../../protocol/profile/register.ts";
import { formatMapId, type ModelBlock, parseMapId } from "../../../protocol/profile/sunspec/map_id.ts";
import { mapProfile } from "../../../protocol/profile/sunspec/map_profile.ts";

const typical = "sunspec:1@40002/66,103@40070/50,120@40122/26,121@40150/30,122@40182/44,123@40228/24,160@40254/48";

function profile(id: string): Profile {
  const found = profileById(id);
  assert.ok(found, id);
  return found;
}

/** Offset of a register from the ID register of its block. */
function offsets(id: string, base: number, names: readonly string[]): readonly (number | undefined)[] {
  return names.map((name) => {
    const found = lookup(profile(id), name);
    return found && found.address - base;
  });
}

Deno.test("points lie at the offsets of the SunSpec models", () => {
  const table: readonly [number, number, Record<string, number>][] = [
    [103, 50, {
      A: 2,
      AphC: 5,
      A_SF: 6,
      PhVphA: 10,
      V_SF: 13,
      W: 14,
      W_SF: 15,
      Hz: 16,
      VA: 18,
      VAr: 20,
      PF: 22,
      PF_SF: 23,
      WH: 24,
      WH_SF: 26,
      DCA: 27,
      DCV: 29,
      DCW: 31,
      DCW_SF: 32,
      TmpCab: 33,
      TmpOt: 36,
      Tmp_SF: 37,
      St: 38,
      StVnd: 39,
      Evt1: 40,
      Evt2: 42,
      EvtVnd4: 50,
    }],
    [113, 60, {
      A: 2,
      AphC: 8,
      PPVphAB: 10,
      PhVphC: 20,
      W: 22,
      WH: 32,
      DCW: 38,
      TmpCab: 40,
      St: 48,
      Evt1: 50,
      EvtVnd4: 60,
    }],
    [120, 26, {
      DERTyp: 2,
      WRtg: 3,
      WRtg_SF: 4,
      VArRtg_SF: 11,
      ARtg: 12,
      PFRtg_SF: 18,
      WHRtg: 19,
      MaxDisChaRte_SF: 26,
    }],
    [121, 30, {
      WMax: 2,
      VAMax: 7,
      WGra: 12,
      PFMinQ1: 13,
      ECPNomHz: 20,
      ConnPh: 21,
      WMax_SF: 22,
      VAMax_SF: 26,
      ECPNomHz_SF: 31,
    }],
    [122, 44, {
      PVConn: 2,
      ECPConn: 4,
      VArAval: 29,
      WAval: 31,
      WAval_SF: 32,
      StSetLimMsk: 33,
      StActCtl: 35,
      Tms: 41,
      RtSt: 43,
      Ris: 44,
      Ris_SF: 45,
    }],
    [123, 24, {
      Conn: 4,
      WMaxLimPct: 5,
      WMaxLimPct_RvrtTms: 7,
      WMaxLim_Ena: 9,
      OutPFSet: 10,
      OutPFSet_Ena: 14,
      VArPct_Ena: 22,
      WMaxLimPct_SF: 23,
      VArPct_SF: 25,
    }],
    [160, 48, {
      DCA_SF: 2,
      DCWH_SF: 5,
      Evt: 6,
      N: 8,
      TmsPer: 9,
      "1.ID": 10,
      "1.DCA": 19,
      "1.DCWH": 22,
      "1.DCEvt": 28,
      "2.DCA": 39,
      "2.DCSt": 47,
    }],
  ];
  for (const [model, length, points] of table) {
    const names = Object.keys(points).map((point) => `${model}.${point}`);
    assert.deepEqual(
      offsets(`sunspec:${model}@40070/${length}`, 40070, names),
      Object.values(points),
      `model ${model}`,
    );
  }
});

Deno.test("every model table fills the length the model states", () => {
  const lengths: readonly [number, number][] = [
    [101, 50],
    [102, 50],
    [103, 50],
    [111, 60],
    [112, 60],
    [113, 60],
    [121, 30],
    [122, 44],
    [123, 24],
    [160, 48],
  ];
  for (const [model, length] of lengths) {
    const last = profile(`sunspec:${model}@0/${length}`).registers.at(-1);
    assert.equal(last && last.address + wordsOf(last.encoding), 2 + length, `model ${model}`);
  }
});

Deno.test("a shorter block has fewer points, and never one beyond its end", () => {
  for (let length = 1; length <= 60; length++) {
    for (const register of profile(`sunspec:103@100/${length}`).registers) {
      assert.ok(register.address + wordsOf(register.encoding) <= 102 + length);
    }
  }
  assert.equal(lookup(profile("sunspec:103@100/13"), "103.W")?.address, 114);
  assert.equal(lookup(profile("sunspec:103@100/12"), "103.W"), undefined);
});

Deno.test("the number of MPPT modules follows from the length of model 160", () => {
  for (const [length, modules] of [[8, 0], [28, 1], [48, 2], [47, 1], [128, 6], [248, 12]]) {
    const names = profile(`sunspec:160@0/${length}`).registers.filter((register) => register.name.endsWith(".DCV"));
    assert.equal(names.length, modules, `length ${length}`);
  }
  const scale = lookup(profile("sunspec:160@0/128"), "160.6.DCA")?.scale;
  assert.deepEqual(scale, { kind: "exponent", register: "160.DCA_SF" });
});

Deno.test("names are unique also where a model comes twice", () => {
  const twice = profile("sunspec:103@0/50,160@52/28,160@82/28");
  assert.equal(new Set(twice.registers.map((register) => register.name)).size, twice.registers.length);
  assert.equal(lookup(twice, "160-2.1.DCA")?.address, 82 + 19);
});

Deno.test("what stands for the inverter on a dashboard exists, and the default columns fit a device's settings", () => {
  const found = profile(typical);
  assert.deepEqual(
    [found.power, found.energy, found.voltage, found.frequency, found.powerLimit],
    ["103.W", "103.WH", "103.PhVphA", "103.Hz", "123.WMaxLimPct"],
  );
  assert.deepEqual(found.temperatures, ["103.TmpCab", "103.TmpSnk", "103.TmpTrns", "103.TmpOt"]);
  assert.ok(found.temperatures.every((name) => found.defaultRegisters.includes(name)));
  const columns = columnsOf(found, found.defaultRegisters);
  assert.ok(columns.ok && columns.value.length <= 64);
  assert.ok(columns.value.some((register) => register.name === "103.W_SF"));
  assert.equal(profile("sunspec:120@0/26").power, undefined);
  assert.deepEqual(profile("sunspec:1@40002/66,145@40070/8").registers, []);
});

Deno.test("the map survives its id", () => {
  const anyMap = fc.array(
    fc.tuple(fc.integer({ min: 1, max: 65535 }), fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 2000 })),
    { minLength: 1, maxLength: 32 },
  );
  fc.assert(fc.property(anyMap, (parts) => {
    let address = 0;
    const blocks: ModelBlock[] = [];
    for (const [model, gap, length] of parts) {
      address += gap;
      blocks.push({ model, address, length });
      address += 2 + length;
    }
    const parsed = parseMapId(formatMapId(blocks));
    if (address <= 65536) assert.deepEqual(parsed, { ok: true, value: blocks });
    else assert.ok(!parsed.ok);
  }));
});

Deno.test("what is not the id of a map is refused by name", () => {
  const table: readonly [string, string][] = [
    ["", "foreign"],
    ["ecowatt", "foreign"],
    ["sunspec", "foreign"],
    ["sunspec:", "malformed"],
    ["sunspec:103@40070", "malformed"],
    ["sunspec:103@40070/50,", "malformed"],
    ["sunspec:0103@40070/50", "malformed"],
    ["sunspec:103@-1/50", "malformed"],
    ["sunspec:103@40070/0", "malformed"],
    ["sunspec:103@40070/50 ", "malformed"],
    ["sunspec:70000@40070/50", "malformed"],
    ["sunspec:103@99999/50", "overlap"],
    ["sunspec:103@65500/50", "overlap"],
    ["sunspec:103@40070/50,160@40100/48", "overlap"],
    ["sunspec:103@40070/50,1@40002/66", "overlap"],
    [`sunspec:${"1@0/1,".repeat(33)}`, "malformed"],
    [`sunspec:${"9".repeat(100_000)}`, "malformed"],
  ];
  for (const [id, fault] of table) {
    const parsed = parseMapId(id);
    assert.equal(!parsed.ok && parsed.fault, fault, id.slice(0, 60));
    if (id !== "ecowatt") assert.equal(profileById(id), undefined);
  }
});

Deno.test("ids are remembered, and never more of them than the bound", () => {
  assert.equal(profileById("ecowatt"), ecowatt);
  assert.equal(profileById(typical), profileById(typical));
  const first = profileById(typical);
  for (let address = 0; address < 300; address++) profileById(`sunspec:103@${address}/50`);
  assert.notEqual(profileById(typical), first);
});

Deno.test("a map that claims thousands of registers is no profile", () => {
  const blocks = Array.from({ length: 32 }, (_, k) => ({ model: 160, address: k * 1300, length: 1288 }));
  assert.equal(profileById(formatMapId(blocks)), undefined);
});

Deno.test("a map that is too large is not made to find that out, or once", () => {
  const modules = (count: number, length: number, from = 0) =>
    formatMapId(Array.from({ length: count }, (_, k) => ({ model: 160, address: from + k * (length + 2), length })));
  let made = 0;
  const catalogue = createMapCatalogue((blocks) => {
    made++;
    return mapProfile(blocks);
  });
  for (let times = 0; times < 256; times++) assert.equal(catalogue(modules(32, 1_288)), undefined);
  for (let address = 0; address < 256; address++) assert.equal(catalogue(modules(3, 1_288, address)), undefined);
  assert.equal(made, 0);
  const crowded = formatMapId([
    ...[0, 1_290].map((address) => ({ model: 160, address, length: 1_288 })),
    ...Array.from({ length: 12 }, (_, k) => ({ model: 121, address: 2_580 + 32 * k, length: 30 })),
  ]);
  for (let times = 0; times < 256; times++) assert.equal(catalogue(crowded), undefined);
  assert.equal(made, 1);
  assert.ok(catalogue(modules(2, 1_288)));
});

Deno.test("noise is never a profile and never throws", () => {
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => {
    assert.equal(profileById(`sunspec:${a}@${b}`), undefined);
  }));
});

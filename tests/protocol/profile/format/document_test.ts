import assert from "node:assert/strict";
import { faultsIn, written } from "./written.ts";

/** Registers, what follows them, and the fault that is expected. */
type Mistake = readonly [registers: readonly string[], more: readonly string[], fault: RegExp];

function eachIsTold(mistakes: readonly Mistake[]): void {
  for (const [registers, more, fault] of mistakes) {
    const text = written(registers, more);
    const faults = faultsIn(text);
    assert.ok(faults.length > 0, `taken, although wrong: ${registers} ${more}`);
    assert.match(faults.join("\n"), fault, text);
  }
}

Deno.test("a profile whose parts fit together is taken", () => {
  assert.deepEqual(faultsIn(written()), []);
});

Deno.test("an unknown key, role or name is told with its place and the one that was meant", () => {
  eachIsTold([
    [["A: { adress: 5, type: u16 }"], [], /^9:8 registers\.A: unknown key "adress"; did you mean "address"\?/m],
    [
      ["A: { address: 5, type: u16, role: batery_soc }"],
      [],
      /^9:37 .*"batery_soc" is not known; did you mean "battery_soc"\?/m,
    ],
    [["A: { address: 5, type: i16, exponent: Knd }"], [], /^9:41 .*no register Knd; did you mean Kind\?/m],
    [
      ["A: { address: 5, type: u16, unit_id: mtr }"],
      ["link: { units: { meter: 200 } }"],
      /^9:40 .*did you mean meter\?/m,
    ],
    [[], ["poll: { fast: [Kind, V] }"], /^10:22 poll\.fast\[1\]: there is no register V/m],
    [[], ["detect: [{ register: Kin, any: [1] }]"], /^10:22 .*did you mean Kind\?/m],
    [[], ["derive: { X: { is: W + Q } }"], /^10:20 .*no register Q/m],
  ]);
});

Deno.test("registers lie where they can be read, on words of their own", () => {
  eachIsTold([
    [["A: { address: 1, type: u16 }"], [], /9:17 .*holding 1 is part of W already/],
    [["A: { address: 5, type: u32 }", "B: { address: 6, type: u16 }"], [], /10:17 .*holding 6 is part of A/],
    [["A: { address: 5, type: u16, mask: 3 }", "B: { address: 5, type: u16, mask: 2 }"], [], /holding 5 is part of A/],
    [["A: { address: 65535, type: u32 }"], [], /ends behind the last address/],
    [["A: { address: 5, type: u64 }"], ["max_read: 3"], /its 4 words are more than max_read, 3/],
    [["A: { address: 5, type: u32 }"], ["cuts: [[holding, 6]]"], /the cut before 6 goes through it/],
    [["A: { address: 5, type: u32 }"], ["holes: [[holding, 6, 9]]"], /it lies in the hole 6 to 9/],
    [["A: { address: [5, 6], type: u64 }"], [], /only u32, i32 may have words that do not adjoin/],
    [["A: { address: 5, type: string }"], [], /a string needs `words`/],
    [["A: { address: 5, type: u16, table: coil }"], [], /a coil holds a bit/],
    [["w: { address: 5, type: u16 }"], [], /differs from another register by capital letters only/],
    [["A: { address: 5, type: u16, synonyms: [Kind] }"], [], /Kind is the name of Kind already/],
  ]);
  const fine: readonly (readonly [string[], string[]])[] = [
    [["A: { address: 1, type: u16, table: input }"], []],
    [["A: { address: 1, type: u16, unit_id: meter }"], ["link: { units: { meter: 200 } }"]],
    [["A: { address: 5, type: u16, mask: 1 }", "B: { address: 5, type: u16, mask: 6, shift: 1 }"], []],
    [["A: { address: 5, type: u32 }", "B: { address: 6, type: u16, overlaps: true }"], []],
    [["A: { address: 5, type: u32 }"], ["cuts: [[holding, 5]]", "holes: [[holding, 7, 9]]"]],
    [["A: { address: [9, 5], type: u32 }"], []],
  ];
  for (const [registers, more] of fine) assert.deepEqual(faultsIn(written(registers, more)), [], registers.join());
});

Deno.test("numbers mean something: scales, absent values, units and directions", () => {
  eachIsTold([
    [["A: { address: 5, type: u16, scale: 0 }"], [], /expected number to be >0/],
    [["A: { address: 5, type: u16, exponent: W, scale: 0.1 }"], [], /no scale besides/],
    [["A: { address: 5, type: f32, mask: 1 }"], [], /f32 has no bits/],
    [["A: { address: 5, type: u16, mask: 0x10000 }"], [], /u16 has 16 bits/],
    [["A: { address: 5, type: u16, bits: { 16: fault x } }"], [], /u16 has 16 bits/],
    [["A: { address: 5, type: u16, absent: 70000 }"], [], /70000 is no value of a u16/],
    [["A: { address: 5, type: u16, range: [5, 1] }"], [], /begin with the smaller/],
    [
      ["A: { address: 5, type: i16, unit: A, role: battery_power, positive: charge }"],
      [],
      /battery_power is measured in W, not A/,
    ],
    [["A: { address: 5, type: i16, unit: W, role: battery_power }"], [], /needs `positive`: discharge or charge/],
    [
      ["A: { address: 5, type: i16, unit: W, role: grid_power, positive: charge }"],
      [],
      /grid_power is import or export/,
    ],
    [["A: { address: 5, type: u32, unit: Wh, role: grid_import_total }"], [], /says `counts: lifetime`/],
    [
      [
        "A: { address: 5, type: u16, unit: W, role: pv_power }",
        "B: { address: 6, type: u16, unit: W, role: pv_power }",
      ],
      [],
      /10:\d+ .*A is the pv_power already/,
    ],
    [["A: { address: 5, type: u16, negative_when: { A: [1] } }"], [], /does not tell its own direction/],
  ]);
  assert.deepEqual(faultsIn(written(["A: { address: 5, type: i16, absent: 0x8000 }"])), []);
});

Deno.test("what is computed ends somewhere", () => {
  eachIsTold([
    [[], ["derive: { X: { is: Y + 1 }, Y: { is: X } }"], /X would be computed from itself/],
    [[], ["derive: { X: { is: X + 1 } }"], /X would be computed from itself/],
    [[], ["derive: { W: { is: Kind } }"], /W is a register already/],
    [[], ["derive: { X: { is: 'W -' } }"], /it ends too early/],
    [[], ["derive: { X: { is: W, role: load_power, unit: A } }"], /load_power is measured in W/],
    [[], ["derive: { X: { is: W } }", "poll: { fast: [X] }"], /X is computed/],
  ]);
});

Deno.test("variants are told apart by one register, and each is right by itself", () => {
  const of = (variants: string, by = "Kind") => [`variants: { by: ${by}, of: { ${variants} } }`];
  eachIsTold([
    [[], of("a: { when: [1] }", "Sort"), /no register Sort/],
    [[], of("a: { when: [1-5] }, b: { when: [5] }"), /a value means a and b/],
    [[], of("a: { when: [1], registers: { Kind: { scale: 2 } } }"), /it is the same in all/],
    [[], of("a: { when: [1], registers: { X: { scale: 2 } } }"), /X is new here: it needs an address and a type/],
    [[], of("a: { when: [1], registers: { X: null } }"), /no register X/],
    [
      [],
      of("a: { when: [1] }, b: { when: [2], registers: { W: { address: 0 } } }"),
      /10:\d+ variants\.of\.b\.registers\.W\.address/,
    ],
  ]);
  assert.deepEqual(faultsIn(written([], of("a: { when: [1] }, b: { when: [2], registers: { W: null } }"))), []);
});

Deno.test("a device must be told from others before it is believed", () => {
  const without = written().replace(/^fit: .*$/m, "");
  assert.match(faultsIn(without).join(), /must say what holds for the device/);
  eachIsTold([
    [[], ["detect: [{ register: Kind }]"], /must say one of any, between, matches/],
    [[], ["detect: [{ register: Kind, matches: x }]"], /only a string has `matches`/],
    [[], ["detect: [{ address: 9, type: string, words: 2, any: [1] }]"], /a string is told by `matches`/],
    [[], ["detect: [{ address: 9, type: string, words: 2, matches: '(' }]"], /is no regular expression/],
  ]);
});

Deno.test("what can be ordered can be written, read back and undone", () => {
  const set = ["S: { address: 5, type: u16, access: read_write }", "C: { address: 6, type: u16, access: write }"];
  const control = (text: string) => [`controls: { limit: { ${text} } }`];
  eachIsTold([
    [set, control("set: [{ W: 1 }], undo: [{ S: 0 }]"), /W has no `access/],
    [set, control("set: [{ Q: 1 }], undo: [{ S: 0 }]"), /no register Q/],
    [set, control("set: [{ S: 1, C: 2 }], undo: [{ S: 0 }]"), /must be one register/],
    [set, control("set: [{ S: value }], undo: [{ S: 0 }]"), /no register value/],
    [set, control("set: [{ S: 1 }], undo: [{ C: before }]"), /C cannot be read/],
    [set, control("set: [{ S: 1 }], check: [C], undo: [{ S: 0 }]"), /C can only be written/],
    [set, control("set: [{ S: 1 }], check: [T], undo: [{ S: 0 }]"), /no register T/],
    [set, control("set: [{ S: 1 }], needs: { T: [1] }, undo: [{ S: 0 }]"), /no register T/],
    [set, control("set: [{ S: 1 }], device_reverts: never"), /has no way back/],
    [set, control("takes: { unit: W, range: [0, Most] }, set: [{ S: value }], undo: [{ S: 0 }]"), /no register Most/],
    [set, control("takes: { unit: W, range: [9, 0] }, set: [{ S: value }], undo: [{ S: 0 }]"), /smaller number/],
    [
      set,
      control("set: [{ S: 1 }], device_reverts: { after: { seconds_in: T }, renew: 20s }"),
      /no register T/,
    ],
  ]);
  const fine = control(
    'takes: { unit: W, range: [0, Kind] }, needs: { W: "< 5" }, set: [{ C: value / 2 }, { wait: 1s }, { S: 2 }], check: [S], undo: [{ S: before }]',
  );
  assert.deepEqual(faultsIn(written(set, fine)), []);
});

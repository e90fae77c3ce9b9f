import { inWords } from "../../../protocol/settings/broken_rule.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { boardRegisters, ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { profileById } from "../../../protocol/profile/catalogue.ts";
import { canonical } from "../../../protocol/settings/registers.ts";
import { checkSettings } from "../../../protocol/settings/rules.ts";
import type { SettingsTarget } from "../../../protocol/settings/target.ts";
import { differences, patched, type SettingsValues } from "../../../protocol/settings/settings.ts";

const sunspec = profileById("sunspec:1@40002/66,103@40070/50,120@40122/26");
assert.ok(sunspec);
const node: SettingsTarget = { auth: "signed", profiles: [ecowatt] };
const mixed: SettingsTarget = { auth: "signed", profiles: [ecowatt, sunspec] };
const stranger: SettingsTarget = { auth: "signed", profiles: [] };
const board: SettingsTarget = { auth: "legacy", profiles: [ecowatt] };
const names = (count: number) => Array.from({ length: count }, (_, i) => `r${i}`);
const poll = (seconds: number): SettingsValues => ({ poll_interval_s: seconds });
const upload = (seconds: number): SettingsValues => ({ upload_interval_s: seconds });
const both = (seconds: number, every: number): SettingsValues => ({ ...poll(seconds), ...upload(every) });
const registers = (...list: string[]): SettingsValues => ({ registers: list });

/** Rule, target, what is accepted, what is refused, and a part of the reason. */
const RULES: readonly (readonly [string, SettingsTarget, SettingsValues, SettingsValues, string])[] = [
  ["a poll takes at least 0.1 s", node, poll(0.1), poll(0.099), "0.1 to 3600"],
  ["a poll takes at most an hour", node, poll(3_600), poll(3_600.001), "0.1 to 3600"],
  ["a poll is never negative", node, poll(1), poll(-1), "0.1 to 3600"],
  ["a poll is a number", node, poll(1), poll(NaN), "0.1 to 3600"],
  ["a poll ends", node, poll(1), poll(Infinity), "0.1 to 3600"],
  ["a poll is whole milliseconds", node, poll(0.123), poll(0.1234), "whole milliseconds"],
  ["an upload comes each second at most", node, upload(1), upload(0.999), "1 to 86400"],
  ["an upload comes each day at least", node, upload(86_400), upload(86_400.001), "1 to 86400"],
  ["an upload interval is not below the poll interval", node, both(5, 5), both(5, 4), "must not be below"],
  [
    "nor below the poll interval in force",
    { ...node, inForce: poll(60) },
    upload(60),
    upload(59),
    "must not be below",
  ],
  [
    "nor is a poll above the upload interval in force",
    { ...node, inForce: upload(30) },
    poll(30),
    poll(31),
    "must not be below",
  ],
  ["a list names a register", node, registers("Vac1"), registers(), "1 to 64"],
  ["a list names 64 registers at most", stranger, { registers: names(64) }, { registers: names(65) }, "1 to 64"],
  ["a list names known registers", node, registers("Vac1"), registers("Vac1", "Foo"), "no inverter of this device"],
  ["a list names no register twice", node, registers("Vac1", "Iac1"), registers("Vac1", "Vac1"), "Vac1 twice"],
  ["synonyms are the same register", node, registers("REG_VAC1"), registers("Vac1", "REG_VAC1"), "Vac1 twice"],
  ["a list leaves each inverter something", mixed, registers("Pac", "103.W"), registers("Pac"), "names no register of"],
  [
    "scale factors count",
    { auth: "signed", profiles: [sunspec] },
    { registers: sunspec.defaultRegisters.slice(0, 5) },
    { registers: sunspec.registers.slice(0, 70).map(({ name }) => name) },
    "64",
  ],
  [
    "what gathers between uploads has room",
    { ...node, bufferBytes: 2 ** 20 },
    { ...both(1, 86_400), registers: ["Vac1"] },
    { ...both(0.1, 86_400), registers: ["Vac1"] },
    "would gather",
  ],
  ["a board cannot poll in fractions", board, poll(2), poll(2.5), "cannot do fractions"],
  ["a board cannot upload in fractions", board, upload(20), upload(20.5), "cannot do fractions"],
  ["a board polls each second at most", board, poll(1), poll(0.5), "whole seconds"],
  [
    "a board sends its own list",
    board,
    { registers: [...boardRegisters] },
    registers("Vac1", "Pac"),
    "always sends",
  ],
  [
    "a board knows ten registers",
    board,
    { registers: [...boardRegisters].reverse() },
    { registers: names(11) },
    "1 to 10",
  ],
  ["a board's list names no register twice", board, {}, registers("Vac1", "REG_VAC1"), "twice"],
  ["a board's upload is not cut", board, both(2, 80), both(2, 81), "at least every 80 s"],
  ["a board's poll is not so fast that its upload is cut", { ...board, inForce: upload(60) }, poll(2), poll(1), "40 s"],
  ["a board polls each 2 s until it is told otherwise", board, upload(80), upload(81), "at least every 80 s"],
];

for (const [rule, target, accepted, refused, reason] of RULES) {
  Deno.test(`settings: ${rule}`, () => {
    assert.deepEqual(checkSettings(accepted, target), []);
    const messages = inWords(checkSettings(refused, target)).map(({ message }) => message);
    assert.ok(messages.some((message) => message.includes(reason)), messages.join("; ") || "accepted");
  });
}

Deno.test("all reasons are given at once", () => {
  const refusals = checkSettings(
    { poll_interval_s: 4_000.5, upload_interval_s: 0.5, registers: ["Foo", "Foo"] },
    board,
  );
  assert.deepEqual(refusals.map(({ key }) => key), [
    "poll_interval_s",
    "poll_interval_s",
    "upload_interval_s",
    "upload_interval_s",
    "registers",
    "registers",
    "registers",
    "upload_interval_s",
  ]);
});

/** Values around every bound, and far from all of them. */
const seconds = fc.oneof(
  fc.constantFrom(-1, 0, 0.099, 0.1, 0.5, 1, 2, 59.999, 3_600, 3_601, 86_400, 86_401, NaN, Infinity),
  fc.integer({ min: 1, max: 90_000 }),
  fc.double({ min: 0.01, max: 90_000, noNaN: true }).map((value) => Math.round(value * 1000) / 1000),
);
const someNames = fc.array(
  fc.oneof(
    fc.constantFrom(...ecowatt.registers.map(({ name }) => name)),
    fc.constantFrom("REG_VAC1", "pac", "Foo", "__proto__"),
  ),
  { maxLength: 70 },
);
const settings = fc.record(
  {
    poll_interval_s: seconds,
    upload_interval_s: seconds,
    registers: fc.oneof(someNames, fc.uniqueArray(fc.constantFrom(...ecowatt.registers.map(({ name }) => name)))),
  },
  { requiredKeys: [] },
);
/** What the device did before: good settings. */
const inForce = fc.record({
  poll_interval_s: fc.integer({ min: 1, max: 60 }),
  factor: fc.integer({ min: 1, max: 40 }),
}).map(({ poll_interval_s, factor }) => ({ poll_interval_s, upload_interval_s: poll_interval_s * factor }));

interface Effective {
  readonly poll_interval_s: number;
  readonly upload_interval_s: number;
  readonly registers: readonly string[];
}

/** A device with these settings, event by event for two days: whether 24 hours pass without a whole upload. */
function isLost(
  { poll_interval_s: poll, upload_interval_s: upload, registers }: Effective,
  auth: SettingsTarget["auth"],
): boolean {
  const batch = auth === "legacy" ? 5 : 1;
  const columns = registers.filter((name) => ecowatt.registers.some((register) => register.name === name)).length;
  if (columns === 0) return true;
  let last = 0;
  let sent = 0;
  for (let at = upload; at <= 172_800; at += upload) {
    const ready = Math.floor(Math.floor(at / poll + 1e-9) / batch) * batch;
    const waiting = ready - sent;
    if (waiting === 0) continue;
    if (auth === "legacy" && waiting / batch > 8) return true;
    if (auth === "signed" && waiting * columns * 4 > 256 * 2 ** 20) return true;
    if (at - last > 86_400) return true;
    [last, sent] = [at, ready];
  }
  return last < 86_400;
}

Deno.test("of 1,000 generated settings none that is accepted leaves a device unable to upload within 24 hours", () => {
  let accepted = 0;
  fc.assert(
    fc.property(settings, inForce, fc.constantFrom("signed", "legacy"), (generated, before, auth) => {
      const target: SettingsTarget = { auth, profiles: [ecowatt], inForce: before };
      if (checkSettings(generated, target).length > 0) return;
      accepted++;
      const { poll_interval_s, upload_interval_s, registers } = canonical(generated, [ecowatt]);
      const all = {
        poll_interval_s: poll_interval_s ?? before.poll_interval_s,
        upload_interval_s: upload_interval_s ?? before.upload_interval_s,
        registers: registers ?? [...boardRegisters],
      };
      assert.ok(!isLost(all, auth), JSON.stringify({ generated, before, auth }));
    }),
    { numRuns: 1_000, seed: 20_261_123 },
  );
  assert.ok(accepted >= 50, `${accepted} were accepted`);
});

Deno.test("a change sets some values, takes some back and leaves the others", () => {
  const before = { poll_interval_s: 2, upload_interval_s: 30, registers: ["Pac"] };
  const after = patched(before, { poll_interval_s: 5, registers: null });
  assert.deepEqual(after, { poll_interval_s: 5, upload_interval_s: 30 });
  assert.deepEqual(differences(before, after), [
    { key: "poll_interval_s", from: 2, to: 5 },
    { key: "registers", from: ["Pac"], to: undefined },
  ]);
  assert.deepEqual(differences({ registers: ["Pac", "Vac1"] }, { registers: ["Vac1", "Pac"] }), []);
});

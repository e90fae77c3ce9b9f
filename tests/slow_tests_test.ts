import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import project from "../deno.json" with { type: "json" };
import { deal, isAsked } from "./fast.ts";
import { fastTestFiles, tests } from "./test_files.ts";

/** What makes a test slow, by its text and by that of what it imports from the tests. */
const SLOW_BY_NATURE: readonly { readonly why: string; readonly sign: RegExp; readonly butIn?: string }[] = [
  {
    why: "it starts a program or a browser (Deno itself may be asked about the sources)",
    sign:
      /new Deno\.Command\((?!Deno\.execPath\(\), \{\s*args: \["(info|types)")|"(node:child_process|playwright-core)"/,
  },
  {
    why: "it sleeps: the fake clock moves at once, and a state is waited for by fakes/until.ts",
    sign: /\bset(Timeout|Interval)\(|\bsystemClock\.sleep\(|\bAbortSignal\.timeout\(/,
    butIn: "fakes/until.ts",
  },
  {
    why: "it measures how long something takes",
    sign: /\bperformance\.now\(/,
    butIn: "fakes/until.ts",
  },
];

/** What is heavy by what it does: every cut of the power, whole days, thousands of random inputs, new RSA keys. Its file says so. */
const HEAVY =
  /(\/days|board_days|\/kill|_model|_year|awkward_device|api\/hostile|cli\/firmware|noise|power_cut)_test\.ts$/;

/** Why a file of the tests is slow, or one that it imports. */
async function slowness(path: string, seen = new Set<string>()): Promise<readonly string[]> {
  seen.add(path);
  const text = await Deno.readTextFile(path);
  const name = relative(tests, path);
  const why = SLOW_BY_NATURE.filter(({ sign, butIn }) => name !== butIn && sign.test(text)).map(({ why }) => why);
  for (const [, specifier = ""] of text.matchAll(/(?:from|import) "(\.[^"]+\.ts)"/g)) {
    const imported = join(dirname(path), specifier);
    if (imported.startsWith(tests) && !seen.has(imported)) why.push(...await slowness(imported, seen));
  }
  return HEAVY.test(name) ? [...why, "it is heavy by its name"] : why;
}

Deno.test("what is slow by nature is named _slow_test.ts, or stands in e2e, browser or interop", async () => {
  const wrong: string[] = [];
  for (const name of await fastTestFiles()) {
    const path = join(tests, name);
    if (path === fileURLToPath(import.meta.url)) continue;
    for (const why of new Set(await slowness(path))) wrong.push(`${name}: ${why}`);
  }
  assert.deepEqual(wrong, []);
});

Deno.test("each sign of slowness is one: it strikes where it should, and not elsewhere", () => {
  const signsOf = (text: string) => SLOW_BY_NATURE.flatMap(({ sign }, index) => sign.test(text) ? index : []);
  assert.deepEqual(signsOf('new Deno.Command("sh")'), [0]);
  assert.deepEqual(signsOf('import { chromium } from "playwright-core";'), [0]);
  assert.deepEqual(signsOf('new Deno.Command(Deno.execPath(), { args: ["info"] })'), []);
  for (const text of ["setTimeout(resolve, 5)", "systemClock.sleep(5)", "AbortSignal.timeout(5)"]) {
    assert.deepEqual(signsOf(text), [1], text);
  }
  assert.deepEqual(signsOf("await clock.sleep(5); await clock.advance(5); clearTimeout(timer)"), []);
  assert.deepEqual(signsOf("performance.now() - began"), [2]);
  assert.ok(["ota/power_cut_test.ts", "model/command_model_test.ts"].every((name) => HEAVY.test(name)));
  assert.ok(!HEAVY.test("device/inverter/model_header_test.ts"));
});

Deno.test("the fast tests are what is not slow by name, each in one hand, and all tests are checked for leaks", async () => {
  assert.deepEqual(project.test, { sanitizeOps: true, sanitizeResources: true }, "the checks for leaks, of all tests");
  const files = await fastTestFiles();
  assert.ok(files.includes("slow_tests_test.ts") && files.length > 250);
  assert.deepEqual(files.filter((name) => /^(e2e|browser|interop)\/|_slow_test\.ts$/.test(name)), []);
  for (const hands of [1, 8, 1000]) assert.deepEqual(deal(files, hands).flat().toSorted(), files, `${hands} hands`);
});

Deno.test("the fast tests of a folder or of a file can be asked for", () => {
  for (const path of ["tests/ota", "./tests/ota", "tests/ota/slots/slots_test.ts"]) {
    assert.ok(isAsked("ota/slots/slots_test.ts", [path]), path);
    assert.ok(!isAsked("gateway/ota_test.ts", [path]), path);
  }
  assert.ok(isAsked("gateway/ota_test.ts", []));
});

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { lackingOf } from "../../platform/runtime.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Runs a module of the product, or code, with `preload` before all of it. */
async function run(preload: string, module: string, ...args: readonly string[]) {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/preload.ts`, preload);
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", "--preload", `${folder}/preload.ts`, module, ...args],
    env: { NO_COLOR: "1" },
    cwd: root,
  });
  const { code, stdout, stderr } = await command.output();
  await Deno.remove(folder, { recursive: true });
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

Deno.test("what is used of the runtime is there, and what is not is told by its name", () => {
  assert.deepEqual(lackingOf(), []);
  const lacking = lackingOf({ setTimeout: () => 1 });
  assert.ok(
    ["Promise.try", "Uint8Array.prototype.toBase64", "setTimeout().refresh"].every((it) => lacking.includes(it)),
  );
});

Deno.test("a runtime that lacks what is used is refused at the start with one line", async () => {
  const preload = "delete Object.getPrototypeOf(setTimeout(() => {}, 0)).refresh; delete Promise.try;";
  const { code, out, err } = await run(preload, "main.ts", "version");
  assert.deepEqual([code, out], [1, ""]);
  assert.match(err, /^ecowatt: Cannot run on Deno [\d.]+: it lacks Promise\.try, setTimeout\(\)\.refresh; .*\n$/);
});

/** Timers that are numbers, as those of Deno 2.6; then one that is refreshed before it is due, and one due in between. */
const NUMBERS = `
const { setTimeout: own } = globalThis;
globalThis.setTimeout = (...args) => Number(own(...args));
globalThis.setInterval = () => 1;
`;
const REFRESHED = `
import ${JSON.stringify(new URL("../../platform/node_timers.ts", import.meta.url).href)};
const fired = [];
const timer = setTimeout(() => console.log([...fired, "refreshed"].join()), 400);
setTimeout(() => timer.refresh(), 200);
setTimeout(() => fired.push("between"), 500);
clearTimeout(setTimeout(() => fired.push("cleared"), 10));
const again = setInterval(() => { fired.push("interval"); clearInterval(again); }, 10);
again.unref().ref();
setTimeout(() => fired.push("unreferenced"), 3_600_000).unref();
`;

Deno.test("where timers are numbers they become those of Node, and a refreshed one starts anew", async () => {
  const { code, out, err } = await run(NUMBERS, `data:application/typescript,${encodeURIComponent(REFRESHED)}`);
  assert.deepEqual([code, out, err], [0, "interval,between,refreshed\n", ""]);
});

import assert from "node:assert/strict";
import { main } from "../../cli/program.ts";
import { startSimulator } from "../../device/simulator/simulator.ts";
import { SimulatorOptions } from "../../device/simulator/options.ts";
import { systemClock } from "../../platform/clock.ts";
import { fakeLog } from "../fakes/log.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";

async function run(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const lines = { out: [] as string[], err: [] as string[] };
  const terminal = {
    out: (text: string) => void lines.out.push(text),
    err: (text: string) => void lines.err.push(text),
  };
  const code = await main(["profile", ...args], terminal);
  return { code, out: lines.out.join("\n"), err: lines.err.join("\n") };
}

Deno.test("the devices that are known are listed, and one is shown with its roles", async () => {
  assert.match((await run("list")).out, /^ecowatt +inverter +proven +high/m);
  const listed = JSON.parse((await run("list", "--json")).out);
  assert.ok(listed.profiles.some(({ name }: { name: string }) => name === "ecowatt"));
  const shown = await run("show", "ecowatt");
  assert.match(shown.out, /^Pac +holding 9 +u16 +W +ac_power/m);
  assert.match(shown.out, /^active_power_limit +% +verified/m);
  assert.match((await run("show", "ecowat")).err, /did you mean ecowatt\?/);
});

Deno.test("a file is checked, with line and column of what is wrong", async () => {
  await using folder = await temporaryDirectory();
  const file = `${folder.path}/mine.yaml`;
  const text = await Deno.readTextFile(new URL("../../profiles/ecowatt/profile.yaml", import.meta.url));
  await Deno.writeTextFile(file, text);
  assert.deepEqual(await run("check", file), { code: 0, out: `${file} is right: 10 registers`, err: "" });
  await Deno.writeTextFile(file, text.replace("class: inverter", "clas: inverter"));
  const wrong = await run("check", file);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /mine\.yaml:\d+:1: .*unknown key "clas"; did you mean "class"\?/);
});

Deno.test("a profile is tried with its dumps: what they do not show, and what they would not catch, is told", async () => {
  await using folder = await temporaryDirectory();
  await Deno.mkdir(`${folder.path}/dumps`);
  const source = (name: string) => new URL(`../../profiles/ecowatt/${name}`, import.meta.url);
  await Deno.copyFile(source("profile.yaml"), `${folder.path}/profile.yaml`);
  const dump = await Deno.readTextFile(source("dumps/noon.yaml"));
  const trial = async (text: string) => {
    await Deno.writeTextFile(`${folder.path}/dumps/noon.yaml`, text);
    return await run("test", `${folder.path}/profile.yaml`);
  };
  const right = await trial(dump);
  assert.deepEqual([right.code, /10 +1 +10 +0$/m.test(right.out)], [0, true], right.out);
  const wrong = await trial(dump.replace("Pac: 3801", "Pac: 38010"));
  assert.equal(wrong.code, 1);
  assert.match(wrong.out, /Pac is 3801, and not 38010/);
  assert.match((await trial(dump.replace("  Pac: 3801\n", ""))).out, /not caught: Pac: ten times/);
  assert.match((await trial(dump.replace("[2309,", "[9309,"))).out, /Vac1 is 930.9, and not 0 to 300 V/);
});

Deno.test("a configuration that names a device that nobody knows is refused, with the one that was meant", async () => {
  await using folder = await temporaryDirectory();
  const file = `${folder.path}/ecowatt.yaml`;
  const config = (profile: string) =>
    `node: { device_id: roof, gateway: "http://127.0.0.1:8080", key: ${"ab".repeat(32)}, ` +
    `buses: [{ tcp: { host: 127.0.0.1 }, inverters: [{ profile: ${profile} }] }] }\n`;
  const check = async (profile: string) => {
    await Deno.writeTextFile(file, config(profile));
    let err = "";
    const code = await main(["check", "--config", file], { out: () => {}, err: (text) => err += text });
    return { code, err };
  };
  assert.deepEqual(await check("eastron-sdm630"), { code: 0, err: "" });
  const unknown = await check("eastron-sdm63");
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /inverter inverter: There is no profile eastron-sdm63; did you mean eastron-sdm630\?/);
});

Deno.test("a device is tried and recorded by a profile, and one that is another is refused", async () => {
  await using folder = await temporaryDirectory();
  const options = SimulatorOptions.parse({ port: 0, httpPort: null });
  await using simulator = await startSimulator(options, { clock: systemClock, log: fakeLog().log });
  const address = `tcp://127.0.0.1:${simulator.addresses.tcp?.port}?unit=17`;
  const tried = await run("try", "ecowatt", address, "--json");
  assert.equal(tried.code, 0, tried.err);
  assert.equal(JSON.parse(tried.out).values.length, 10);
  const file = `${folder.path}/noon.yaml`;
  assert.equal((await run("dump", "ecowatt", address, "--out", file)).code, 0);
  assert.match(await Deno.readTextFile(file), /table: holding, address: 0, words: \[(\d+, ){9}\d+\]/);
  const other = `${folder.path}/other.yaml`;
  const text = await Deno.readTextFile(new URL("../../profiles/ecowatt/profile.yaml", import.meta.url));
  await Deno.writeTextFile(
    other,
    text.replace("between: [0, 300]", "between: [0, 9]"),
  );
  const foreign = await run("try", other, address);
  assert.equal(foreign.code, 1);
  assert.match(foreign.err, /another device than its profile says: Vac1 is 2\d\d.*and not 0 to 9 V/);
});

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { program, testWith } from "../needs.ts";
import { start } from "./process.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const asked = {
  what: "ECOWATT_FRESH_CLONE=1, because it downloads everything anew",
  met: Deno.env.has("ECOWATT_FRESH_CLONE"),
};

testWith(
  [asked, program("git"), program("npx", "npm"), program("setsid", "util-linux")],
  "the README's first command works in a fresh clone with an empty home, and stores a sample",
  async () => {
    await using folder = await temporaryDirectory();
    const clone = `${folder.path}/clone`;
    const home = `${folder.path}/home`;
    await Deno.mkdir(home);
    const cloned = await new Deno.Command("git", { args: ["clone", "--quiet", root, clone] }).output();
    assert.ok(cloned.success, new TextDecoder().decode(cloned.stderr));
    const readme = await Deno.readTextFile(`${clone}/README.md`);
    const [command] = readme.match(/^npx -y deno@\S+ task demo$/m) ?? [];
    assert.ok(command, "the README has a demo command");

    const [npx, ...words] = command.split(" ");
    // A session of its own, so that Ctrl-C reaches all of it, as at a terminal.
    await using demo = start([...words, "--port", "0", "--modbus-port", "0", "--http-port", "0"], {
      cwd: clone,
      env: { HOME: home, DENO_DIR: `${home}/deno`, XDG_CACHE_HOME: "", XDG_DATA_HOME: "" },
      program: ["setsid", "--wait", npx ?? ""],
    });
    await demo.says(/EcoWatt demo/);
    await demo.says(/First sample stored, taken at/);
    await new Deno.Command("kill", { args: ["-INT", "--", `-${demo.pid}`] }).output();
    await demo.says(/Stopping; everything is kept/);
    await demo.exit;
  },
);

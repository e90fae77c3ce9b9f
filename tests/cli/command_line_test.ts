import assert from "node:assert/strict";
import { join } from "node:path";
import type { Command } from "commander";
import { EXAMPLES } from "../../cli/terminal/examples.ts";
import { buildProgram, main } from "../../cli/program.ts";
import "../fakes/loaded_libraries.ts";

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(...args: readonly string[]): Promise<Ran> {
  let [out, err] = ["", ""];
  const code = await main(args, { out: (text) => out += `${text}\n`, err: (text) => err += `${text}\n` });
  return { code, out, err };
}

/** Every command that does something, with its name: `device add`. */
function leaves(parent: Command, path = ""): readonly (readonly [string, Command])[] {
  return parent.createHelp().visibleCommands(parent).filter((command) => command.name() !== "help").flatMap(
    (command) => {
      const name = `${path} ${command.name()}`.trim();
      return command.commands.length > 0 ? leaves(command, name) : [[name, command] as const];
    },
  );
}

const COMMANDS = leaves(buildProgram({ out() {}, err() {} }));

/** Those that run until they are stopped, and one whose output is a script. */
const NOT_JSON = new Set(["demo", "run", "gateway", "node", "simulate", "completion"]);

Deno.test("every command says what it does and shows an example, and each example is of a command", async () => {
  for (const [name] of COMMANDS) {
    const { code, out } = await run(...name.split(" "), "--help");
    assert.equal(code, 0, name);
    assert.match(out, /Usage: ecowatt /, name);
    assert.match(out, new RegExp(`Example: ecowatt ${name}`), name);
  }
  const names = new Set(COMMANDS.map(([name]) => name));
  assert.deepEqual(Object.keys(EXAMPLES).filter((name) => !names.has(name)), []);
});

Deno.test("every example has the options and as many words as its command takes", () => {
  for (const [name, command] of COMMANDS) {
    const words = (EXAMPLES[name] ?? "").split(" ").slice(1 + name.split(" ").length);
    const { operands, unknown } = command.parseOptions(words);
    assert.deepEqual(unknown, [], name);
    const required = command.registeredArguments.filter((argument) => argument.required).length;
    const most = command.registeredArguments.some(({ variadic }) => variadic)
      ? Infinity
      : command.registeredArguments.length;
    assert.ok(operands.length >= required && operands.length <= most, `${name}: ${operands.join(" ")}`);
  }
});

Deno.test("every command that ends has --json", () => {
  const without = COMMANDS.filter(([, command]) => !command.options.some(({ long }) => long === "--json")).map((
    [name],
  ) => name);
  assert.deepEqual(without.filter((name) => !NOT_JSON.has(name)), []);
});

/** What lists or shows, on a new data directory with one device, one token, one template. */
const SHOWING = [
  ["device list", []],
  ["device show roof", []],
  ["command history roof", []],
  ["settings get roof", []],
  ["settings history roof", []],
  ["settings template list", []],
  ["settings rollout list", []],
  ["firmware list", []],
  ["firmware status roof", []],
  ["rollout list", []],
  ["token list", []],
  ["update status", []],
  ["version", []],
  ["check", ["--config"]],
] as const;

Deno.test("whatever lists or shows prints one JSON value with --json, and nothing else", async () => {
  const folder = await Deno.makeTempDir();
  const config = join(folder, "ecowatt.yaml");
  await Deno.writeTextFile(config, "gateway: {}\n");
  const data = ["--data-dir", folder];
  assert.equal((await run("device", "add", "roof", "--json", ...data)).code, 0);
  assert.equal((await run("token", "create", "t", "--json", ...data)).code, 0);
  assert.equal((await run("settings", "template", "set", "slow", "poll=30s", "--json", ...data)).code, 0);
  for (const [name, flags] of SHOWING) {
    const more = flags.length > 0 ? [...flags, config] : name === "version" ? [] : data;
    const { code, out, err } = await run(...name.split(" "), "--json", ...more);
    assert.equal(code, 0, `${name}: ${err}`);
    assert.doesNotThrow(() => JSON.parse(out), `${name}: ${out}`);
    assert.equal(err, "", name);
  }
  await Deno.remove(folder, { recursive: true });
});

/** Arguments, the exit code, and what is said. */
const ENDS = [
  [["version"], 0, /\d/],
  [["--help"], 0, /Usage/],
  [["device", "--help"], 0, /Usage/],
  [["docter"], 2, /Did you mean doctor\?/],
  [["device", "lst"], 2, /Did you mean list\?/],
  [["device", "list", "--jsom"], 2, /Did you mean --json\?/],
  [["device", "show"], 2, /missing required argument/],
  [["device", "show", "nobody", "--data-dir", "DIR"], 1, /There is no gateway in .*--data-dir/],
  [["device", "list", "--data-dir", "DIR"], 1, /There is no gateway/],
  [["dashboard", "--data-dir", "DIR"], 1, /There is no gateway/],
  [["device", "list", "--url", "http://127.0.0.1:1", "--token", "x"], 3, /Cannot reach the gateway/],
  [["device", "list", "--url", "http://127.0.0.1:1"], 2, /token/],
  [["device", "list", "--url", "nonsense", "--token", "x"], 2, /is not an address/],
  [["read", "tcp://127.0.0.1:1?timeout=100ms"], 3, /Cannot read/],
  [["read", "carrier-pigeon://roof"], 2, /no way to an inverter/],
  [["check", "--config", "DIR/none.yaml"], 2, /there is no such file/],
  [["run", "--config", "DIR/none.yaml"], 2, /there is no such file/],
  [["doctor", "--config", "DIR/none.yaml", "--data-dir", "DIR"], 1, /checks failed/],
  [["scan", "tcp", "10.0.0.0/8"], 2, /too many/],
  [["scan", "tcp", "127.0.0.1", "--port", "1"], 3, /No inverter answers/],
  [["scan", "tcp", "127.0.0.1", "--port", "65536"], 2, /whole number from 1 to 65535/],
  [["scan", "tcp", "x".repeat(64)], 3, /nobody knows this name/],
  [["scan", "serial", "/dev/ttyNONE"], 3, /no such device/],
  [["scan", "serial", "/dev/ttyNONE", "--baud", "12345678"], 2, /whole number from 1200 to 921600/],
  [["scan", "serial", "/dev/ttyNONE", "--timeout", "0"], 2, /whole number from 1 to 60000/],
  [["backup", "DIR/b.tar.gz", "--data-dir", "DIR/none"], 1, /nothing to back up/],
  [["restore", "DIR/none.tar.gz", "--data-dir", "DIR/none"], 1, /Cannot read .*none\.tar\.gz: there is no such file/],
  [["init", "--yes", "--config", "DIR/x.yaml", "--data-dir", "DIR"], 2, /needs --inverter/],
  [
    [
      "init",
      "--yes",
      "--role",
      "node",
      "--config",
      "DIR/x.yaml",
      "--inverter",
      "tcp://127.0.0.1:1",
      "--data-dir",
      "DIR",
    ],
    3,
    /--keep/,
  ],
  [["init", "--role", "attic"], 2, /Allowed choices are both, node, gateway/],
  [["completion", "cmd"], 2, /Allowed choices are bash, zsh, fish/],
  [["token", "create", "x", "--role", "god", "--data-dir", "DIR"], 2, /Allowed choices are viewer/],
] as const;

for (const [args, code, words] of ENDS) {
  Deno.test(`exit code ${code}: ecowatt ${args.join(" ")}`, async () => {
    const folder = await Deno.makeTempDir();
    const ran = await run(...args.map((arg) => arg.replace("DIR", folder)));
    assert.match(ran.out + ran.err, words);
    assert.equal(ran.code, code, ran.err);
    if (code !== 0) assert.ok(!ran.err.includes("    at "), "no stack");
    if (code !== 0) assert.deepEqual([...Deno.readDirSync(folder)], [], "nothing is left behind");
    await Deno.remove(folder, { recursive: true });
  });
}

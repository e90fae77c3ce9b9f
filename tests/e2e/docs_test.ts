import assert from "node:assert/strict";
import { join } from "node:path";
import { command, run, start, until } from "./process.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { ask, gatewayUrl, output } from "./site.ts";

interface Latest {
  readonly values: readonly unknown[];
}

/** The commands of a document's `sh` blocks, joined over line ends. */
async function commandsOf(document: string): Promise<readonly string[]> {
  const text = await Deno.readTextFile(new URL(`../../${document}`, import.meta.url));
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap(([, block]) => (block ?? "").replace(/\\\n\s*/g, "").trim().split("\n"));
}

Deno.test("every command of docs/run.md works in the order in which it stands there", async (t) => {
  await using folder = await temporaryDirectory();
  const commands = await commandsOf("docs/run.md");
  const own = (text: string) => text.replaceAll("/var/lib/ecowatt", folder.path);
  const seen = new Set<string>();
  const find = (pattern: RegExp) => {
    const found = commands.find((text) => pattern.test(text));
    assert.ok(found, `docs/run.md has a command like ${pattern}`);
    seen.add(found);
    return own(found);
  };
  const shell = async (text: string, env: Record<string, string> = {}) => {
    const program = command().map((word) => `'${word}'`).join(" ");
    const finished = await run(["-c", `ecowatt() { ${program} "$@"; }\n${text}`], {
      cwd: folder.path,
      program: ["sh"],
      env,
    });
    assert.equal(finished.code, 0, `${text}: ${finished.err}`);
    return finished.out.trim();
  };
  const words = (text: string) => [...text.matchAll(/"([^"]*)"|(\S+)/g)].slice(1).map(([, a, b]) => a ?? b ?? "");

  await using simulator = start([...words(find(/^ecowatt simulate/)), "--port", "0", "--http-port", "0"]);
  const [, modbus] = await simulator.says(/tcp:\/\/127\.0\.0\.1:(\d+)/);
  const gatewayWords = words(find(/^ecowatt gateway/)).map((word) => (word === "8080" ? "0" : word));
  await using gateway = start(gatewayWords);
  const url = await gatewayUrl(gateway);
  const here = (text: string) =>
    text.replace("http://127.0.0.1:8080", url).replace("127.0.0.1:5020", `127.0.0.1:${modbus}`);

  for (const pattern of [/^ecowatt device add roof/, /^chmod/, /^ecowatt device list/, /^ecowatt device add shed/]) {
    await t.step(pattern.source, async () => void await shell(here(find(pattern))));
  }
  const config = join(folder.path, "roof.yaml");
  const text = await Deno.readTextFile(config);
  await Deno.writeTextFile(config, text.replace("port: 5020", `port: ${modbus}`));
  const token = await shell(find(/^ecowatt token create/));
  await t.step("ecowatt check", async () => void await shell(find(/^ecowatt check/)));
  await using node = start(words(find(/^ecowatt node/)).map((word) => (word === "roof.yaml" ? config : word)));
  await node.says(/Node roof polls/);
  await until("a sample", async () => {
    const { values } = await ask<Latest>(url, token, "/api/v1/devices/roof/latest");
    return values.length > 0 ? values : undefined;
  });
  for (const text of commands.filter((text) => text.startsWith("ecowatt read"))) {
    seen.add(text);
    await t.step(text, async () => assert.match(await shell(here(text)), /V/));
  }
  await t.step("ecowatt write", async () => assert.equal(await shell(here(find(/^ecowatt write/))), "Pow = 60 %"));
  await Deno.writeTextFile(join(folder.path, "ecowatt-next"), "an image, as far as the gateway is concerned");
  for (
    const text of commands.filter((text) => /^ecowatt (settings|command|device label|keys|firmware|rollout)/.test(text))
  ) {
    seen.add(text);
    await t.step(text, async () => void await shell(own(text)));
  }
  for (const text of commands.filter((text) => text.startsWith("curl"))) {
    seen.add(text);
    await t.step(text, async () => {
      const [, path] = text.match(/\$ECOWATT_URL([^"]*)"/) ?? [];
      const response = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
      assert.equal(response.status, 200);
      assert.match(await response.text(), /Vac1/);
    });
  }
  await node.kill("SIGTERM");
  await gateway.kill("SIGTERM");
  await t.step("ecowatt run", async () => {
    const both = `gateway: { port: 0 }\n${await Deno.readTextFile(config)}`;
    await Deno.writeTextFile(join(folder.path, "ecowatt.yaml"), both, { mode: 0o600 });
    await using running = start([...words(find(/^ecowatt run/)), "--data-dir", folder.path], { cwd: folder.path });
    await running.says(/Node roof polls/);
  });
  assert.deepEqual(commands.filter((text) => !seen.has(text)), [], "a command that no test runs");
});

Deno.test("every YAML block of docs/run.md is a right configuration", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/run.md", import.meta.url));
  const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block]) => block ?? "");
  assert.ok(blocks.length > 0);
  await using folder = await temporaryDirectory();
  const file = join(folder.path, "ecowatt.yaml");
  for (const block of blocks) {
    await Deno.writeTextFile(file, block);
    assert.match(await output(["check", "--config", file]), /is right: gateway/);
  }
  const schema = JSON.parse(await output(["check", "--schema"]));
  assert.deepEqual(Object.keys(schema.properties).sort(), ["data_dir", "gateway", "node", "update"]);
});

Deno.test("the help names every command, and each has a help of its own", async () => {
  const help = await output(["--help"]);
  const names = [...help.matchAll(/^ {2}([a-z]+)[ |\n]/gm)].map(([, name]) => name ?? "").filter((name) =>
    name !== "help"
  );
  assert.ok(names.length >= 11, names.join(" "));
  for (const name of names) assert.match(await output([name, "--help"]), new RegExp(`^Usage: ecowatt ${name}`));
});

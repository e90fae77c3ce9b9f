import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { countingInverter } from "./counting_inverter.ts";
import { command, run, start, until } from "./process.ts";
import { ask } from "./site.ts";
import { type Box, openBox, updateSite } from "./update_site.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The lines of a page's shell examples. */
async function commandsOf(page: string): Promise<readonly string[]> {
  const text = await Deno.readTextFile(new URL(`../../docs/${page}`, import.meta.url));
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = ""]) => block.split("\n"))
    .map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}

Deno.test("every command of docs/updates.md does what it says", async (t) => {
  await using site = await updateSite();
  await using inverter = countingInverter();
  await using box = await openBox(site, "roof", { inverter: inverter.port });
  await until("the node", () => Promise.resolve(/polls and uploads/.test(box.said()) || undefined));
  const lines = await commandsOf("updates.md");
  assert.ok(lines.length >= 4);
  for (const line of lines) {
    await t.step(
      line,
      async () => /^\S*boot-guard /.test(line) ? await guarded(line, site.url, site.token, box) : await told(line, box),
    );
  }
});

const EXPECTED: Readonly<Record<string, RegExp>> = {
  status: /^Floor +sequence 0$/m,
  check: /next check at|up to date/,
  now: /up to date/,
};

async function told(line: string, box: Box): Promise<void> {
  const [program, group, name = "", ...more] = line.split(" ");
  assert.deepEqual([program, group, more], ["ecowatt", "update", []]);
  const finished = await run([group ?? "", name, "--data-dir", box.dataDir]);
  assert.equal(finished.code, 0, finished.err);
  assert.match(finished.out, EXPECTED[name] ?? assert.fail(`nothing is expected of ${name}`));
}

/** The service's own line, on another folder: it starts the installed executable while there is no slot. */
async function guarded(line: string, url: string, token: string, box: Box): Promise<void> {
  const folder = join(box.dataDir, "installed");
  await Deno.mkdir(folder);
  const installed = join(folder, "ecowatt");
  const words = command().map((word) => `'${word}'`).join(" ");
  await Deno.writeTextFile(installed, `#!/bin/sh\nexec ${words} "$@" --data-dir ${folder}\n`, { mode: 0o755 });
  const places: Readonly<Record<string, string>> = {
    "/usr/local/lib/ecowatt/boot-guard": join(root, "packaging/boot-guard"),
    "/var/lib/ecowatt/slots": join(folder, "slots"),
    "/usr/local/bin/ecowatt": installed,
    "/etc/ecowatt/ecowatt.yaml": join(box.dataDir, "ecowatt.yaml"),
  };
  const [guard = "", ...args] = line.split(" ").map((word) => places[word] ?? word);
  await using process = start(args, { program: [guard] });
  await process.says(/Node roof polls and uploads/);
  assert.ok(await ask<unknown>(url, token, "/api/v1/devices/roof"));
}

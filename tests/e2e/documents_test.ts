import { blocks, pages } from "../docs/text.ts";
import assert from "node:assert/strict";
import { join } from "node:path";
import { command, run, start } from "./process.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { output, startGateway } from "./site.ts";

/** Pages whose commands have a test of their own: the story of a whole site; what a newcomer types. */
const OWN_TEST = new Set(["docs/run.md", "README.md"]);

/** What cannot be run here as it stands, and where it is run. */
const ELSEWHERE: readonly (readonly [command: RegExp, where: string])[] = [
  [/^deno task deb/, "compiles: tests/packaging/deb_slow_test.ts"],
  [/^sudo apt install/, "root: tests/packaging/deb_slow_test.ts unpacks the package"],
  [/^sudo \.\/ecowatt install$/, "root: tests/cli/service/install/install_slow_test.ts, tests/e2e/systemd_test.ts"],
  [/^ecowatt install --root/, "an image and an executable: tests/cli/service/install/install_slow_test.ts"],
  [/^sudo ecowatt uninstall/, "root: tests/cli/service/install/install_slow_test.ts, tests/e2e/systemd_test.ts"],
  [/^sudo systemctl (stop|start) ecowatt$/, "systemd: tests/e2e/systemd_test.ts"],
  [/^systemctl status ecowatt$/, "systemd: tests/e2e/systemd_test.ts"],
  [/^journalctl -u ecowatt/, "systemd's journal: tests/cli/service/run/logging_test.ts checks the severities"],
  [/^sudo install -o ecowatt/, "the service's user: coreutils"],
  [/^sudo ecowatt init$/, "a terminal: tests/e2e/stranger_test.ts gives the answers as flags"],
  [/^sudo ecowatt doctor$/, "root: tests/e2e/stranger_test.ts"],
  [/boot-guard \/var\/lib\/ecowatt\/slots/, "an installed service: tests/packaging/boot_guard_slow_test.ts"],
];

const commands = (await pages()).filter(({ path }) => !OWN_TEST.has(path)).flatMap((page) =>
  blocks(page, "sh").flatMap((block) => block.replace(/\\\n\s*/g, "").trim().split("\n"))
    .map((text) => ({ path: page.path, text }))
);
const elsewhere = commands.filter(({ text }) => ELSEWHERE.some(([pattern]) => pattern.test(text)));
const here = commands.filter((one) => !elsewhere.includes(one));

Deno.test(`every command of the documents is run: ${here.length} of them, in order, at a gateway with a node`, async (t) => {
  await using folder = await temporaryDirectory();
  const { path: dir } = folder;
  const { url, process: gateway } = await startGateway(dir);
  await using _gateway = gateway;
  await using simulator = start([
    "simulate",
    "--port",
    "0",
    "--no-http",
    "--serial",
    "pty",
    "--start",
    "2026-03-10T06:40:00Z",
  ]);
  const [tty] = await simulator.says(/\/dev\/pts\/\d+/);
  const [, port = ""] = await simulator.says(/tcp:\/\/127\.0\.0\.1:(\d+)/);
  const added = await output(["device", "add", "roof", "--data-dir", dir, "--gateway", url]);
  await Deno.writeTextFile(join(dir, "roof.yaml"), added.replace("port: 5020", `port: ${port}`), { mode: 0o600 });
  const program = command().map((word) => `'${word}'`).join(" ");
  for (const { path, text } of here) {
    await t.step(`${path}: ${text}`, async () => {
      const own = text.replace(/^sudo (-u ecowatt )?/, "").replaceAll("/var/lib/ecowatt", dir).replace(
        "/dev/ttyUSB0",
        tty,
      ).replace("--port 5020", `--port ${port}`)
        .replace(/^ecowatt dashboard$/, `ecowatt dashboard --data-dir ${dir}`);
      const finished = await run(["-c", `ecowatt() { ${program} "$@"; }\n${own}`], { cwd: dir, program: ["sh"] });
      assert.equal(finished.code, 0, finished.err || finished.out);
    });
  }
});

Deno.test(`${elsewhere.length} commands of the documents need root, systemd or hardware and are run elsewhere`, async () => {
  for (const [pattern, where] of ELSEWHERE) {
    assert.ok(elsewhere.some(({ text }) => pattern.test(text)), `no document has ${pattern} any more`);
    for (const [file] of where.matchAll(/tests\/\S+\.ts/g)) await Deno.stat(new URL(`../../${file}`, import.meta.url));
  }
});

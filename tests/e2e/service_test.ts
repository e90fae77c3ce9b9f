import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SigningGateway } from "../fakes/signing_gateway.ts";
import { countingInverter, countOf } from "./counting_inverter.ts";
import { command, until } from "./process.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { Supervisor } from "./supervisor.ts";

const GUARD = fileURLToPath(new URL("../../packaging/boot-guard", import.meta.url));
const testKeyDigits = "07".repeat(32);

/** A node as the service runs it: under the boot guard, its runtime directory elsewhere. */
function nodeService(folder: string, gateway: string, inverter: number): Supervisor {
  Deno.writeTextFileSync(
    join(folder, "ecowatt.yaml"),
    `node:
  device_id: test-node
  gateway: ${gateway}
  key: "${testKeyDigits}"
  poll_interval: 0.1s
  upload_interval: 1h
  buses: [{ tcp: { host: 127.0.0.1, port: ${inverter} }, inverters: [{ name: roof }] }]
`,
    { mode: 0o600 },
  );
  const script = `#!/bin/sh\nexec ${command().map((word) => `'${word}'`).join(" ")} "$@"\n`;
  Deno.writeTextFileSync(join(folder, "installed"), script, { mode: 0o755 });
  return new Supervisor({
    program: [GUARD, join(folder, "slots"), join(folder, "installed")],
    args: ["run", "--config", join(folder, "ecowatt.yaml"), "--data-dir", join(folder, "data")],
    env: { RUNTIME_DIRECTORY: join(folder, "run") },
    watchdogMs: 5_000,
    socket: join(folder, "notify"),
  });
}

const STARTED = /^STATUS=1 inverter ok, 0 waiting, gateway reached \d+ s ago$/m;

Deno.test("a service says that it is ready, feeds the watchdog, says how it is doing, and that it stops", async () => {
  await using folder = await temporaryDirectory();
  await using gateway = new SigningGateway();
  await using roof = countingInverter();
  const service = nodeService(folder.path, gateway.url, roof.port);
  await service.socket.until("its state", (socket) => socket.heard().some((news) => STARTED.test(news)));
  assert.equal(service.socket.count("READY=1"), 1);
  await service.socket.until("signs of life", (socket) => socket.count("WATCHDOG=1") >= 3);
  assert.deepEqual(service.ends, []);
  service.send("SIGTERM");
  await service.socket.until("a second start", (socket) => socket.count("READY=1") === 2);
  const heard = service.socket.heard().join("\n");
  assert.ok(heard.indexOf("STOPPING=1") < heard.lastIndexOf("READY=1"));
  assert.deepEqual(service.ends, ["exit 0"]);
  await service[Symbol.asyncDispose]();
});

Deno.test("a service that stands still is not fed, killed by the watchdog, and runs again with what it had", async () => {
  await using folder = await temporaryDirectory();
  await using gateway = new SigningGateway();
  await using roof = countingInverter();
  await using service = nodeService(folder.path, gateway.url, roof.port);
  await service.socket.until("its state", (socket) => socket.heard().some((news) => STARTED.test(news)));
  const before = roof.answered();
  await until("more polls", () => Promise.resolve(roof.answered() > before + 10 ? true : undefined));
  assert.ok(Deno.statSync(join(folder.path, "run/node/node.tail")).size > 0, "the tail is in the runtime directory");
  service.send("SIGSTOP");
  const stopped = roof.answered();
  await service.socket.until("a second start", (socket) => socket.count("READY=1") === 2);
  assert.match(service.ends.join(), /^exit \d+, watchdog$/);
  const counts = () =>
    [...gateway.blocks.values()].flatMap(({ samples }) =>
      samples.map(({ values }) => countOf(values[3] ?? -1, values[9] ?? -1))
    );
  await until("the samples of before", () => Promise.resolve(counts().includes(stopped - 2) ? true : undefined));
  const stored = counts().filter((count) => count < stopped - 1).sort((a, b) => a - b);
  assert.deepEqual(stored, Array.from({ length: stopped - 1 }, (_, index) => index));
});

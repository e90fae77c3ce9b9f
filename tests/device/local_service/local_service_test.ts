import assert from "node:assert/strict";
import { join } from "node:path";
import { getLogger } from "@logtape/logtape";
import { askNode } from "../../../device/local_service/ask.ts";
import { DatabaseCopy, localServicePath, StatusAnswer } from "../../../device/local_service/wire.ts";
import { NodeConfig } from "../../../device/config/node_config.ts";
import { startNode } from "../../../device/node.ts";
import { openNodeDatabase } from "../../../device/store/database.ts";
import { systemRandom } from "../../../platform/random.ts";
import { countingInverter } from "../../e2e/counting_inverter.ts";
import { temporaryDirectory } from "../../fakes/temporary_directory.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { localFetch as fetch } from "../../fakes/http.ts";
import "../../fakes/sockets.ts";
import { SigningGateway } from "../../fakes/signing_gateway.ts";

const log = getLogger(["test"]);
const testKeyDigits = "07".repeat(32);

async function running(dataDir: string) {
  const clock = new FakeClock();
  const stack = new AsyncDisposableStack();
  const gateway = stack.use(new SigningGateway(0, clock.now));
  const roof = stack.use(await countingInverter());
  const config = NodeConfig.parse({
    device_id: "test-node",
    gateway: gateway.url,
    key: testKeyDigits,
    poll_interval: "100ms",
    upload_interval: "1h",
    buses: [{ tcp: { host: "127.0.0.1", port: roof.port }, inverters: [{ name: "roof" }] }],
  });
  const node = stack.use(await startNode(config, { dataDir, clock, random: systemRandom, fetch, log }));
  return { node, clock, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

Deno.test("a running node says how it is doing, and copies its database with the samples of the last seconds", async () => {
  await using dir = await temporaryDirectory();
  await using site = await running(dir.path);
  await site.clock.reach(async () => {
    const status = await askNode(dir.path, { ask: "status" }, StatusAnswer);
    return (status?.inverters[0]?.samples ?? 0) > 3;
  }, "samples");
  assert.equal((await Deno.stat(localServicePath(dir.path))).mode! & 0o777, 0o600);
  const copy = await askNode(dir.path, { ask: "backup" }, DatabaseCopy);
  assert.ok(copy);
  using db = openNodeDatabase(join(dir.path, copy.file));
  assert.equal(db.prepare("PRAGMA integrity_check").get()?.["integrity_check"], "ok");
  const { n } = db.prepare("SELECT sum(count) AS n FROM block").get() ?? {};
  assert.ok(
    Number(n) >= 3, // the first was uploaded at once
    `${n} samples`,
  );
  assert.equal(site.node.status().outbox.openSamples < 3, true);
});

Deno.test("where no node runs there is nobody to ask, also when a killed one left its socket", async () => {
  await using dir = await temporaryDirectory();
  assert.equal(await askNode(dir.path, { ask: "status" }, StatusAnswer), undefined);
  const path = join(dir.path, "its");
  const killed = Deno.listen({ transport: "unix", path });
  await Deno.link(path, localServicePath(dir.path)); // a stop takes the file away, a kill does not
  killed.close();
  assert.ok((await Deno.stat(localServicePath(dir.path))).isSocket);
  assert.equal(await askNode(dir.path, { ask: "status" }, StatusAnswer), undefined);
  const left = join(dir.path, "backup-0123456789abcdef.sqlite");
  await Deno.writeTextFile(left, "nobody came for it");
  await using _site = await running(dir.path);
  assert.ok(await askNode(dir.path, { ask: "status" }, StatusAnswer));
  await assert.rejects(Deno.stat(left), Deno.errors.NotFound);
});

Deno.test("whatever is sent to the socket, the node answers or hangs up, and goes on", async () => {
  await using dir = await temporaryDirectory();
  await using _site = await running(dir.path);
  for (const text of ["", "\n", "{}\n", '{"ask":"shutdown"}\n', "x".repeat(2_000_000), "\u0000\n", "[]\n"]) {
    const connection = await Deno.connect({ transport: "unix", path: localServicePath(dir.path) });
    try {
      for (const bytes = new TextEncoder().encode(text), at = { done: 0 }; at.done < bytes.length;) {
        at.done += await connection.write(bytes.subarray(at.done));
      }
      await connection.closeWrite();
      const buffer = new Uint8Array(10_000);
      const count = await connection.read(buffer) ?? 0;
      assert.match(new TextDecoder().decode(buffer.subarray(0, count)), /^\{"ok":false/);
    } catch (error) {
      assert.ok(error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset, String(error));
    }
    connection.close();
  }
  assert.ok(await askNode(dir.path, { ask: "status" }, StatusAnswer));
});

Deno.test("a node that stops does not wait for those who ask", async () => {
  await using dir = await temporaryDirectory();
  const site = await running(dir.path);
  const connection = await Deno.connect({ transport: "unix", path: localServicePath(dir.path) });
  await site[Symbol.asyncDispose](); // no time passes
  connection.close();
});

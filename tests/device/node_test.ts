import assert from "node:assert/strict";
import { countingInverter, countOf } from "../e2e/counting_inverter.ts";
import { FakeClock } from "../fakes/clock.ts";
import { SigningGateway } from "../fakes/signing_gateway.ts";
import "../fakes/sockets.ts";
import { configOf, start } from "./running_node.ts";

/** The numbers that an inverter's samples at the gateway carry, in their order. */
function counts(gateway: SigningGateway, inverter: string): readonly number[] {
  return [...gateway.blocks.values()].filter((block) => block.inverter === inverter)
    .flatMap(({ samples }) => samples.map(({ values }) => countOf(values[3] ?? -1, values[9] ?? -1)));
}

Deno.test("what two inverters on two buses say arrives at the gateway, every poll once", async () => {
  const clock = new FakeClock();
  const dataDir = Deno.makeTempDirSync();
  await using gateway = new SigningGateway(0, clock.now);
  await using roof = countingInverter();
  await using barn = countingInverter();
  const config = configOf({ roof: roof.port, barn: barn.port }, gateway.url);
  {
    await using node = await start(config, dataDir, clock);
    await clock.reach(() => counts(gateway, "roof").length >= 15 && counts(gateway, "barn").length >= 15, "samples");
    const { device, inverters, uplink } = node.status();
    assert.equal(device, "test-node");
    assert.deepEqual(inverters.map(({ inverter, failures }) => [inverter, failures]), [["roof", 0], ["barn", 0]]);
    assert.ok(uplink.sentBlocks >= 2 && uplink.lastError === undefined);
  }
  for (const name of ["roof", "barn"]) {
    assert.deepEqual(counts(gateway, name), counts(gateway, name).map((_, i) => i), name);
  }
  Deno.removeSync(dataDir, { recursive: true });
});

Deno.test("the first sample is at the gateway at once, however long the upload interval", async () => {
  const clock = new FakeClock();
  const dataDir = Deno.makeTempDirSync();
  await using gateway = new SigningGateway(0, clock.now);
  await using roof = countingInverter();
  const config = { ...configOf({ roof: roof.port }, gateway.url), upload_interval: 3_600_000 };
  const node = await start(config, dataDir, clock);
  await clock.reach(() => counts(gateway, "roof").length > 0, "first sample");
  assert.equal(node.status().inverters[0]?.profile, "ecowatt");
  await node[Symbol.asyncDispose]();
  Deno.removeSync(dataDir, { recursive: true });
});

Deno.test("polling goes on while the gateway is silent, a stop takes no time and loses nothing", async () => {
  const clock = new FakeClock();
  const dataDir = Deno.makeTempDirSync();
  await using gateway = new SigningGateway(0, clock.now);
  await using roof = countingInverter();
  const held: (() => void)[] = [];
  gateway.answer = () => new Promise((resolve) => held.push(() => resolve(undefined)));
  const config = configOf({ roof: roof.port }, gateway.url);
  const node = await start(config, dataDir, clock);
  await clock.reach(() => held.length > 0, "an upload that gets no answer");
  const before = roof.answered();
  await clock.reach(() => roof.answered() >= before + 10, "polls meanwhile");
  await node[Symbol.asyncDispose](); // no time passes
  const answered = roof.answered();
  gateway.answer = () => undefined;
  for (const release of held) release();
  await using _again = await start(config, dataDir, clock);
  await clock.reach(() => counts(gateway, "roof").length > answered, "all samples");
  assert.deepEqual(counts(gateway, "roof").slice(0, answered), Array.from({ length: answered }, (_, i) => i));
  await _again[Symbol.asyncDispose]();
  Deno.removeSync(dataDir, { recursive: true });
});

Deno.test("an inverter that is away is counted and named, the other is polled on", async () => {
  const clock = new FakeClock();
  const dataDir = Deno.makeTempDirSync();
  await using gateway = new SigningGateway(0, clock.now);
  await using roof = countingInverter();
  const gone = countingInverter();
  await gone[Symbol.asyncDispose]();
  const node = await start(configOf({ roof: roof.port, barn: gone.port }, gateway.url), dataDir, clock);
  const barn = () => node.status().inverters[1];
  await clock.reach(() => roof.answered() > 10 && (barn()?.failures ?? 0) > 2, "polls and failures");
  assert.ok(barn()?.lastFault?.includes(String(gone.port)), barn()?.lastFault);
  await node[Symbol.asyncDispose]();
  Deno.removeSync(dataDir, { recursive: true });
});

Deno.test("a node whose poll hangs is not alive, one whose inverter is silent is", async () => {
  const clock = new FakeClock();
  const dataDir = Deno.makeTempDirSync();
  await using gateway = new SigningGateway(0, clock.now);
  using deaf = Deno.listen({ hostname: "127.0.0.1", port: 0 }); // takes connections, and never says a word
  const config = configOf({ roof: deaf.addr.port }, gateway.url);
  let hangs = false;
  const held: (() => void)[] = [];
  const sleep = (ms: number, signal?: AbortSignal) =>
    hangs ? new Promise<void>((resolve) => void held.push(resolve)) : clock.sleep(ms, signal);
  const node = await start(config, dataDir, { ...clock, sleep });
  await clock.reach(() => (node.status().inverters[0]?.failures ?? 0) > 1, "failures");
  assert.equal(node.alive().alive, true);
  hangs = true;
  await clock.reach(() => held.length > 0, "a wait that does not end");
  await clock.advance(600_000);
  assert.match(JSON.stringify(node.alive()), /roof (hangs|has not come) for/);
  hangs = false;
  for (const release of held) release();
  await node[Symbol.asyncDispose]();
  assert.match(JSON.stringify(node.alive()), /the store does not answer/);
  Deno.removeSync(dataDir, { recursive: true });
});

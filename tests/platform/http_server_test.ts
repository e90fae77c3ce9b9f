import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { startHttpServer } from "../../platform/http_server.ts";
import { FakeClock } from "../fakes/clock.ts";
import { ended, until } from "../fakes/until.ts";

Deno.test("a server that stops waits for what it answers, also when who asked has gone", async () => {
  const asked = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const happened: string[] = [];
  const server = startHttpServer({
    hostname: "127.0.0.1",
    port: 0,
    purpose: "listen",
    answer: async () => {
      asked.resolve();
      await held.promise;
      happened.push("answered");
      return new Response();
    },
    refuse: () => new Response(null, { status: 400 }),
    clock: new FakeClock(),
    log: getLogger(["test"]),
  });
  const { port } = server;
  const leave = new AbortController();
  const response = fetch(`http://127.0.0.1:${port}`, { signal: leave.signal });
  await asked.promise;
  leave.abort();
  await assert.rejects(response, { name: "AbortError" });
  const stopped = server.stop().then(() => void happened.push("stopped"));
  await until(async () => !await listens(port), "the end of the listener");
  held.resolve();
  await ended(stopped, "the stop");
  assert.deepEqual(happened, ["answered", "stopped"]);
});

async function listens(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { startHttpServer } from "../../platform/http_server.ts";
import { FakeClock } from "../fakes/clock.ts";

Deno.test("a server stops within a second, whatever it answers then", async () => {
  const asked = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const clock = new FakeClock();
  const server = startHttpServer({
    hostname: "127.0.0.1",
    port: 0,
    purpose: "listen",
    answer: async () => {
      asked.resolve();
      await held.promise;
      return new Response("late", { headers: { connection: "close" } });
    },
    refuse: () => new Response(null, { status: 400 }),
    clock,
    log: getLogger(["test"]),
  });
  const response = fetch(`http://127.0.0.1:${server.port}`);
  await asked.promise;
  await clock.ended(server.stop(), 1_000, "the stop");
  held.resolve();
  assert.equal(await (await response).text(), "late");
});
